"""户号: from the page of consent by the grant to the provider's machine, and back in the report."""

from __future__ import annotations

import logging

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from rongxin.consent import given_numbers, grants, requests
from rongxin.consent.errors import NotPossible
from rongxin.consent.models import GivenNumber
from rongxin.delivery import report
from rongxin.delivery.rendering import html, presentation
from rongxin.disclosure import gate
from rongxin.disclosure.models import Use
from rongxin.disclosure.release import Recipient, Release, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.journal import keyring
from rongxin.sharing import gateways
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage
from tests.unit.consent.signing import scene as signing
from tests.unit.disclosure.gateway_stage import BANK, Direct
from tests.unit.entrypoints.portals import doors
from tests.unit.entrypoints.portals.test_enterprise import shown
from tests.unit.gateway.stage import CATALOGUE, Office

pytestmark = pytest.mark.django_db(transaction=True)
ITEM, METER, OTHER, STRANGERS = "electricity_fee", "9901000777", "9901000888", "9901000999"
BY_BOTH = (
    "SELECT n AS name, c AS uscc, a AS account_number, v AS electricity_charge_cny_avg_3m FROM e"
    " WHERE c = :uscc AND (:account_number = '' OR a = :account_number)"
)
BY_CODE = BY_BOTH.partition(" AND ")[0]
BY_METER = BY_BOTH.partition(" WHERE ")[0] + " WHERE a = :account_number"


@pytest.fixture
def firm():
    stage.bank()
    return stage.firm()


@pytest.fixture
def utility(firm, tmp_path, request):
    """The electricity company's own gateway: two contracts of the firm, one of a stranger."""
    office = Office(tmp_path, "electricity_utility", {}, timezone.now(), keyring.node_key())
    rows = [(firm.uscc, METER, 300), (firm.uscc, OTHER, 500), (stage.code(), STRANGERS, 900)]
    office.holds("e(n, c, a, v)", *[("云州蓝鲸物流有限公司", *row) for row in rows])
    office.writes(ITEM, {"sql": getattr(request, "param", BY_BOTH)})
    gateways.connect("electricity_utility", Direct(office))
    yield office
    gateways.disconnect("electricity_utility")
    office.close()


def asked(firm):
    return signing.asked(firm, ITEM, as_of=timezone.now())


def answered(firm, request, office):
    office.clock = timezone.now()
    question = Request(
        recipient=Recipient(RecipientKind.INSTITUTION, "bank_a", "云州银行", "clerk-7"),
        uscc=firm.uscc,
        items=(ITEM,),
        purpose=Purpose.PRE_LOAN_REVIEW,
        reference="DK-1",
        case_id=request.case_id,
    )
    answer = gate.release(question, actor=BANK, as_of=office.clock)
    assert isinstance(answer, Release)
    return answer


def numbers_in(answer):
    (item,) = answer.items
    return sorted(str(row.fields["account_number"].value) for row in item.rows)


def consented(firm, number):
    request = asked(firm)
    grant = signing.sign(request, firm.owner, as_of=timezone.now(), numbers={ITEM: number})
    return request, grant


def test_what_the_owner_types_narrows_what_the_provider_answers(firm, utility, caplog):
    caplog.set_level(logging.INFO)
    client, request = Client(), asked(firm)
    doors.as_person(client, firm.owner)
    client.get("/enterprise")
    assert "电网户号" in client.get(f"/enterprise/requests/{request.id}/sign").content.decode()
    at = f"/enterprise/requests/{request.id}/sign"
    done = client.post(at, {**shown(), f"meter-{ITEM}": " 9901 000777 "})
    page = client.get(done.headers["Location"]).content.decode()
    assert "******0777" in page
    assert METER not in page
    answer = answered(firm, request, utility)
    assert numbers_in(answer) == [METER]
    assert METER.encode() in report.to_json(report.build(answer, CATALOGUE, node="n"))
    assert METER not in caplog.text


def test_without_a_number_the_firms_code_finds_all(firm, utility):
    request, _ = consented(firm, "")
    assert numbers_in(answered(firm, request, utility)) == [METER, OTHER]


@pytest.mark.parametrize("utility", [BY_CODE], indirect=True)
def test_a_provider_that_forgets_the_number_still_answers_about_that_contract_alone(firm, utility):
    request, _ = consented(firm, METER)
    assert numbers_in(answered(firm, request, utility)) == [METER]


@pytest.mark.parametrize("utility", [BY_METER], indirect=True)
def test_a_provider_that_knows_contracts_alone_is_asked_by_the_number(firm, utility):
    request, _ = consented(firm, METER)
    assert numbers_in(answered(firm, request, utility)) == [METER]


@pytest.mark.parametrize("utility", [BY_METER], indirect=True)
def test_anothers_number_opens_nothing_there(firm, utility):
    request, _ = consented(firm, STRANGERS)
    (item,) = answered(firm, request, utility).items
    assert (item.rows, item.availability) == ((), Availability.PROVIDER_UNAVAILABLE)


@pytest.mark.parametrize("utility", [BY_METER], indirect=True)
def test_where_no_number_was_given_the_reader_is_told_so_and_no_use_is_counted(firm, utility):
    request, grant = consented(firm, "")
    answer = answered(firm, request, utility)
    (item,) = answer.items
    assert (item.availability, item.reason) == (Availability.WITHHELD, Reason.METER_NUMBER_MISSING)
    document = report.build(answer, CATALOGUE, node="n")
    (said,) = (one for section in document["sections"] for one in section["items"])
    assert said["reason"]["label"] == "未填写户号，提供单位只按户号查询"
    assert said["reason"]["code"] == "meter_number_missing"
    page = html.render(presentation.prepare(document, region_label="云州市", notice=None), [])
    assert "未填写户号" in page
    assert document["summary"]["provider_unavailable"] == 0
    assert not Use.objects.filter(consent=grant.id).exists()


def test_it_lies_sealed_stands_in_no_artefact_and_goes_with_the_consent(firm):
    _, grant = consented(firm, METER)
    assert METER not in repr(grant)
    with connection.cursor() as cursor:
        cursor.execute("SELECT encode(sealed, 'escape') FROM consent_givennumber")
        assert METER not in str(cursor.fetchall())
    assert given_numbers.of(grant.id) == {ITEM: METER}
    grants.pause(grant.id, actor=firm.owner.actor, as_of=timezone.now())
    assert given_numbers.of(grant.id) == {ITEM: METER}
    grants.withdraw(grant.id, actor=firm.owner.actor, as_of=timezone.now())
    assert not GivenNumber.objects.exists()


@pytest.mark.parametrize(
    ("numbers", "why"), [({ITEM: "户号不详"}, "户号"), ({"tax_payment": METER}, "不需要户号")]
)
def test_what_is_no_number_or_is_not_asked_for_is_refused(firm, numbers, why):
    with pytest.raises(NotPossible, match=why):
        signing.sign(asked(firm), firm.owner, as_of=timezone.now(), numbers=numbers)


def test_of_several_signers_the_first_gives_it_and_the_others_sign_it_masked(firm):
    now = timezone.now()
    agent = signing.agent(firm, as_of=now)
    signing.demand(firm, 2, as_of=now)
    request = asked(firm)
    matter = signing.sign(request, firm.owner, as_of=timezone.now(), numbers={ITEM: METER})
    assert matter.content["entered"][ITEM]["masked"] == "******0777"
    assert METER not in repr(matter)
    with pytest.raises(NotPossible, match="第一位签署人"):
        signing.sign(request, agent, as_of=timezone.now(), numbers={ITEM: OTHER})
    grant = signing.sign(request, agent, as_of=timezone.now())
    assert given_numbers.of(grant.id) == {ITEM: METER}
    assert requests.get(request.id).consent_id == grant.id
