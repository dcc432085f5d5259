"""A consent that several people of a firm sign: it holds with the last signature, and no way goes around."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import IntegrityError, transaction

from rongxin.consent import grants, notifications, requests
from rongxin.consent.errors import NotPossible, NotTheirs, SignerRefused
from rongxin.consent.models import GivenSignature
from rongxin.consent.rules import Status
from rongxin.consent.signing import matters
from rongxin.consent.signing.rules import State
from rongxin.journal import entries
from rongxin.parties import memberships
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.consent.signing import scene

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def firm() -> stage.Firm:
    stage.bank()
    return stage.firm()


@pytest.fixture
def agent(firm: stage.Firm) -> stage.Person:
    someone = scene.agent(firm)
    scene.demand(firm, 2)
    return someone


@pytest.fixture
def asked(firm: stage.Firm, agent: stage.Person) -> requests.Card:
    return scene.asked(firm)


def operator() -> stage.Person:
    return stage.staff(PartyKind.OPERATOR, None)


def test_one_signature_of_two_is_no_consent(firm, asked):
    matter = scene.sign(asked, firm.owner)
    assert isinstance(matter, matters.Card)
    assert (matter.state, grants.of_subject(firm.id)) == (State.AWAITING, [])
    assert requests.get(asked.id).status.value == "open"


def test_it_holds_with_the_last_signature_and_names_all(firm, agent, asked):
    scene.sign(asked, agent)
    grant = scene.sign(asked, firm.owner, as_of=stage.NOW + DAY)
    assert isinstance(grant, grants.Grant)
    assert grant.status is Status.ACTIVE
    assert {one.name for one in grant.terms.signers} == {agent.name, firm.owner.name}
    assert grant.terms.granted_at == stage.NOW + DAY
    assert requests.get(asked.id).consent_id == grant.id


def test_each_signature_is_a_row_with_moment_second_factor_and_what_was_signed(firm, agent, asked):
    matter = scene.sign(asked, agent)
    scene.sign(asked, firm.owner, as_of=stage.NOW + DAY)
    rows = GivenSignature.objects.filter(matter=matter.id).order_by("id")
    assert [row.signed_at for row in rows] == [stage.NOW, stage.NOW + DAY]
    assert {(row.issuer, row.assurance) for row in rows} == {("demo", 3)}
    assert {row.preview_sha256 for row in rows} == {matters.preview(matter.content)}


def test_the_others_sign_what_the_first_saw_to_the_letter(firm, agent, asked):
    scene.sign(asked, agent)
    for shown in ("", "0" * 64):
        with pytest.raises(NotPossible, match="已有人签署"):
            scene.sign(asked, firm.owner, shown=shown)
    assert grants.of_subject(firm.id) == []


def test_what_changed_between_reading_and_signing_is_not_signed(firm, asked):
    with pytest.raises(NotPossible, match="内容在您阅读之后有变化"):
        scene.sign(asked, firm.owner, shown="0" * 64)


def test_nobody_signs_twice(firm, asked):
    scene.sign(asked, firm.owner)
    with pytest.raises(NotPossible, match="您已签署"):
        scene.sign(asked, firm.owner)
    row = GivenSignature.objects.get(matter__isnull=False)
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_stranger_signs_nothing(asked):
    with pytest.raises(SignerRefused):
        scene.sign(asked, stage.person("王五"))


def test_a_signature_of_one_whose_mandate_ended_counts_no_more(firm, agent, asked):
    scene.sign(asked, agent)
    card = next(c for c in memberships.of_subject(firm.id, on=stage.TODAY) if c.account == agent.account)
    memberships.end(card.id, why="mandate_ended", actor=firm.owner.actor, as_of=stage.NOW)
    matter = scene.sign(asked, firm.owner)
    assert isinstance(matter, matters.Card)
    grant = scene.sign(asked, scene.agent(firm, "赵会计"))
    assert {one.name for one in grant.terms.signers} == {firm.owner.name, "赵会计"}


def test_a_stricter_rule_holds_for_what_waits_already(firm, agent, asked):
    other = scene.agent(firm, "赵会计")
    scene.sign(asked, agent)
    scene.demand(firm, 3, as_of=stage.NOW + timedelta(minutes=1))
    later = stage.NOW + DAY
    assert isinstance(scene.sign(asked, firm.owner, as_of=later), matters.Card)
    assert isinstance(scene.sign(asked, other, as_of=later), grants.Grant)


def test_the_persons_own_consent_is_the_persons(firm, agent, asked):
    scene.sign(asked, firm.owner, person_assertion=firm.owner.attest())
    grant = scene.sign(asked, agent)
    assert grant.terms.person_signature.name == firm.owner.name


def test_nobody_gives_anothers_own_consent(firm, agent, asked):
    with pytest.raises(SignerRefused, match="本人"):
        scene.sign(asked, agent, person_assertion=firm.owner.attest())


def test_paper_is_no_way_around(firm, agent):
    case = stage.case(firm, "bank_a")
    clerk = operator()
    with pytest.raises(SignerRefused, match="2人签署"):
        grants.propose_written(case, stage.draft(), stage.paper(firm), actor=clerk.actor, as_of=stage.NOW)


def test_a_paper_handed_in_before_the_rule_gives_nothing_after_it(firm):
    case = stage.case(firm, "bank_a")
    clerk, checker = operator(), operator()
    paper = stage.paper(firm)
    number = grants.propose_written(case, stage.draft(), paper, actor=clerk.actor, as_of=stage.NOW)
    scene.agent(firm)
    scene.demand(firm, 2)
    with pytest.raises(SignerRefused, match="2人签署"):
        grants.check_written(
            number,
            confirmed=True,
            scan_sha256=sha256(stage.SCAN).hexdigest(),
            actor=checker.actor,
            as_of=stage.NOW,
        )
    assert grants.of_subject(firm.id) == []


def test_one_person_alone_takes_back_pauses_and_refuses(firm, agent, asked):
    scene.sign(asked, firm.owner)
    taken = matters.take_back(scene.matter_of(asked), actor=agent.actor, as_of=stage.NOW)
    assert taken.state is State.TAKEN_BACK
    scene.sign(asked, firm.owner)
    grant = scene.sign(asked, agent)
    assert grants.pause(grant.id, actor=agent.actor, as_of=stage.NOW).status is Status.PAUSED
    assert grants.withdraw(grant.id, actor=agent.actor, as_of=stage.NOW).status is Status.WITHDRAWN
    other = scene.asked(firm, "tax_payment", "electricity_fee")
    waiting = scene.sign(other, firm.owner)
    grants.decline(other.id, actor=agent.actor, as_of=stage.NOW)
    assert matters.get(waiting.id).state is State.TAKEN_BACK


def test_a_stranger_takes_nothing_back(firm, agent, asked):
    matter = scene.sign(asked, firm.owner)
    with pytest.raises(NotTheirs):
        matters.take_back(matter.id, actor=stage.person("王五").actor, as_of=stage.NOW)


def test_unsigned_it_lapses_and_can_be_begun_anew(firm, agent, asked):
    matter = scene.sign(asked, firm.owner)
    late = stage.NOW + 8 * DAY
    assert matters.awaiting_of_subject(firm.id, on=stage.business_day(late)) == []
    anew = scene.sign(asked, agent, as_of=late, shown="")
    assert (anew.id != matter.id, matters.get(matter.id).state) == (True, State.LAPSED)


def test_the_sweep_writes_down_what_has_lapsed(firm, agent, asked):
    matter = scene.sign(asked, firm.owner)
    assert matters.lapse_due(as_of=stage.NOW + 7 * DAY) == 0
    assert matters.lapse_due(as_of=stage.NOW + 8 * DAY) == 1
    assert matters.get(matter.id).state is State.LAPSED


def test_it_waits_no_longer_than_the_request_does(firm, agent, asked):
    late = stage.NOW + 28 * DAY
    matter = scene.sign(asked, firm.owner, as_of=late)
    assert matter.lapses_on == asked.answer_by


def test_the_institution_reads_that_it_waits_and_no_name(firm, agent, asked):
    scene.sign(asked, firm.owner)
    (card,) = requests.of_case(asked.case_id)
    assert card.awaits_signatures(on=stage.TODAY)
    assert not card.awaits_signatures(on=stage.TODAY + 8 * DAY)
    assert firm.owner.name not in repr(card)


def test_each_step_is_journalled_and_told(firm, agent, asked):
    matter = scene.sign(asked, firm.owner)
    scene.sign(asked, agent)
    steps = [one for one in entries.find(subject=firm.id) if one.refs.get("matter") == str(matter.id)]
    assert [one.refs["change"] for one in steps] == ["signature_given", "signature_given"]
    assert all("institution" not in one.refs for one in steps)
    assert any("待其他人签署" in word.text for word in notifications.of_subject(firm.id))


def test_a_matter_that_is_not_signed_gives_no_consent(firm, agent, asked):
    matter = scene.sign(asked, firm.owner)
    with pytest.raises(SignerRefused, match="尚未签齐"):
        grants.grant_signed(matter.id, asked.case_id, actor=SYSTEM, as_of=stage.NOW)
