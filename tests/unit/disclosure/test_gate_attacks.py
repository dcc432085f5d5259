"""Ways to get more than one may have, each tried in earnest."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from rongxin.catalogue import loader
from rongxin.consent import grants
from rongxin.disclosure import gate, rules
from rongxin.disclosure.errors import MissingPerson, UnknownSubject
from rongxin.disclosure.release import Recipient, Refusal, Release, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.journal.models import Entry
from rongxin.parties import institutions
from rongxin.sharing import call_register, gateways
from rongxin.sharing.aggregation import sources
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.verdict import Verdict
from tests.unit.consent import stage
from tests.unit.sharing import fakes

pytestmark = pytest.mark.django_db(transaction=True)
LATER = stage.NOW + timedelta(hours=1)
BANK = Actor(ActorKind.ACCOUNT, "1", "institution:bank_a")
STRANGERS_NUMBER = "110101199003071233"


class Provider(fakes.Provider):
    """Answers every item with the same row and counts the calls."""

    def __init__(self, provider, row):
        self.provider, self.row, self.asked = provider, row, 0

    def fetch(self, question):
        self.asked += 1
        return [{**self.row, "uscc": question.subject.uscc}]


@pytest.fixture
def connect():
    connected = []

    def connect(provider, row):
        made = Provider(provider, row)
        gateways.connect(provider, made)
        connected.append(provider)
        return made

    yield connect
    for provider in connected:
        gateways.disconnect(provider)


@pytest.fixture
def scene():
    sources.forget()
    firm, bank = stage.firm(), stage.bank()
    return firm, bank, stage.case(firm, bank)


def _ask(firm, *items, actor=BANK, **changes):
    request = Request(
        recipient=Recipient(RecipientKind.INSTITUTION, "bank_a", "云州银行", "clerk-7"),
        uscc=firm.uscc,
        items=items,
        purpose=Purpose.PRE_LOAN_REVIEW,
        reference="DK-1",
    )
    return gate.release(replace(request, **changes), actor=actor, as_of=LATER)


def test_the_signers_consent_opens_no_other_persons_number(scene, connect):
    firm, _, case = scene
    connect("market_regulation_bureau", {"pledgor_identifier": STRANGERS_NUMBER})
    draft = stage.draft("equity_pledge")
    consent = stage.consent(firm, case, draft=draft, person_assertion=firm.owner.attest())
    answer = _ask(firm, "equity_pledge", case_id=case, consent_id=consent.id)
    field = answer.items[0].rows[0].fields["pledgor_identifier"]
    assert field.verdict is Verdict.MASK
    assert STRANGERS_NUMBER not in str(field.value)


def test_one_firm_cannot_read_another_as_if_it_were_its_own(scene):
    firm, _, _ = scene
    other = stage.firm("云州白鹭食品有限公司")
    for recipient_id in (str(other.id), str(firm.id)):
        answer = _ask(
            firm,
            "tax_payment",
            actor=other.owner.actor,
            recipient=Recipient(RecipientKind.SUBJECT, recipient_id, "", ""),
            purpose=Purpose.SELF_ACCESS,
        )
        assert isinstance(answer, Refusal)
        assert answer.reason is Reason.MANDATE_MISSING


def test_the_firm_itself_reads_its_own_without_consent(scene, connect):
    firm, _, _ = scene
    connect("tax_bureau", {"vat_paid_cny_12m": "7.00"})
    answer = _ask(
        firm,
        "tax_payment",
        actor=firm.owner.actor,
        recipient=Recipient(RecipientKind.SUBJECT, str(firm.id), "", ""),
        purpose=Purpose.SELF_ACCESS,
    )
    assert isinstance(answer, Release)
    assert answer.items[0].rows[0].fields["vat_paid_cny_12m"].reason is Reason.OWN_DATA


def test_one_institution_cannot_ask_in_anothers_name(scene):
    firm, _, _ = scene
    stage.bank("bank_b")
    answer = _ask(firm, "business_licence", actor=replace(BANK, party="institution:bank_b"))
    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.RECIPIENT_MISMATCH


def test_an_item_asked_a_hundred_times_is_called_once(scene, connect):
    firm, _, case = scene
    bureau = connect("tax_bureau", {"vat_paid_cny_12m": "7.00"})
    consent = stage.consent(firm, case)
    answer = _ask(firm, *["tax_payment"] * 100, case_id=case, consent_id=consent.id)
    assert bureau.asked == 1
    assert len(answer.items) == 1


def test_trying_out_codes_costs_quota_and_leaves_a_trace(scene):
    _, bank, _ = scene
    institutions.set_daily_quota(bank, 1, actor=SYSTEM, as_of=stage.NOW)
    before = Entry.objects.count()
    nobody = replace(scene[0], uscc=stage.code())
    with pytest.raises(UnknownSubject):
        _ask(nobody, "business_licence")
    assert Entry.objects.count() == before + 1
    answer = _ask(nobody, "business_licence")
    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.QUOTA_EXHAUSTED


def test_a_suspended_institution_learns_nothing_of_who_exists(scene):
    firm, bank, _ = scene
    institutions.suspend(bank, actor=SYSTEM, as_of=stage.NOW)
    known, unknown = (
        _ask(firm, "business_licence"),
        _ask(replace(firm, uscc=stage.code()), "business_licence"),
    )
    assert known.reason is unknown.reason is Reason.INSTITUTION_SUSPENDED


def test_a_suspension_during_the_call_stops_the_release(scene, connect, monkeypatch):
    firm, bank, case = scene
    bureau = connect("tax_bureau", {"vat_paid_cny_12m": "7.00"})
    consent = stage.consent(firm, case)
    original = gate.reach.collect

    def collect(*arguments, **more):
        institutions.suspend(bank, actor=SYSTEM, as_of=stage.NOW)
        return original(*arguments, **more)

    monkeypatch.setattr(gate.reach, "collect", collect)
    answer = _ask(firm, "tax_payment", case_id=case, consent_id=consent.id)
    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.INSTITUTION_SUSPENDED
    assert bureau.asked == 1


def test_a_source_that_did_not_answer_costs_no_use(scene):
    firm, _, case = scene
    consent = stage.consent(firm, case)
    for _ in range(consent.terms.frequency.limit + 2):
        answer = _ask(firm, "tax_payment", case_id=case, consent_id=consent.id)
        assert isinstance(answer, Release)


def test_one_consent_of_a_case_does_not_hide_another(scene, connect):
    firm, _, case = scene
    connect("tax_bureau", {"vat_paid_cny_12m": "7.00"})
    first = stage.consent(firm, case)
    stage.consent(firm, case, draft=stage.draft("electricity_fee"), as_of=stage.NOW + timedelta(minutes=1))
    answer = _ask(firm, "tax_payment", case_id=case)
    assert isinstance(answer, Release)
    assert answer.consent_id == first.id


def test_a_hanging_provider_is_unavailable_and_holds_nobody_up(scene, connect, monkeypatch):
    firm, _, case = scene
    bureau = connect("tax_bureau", {})
    monkeypatch.setattr(gate, "fetch", partial(gate.fetch, patience_seconds=0.05))
    monkeypatch.setattr(bureau, "fetch", lambda query: time.sleep(0.5) or [])
    consent = stage.consent(firm, case)
    answer = _ask(firm, "tax_payment", case_id=case, consent_id=consent.id)
    assert answer.items[0].reason is Reason.PROVIDER_UNAVAILABLE
    (health,) = call_register.health(["tax_bureau"], as_of=LATER + timedelta(minutes=1))
    assert (health.asked, health.answered) == (1, 0)


def test_a_withdrawn_consent_cannot_be_reached_by_its_case(scene):
    firm, _, case = scene
    consent = stage.consent(firm, case)
    grants.withdraw(consent.id, actor=firm.owner.actor, as_of=LATER)
    answer = _ask(firm, "tax_payment", case_id=case)
    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.CONSENT_WITHDRAWN


def test_a_number_written_into_a_public_text_does_not_leave():
    field = loader.load().item("dishonest_judgment_debtor").field("performance_status")
    shown = rules.Decision(Verdict.REVEAL, Reason.PUBLIC_INFORMATION)
    assert STRANGERS_NUMBER not in rules.apply(shown, field, f"全部未履行 身份证{STRANGERS_NUMBER}")


def test_a_homonyms_data_is_not_asked_for_by_name(scene, connect):
    firm, _, case = scene
    seen = []
    bureau = connect("agriculture_bureau", {})
    original = bureau.fetch
    bureau.fetch = lambda query: seen.append(query.subject.unique_name) or original(query)
    consent = stage.consent(firm, case, draft=stage.draft("agricultural_operator"))
    _ask(firm, "agricultural_operator", case_id=case, consent_id=consent.id)
    stage.firm()  # another of the same name in the same district
    _ask(firm, "agricultural_operator", case_id=case, consent_id=consent.id)
    assert seen == [True, False]


@pytest.mark.parametrize("person", ["", " ", "\u3000", "\u200b"])
def test_nobody_asks_without_a_name(scene, person):
    firm, bank, _ = scene
    with pytest.raises(MissingPerson):
        _ask(
            firm, "business_licence", recipient=Recipient(RecipientKind.INSTITUTION, bank, "云州银行", person)
        )
