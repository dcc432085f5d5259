"""The door, on a real database: intent first, fresh consent, outcome before bytes."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection

from rongxin.consent import grants
from rongxin.disclosure import gate, reach, register
from rongxin.disclosure.errors import MissingReference, UnknownSubject
from rongxin.disclosure.models import Intent, Outcome
from rongxin.disclosure.release import Recipient, Refusal, Release, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import institutions
from rongxin.sharing import gateways
from rongxin.sharing.aggregation import sources
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage
from tests.unit.sharing import fakes

pytestmark = pytest.mark.django_db(transaction=True)
BANK_ACTOR = Actor(ActorKind.ACCOUNT, "1", "institution:bank_a")
LATER = stage.NOW + timedelta(hours=1)


class TaxBureau(fakes.Provider):
    """A provider that answers in this process and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def serves(self, item):
        return item == "tax_payment"

    def fetch(self, question):
        self.asked.append(question.item)
        return [{"uscc": question.subject.uscc, "vat_paid_cny_12m": "1200.00"}]


@pytest.fixture
def bureau():
    made = TaxBureau()
    gateways.connect("tax_bureau", made)
    yield made
    gateways.disconnect("tax_bureau")


@pytest.fixture
def scene():
    sources.forget()
    firm, bank = stage.firm(), stage.bank()
    return firm, bank, stage.case(firm, bank)


def _question(firm, *items, **changes):
    request = Request(
        recipient=Recipient(RecipientKind.INSTITUTION, "bank_a", "云州银行", "clerk-7"),
        uscc=firm.uscc,
        items=items or ("business_licence", "tax_payment"),
        purpose=Purpose.PRE_LOAN_REVIEW,
        reference="DK-2026-0001",
    )
    return replace(request, **changes)


def _ask(request, as_of=LATER, actor=None):
    actor = actor or replace(BANK_ACTOR, party=f"institution:{request.recipient.id}")
    return gate.release(request, actor=actor, as_of=as_of)


def _items(answer):
    assert isinstance(answer, Release)
    return {item.item: item for item in answer.items}


def test_it_withholds_without_consent_and_makes_no_call(scene, bureau):
    firm, _, _ = scene
    item = _items(_ask(_question(firm)))["tax_payment"]
    assert (item.availability, item.reason) == (Availability.WITHHELD, Reason.CONSENT_MISSING)
    assert item.rows == ()
    assert bureau.asked == []


def test_it_calls_the_provider_and_reveals_with_consent(scene, bureau):
    firm, _, case = scene
    consent = stage.consent(firm, case)
    item = _items(_ask(_question(firm, case_id=case, consent_id=consent.id)))["tax_payment"]
    assert item.availability is Availability.RECORDS
    assert item.rows[0].fields["vat_paid_cny_12m"].value == "1200.00"
    assert bureau.asked == ["tax_payment"]


def test_it_finds_the_consent_by_the_case_alone(scene, bureau):
    firm, _, case = scene
    consent = stage.consent(firm, case)
    answer = _ask(_question(firm, case_id=case))
    assert isinstance(answer, Release)
    assert answer.consent_id == consent.id


def test_it_refuses_after_withdrawal_and_reads_nothing(scene, bureau):
    firm, _, case = scene
    consent = stage.consent(firm, case)
    grants.withdraw(consent.id, actor=firm.owner.actor, as_of=LATER)
    answer = _ask(_question(firm, case_id=case, consent_id=consent.id))
    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.CONSENT_WITHDRAWN
    assert bureau.asked == []


def test_it_does_not_tell_an_institution_of_anothers_consent(scene, bureau):
    firm, _, case = scene
    consent = stage.consent(firm, case)
    stage.bank("bank_b")
    other = Recipient(RecipientKind.INSTITUTION, "bank_b", "乙银行", "clerk")
    foreign = _ask(_question(firm, recipient=other, consent_id=consent.id))
    absent = _ask(_question(firm, recipient=other, consent_id=uuid4()))
    assert isinstance(foreign, Refusal)
    assert isinstance(absent, Refusal)
    assert foreign.reason is absent.reason is Reason.CONSENT_MISSING


def test_it_writes_the_intent_before_anything_is_read(scene, bureau, monkeypatch):
    firm, _, case = scene
    consent = stage.consent(firm, case)
    seen = []

    def collect(*arguments, **more):
        seen.append((connection.in_atomic_block, Intent.objects.count(), Outcome.objects.count()))
        return original(*arguments, **more)

    original = reach.collect
    monkeypatch.setattr(reach, "collect", collect)
    _ask(_question(firm, case_id=case, consent_id=consent.id))
    assert seen == [(False, 1, 0)]


def test_a_death_between_intent_and_release_leaves_no_disclosure_without_an_entry(scene, bureau, monkeypatch):
    firm, _, case = scene
    consent = stage.consent(firm, case)

    def die(*arguments, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(register, "release", die)
    with pytest.raises(KeyboardInterrupt):
        _ask(_question(firm, case_id=case, consent_id=consent.id))
    assert entries.get(Intent.objects.get().entry).kind is Kind.DISCLOSURE_INTENDED
    assert Outcome.objects.count() == 0


def test_nothing_leaves_when_the_journal_does_not_take_the_outcome(scene, bureau, monkeypatch):
    firm, _, case = scene
    consent = stage.consent(firm, case)
    original = entries.append

    def append(kind, **more):
        if kind is Kind.DISCLOSURE_RELEASED:
            raise RuntimeError("disk full")
        return original(kind, **more)

    monkeypatch.setattr(entries, "append", append)
    with pytest.raises(RuntimeError, match="disk full"):
        _ask(_question(firm, case_id=case, consent_id=consent.id))
    assert Outcome.objects.count() == 0


def test_the_journal_commits_to_what_left(scene, bureau):
    firm, _, case = scene
    consent = stage.consent(firm, case)
    answer = _ask(_question(firm, case_id=case, consent_id=consent.id))
    assert isinstance(answer, Release)
    assert answer.digest == answer.compute_digest()
    assert answer.outcome_entry is not None
    assert entries.get(answer.outcome_entry).commitments["release"] == answer.digest


def test_a_withdrawal_during_the_call_stops_the_release(scene, bureau, monkeypatch):
    firm, _, case = scene
    consent = stage.consent(firm, case)

    def fetch(query):
        withdrawing = threading.Thread(target=_withdraw, args=(firm, consent.id))
        withdrawing.start()
        withdrawing.join()
        return [{"uscc": query.subject.uscc, "vat_paid_cny_12m": "1200.00"}]

    monkeypatch.setattr(bureau, "fetch", fetch)
    answer = _ask(_question(firm, case_id=case, consent_id=consent.id))
    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.CONSENT_WITHDRAWN


def _withdraw(firm, consent_id):
    try:
        grants.withdraw(consent_id, actor=firm.owner.actor, as_of=LATER)
    finally:
        connection.close()


def test_no_request_started_after_a_withdrawal_is_acknowledged_is_served(scene, bureau):
    """16 readers against one withdrawal (promise P4)."""
    firm, _, case = scene
    institutions.set_daily_quota("bank_a", 100_000, actor=SYSTEM, as_of=stage.NOW)
    draft = replace(stage.draft("tax_payment"))
    consent = stage.consent(firm, case, draft=draft)
    request = _question(firm, "tax_payment", case_id=case, consent_id=consent.id)
    acknowledged, stop = threading.Event(), threading.Event()
    late: list[object] = []

    def read():
        try:
            while not stop.is_set():
                after = acknowledged.is_set()
                answer = _ask(request)
                if after and isinstance(answer, Release):
                    late.append(answer)
        finally:
            connection.close()

    readers = [threading.Thread(target=read) for _ in range(16)]
    for reader in readers:
        reader.start()
    grants.withdraw(consent.id, actor=firm.owner.actor, as_of=LATER)
    acknowledged.set()
    stop.wait(0.5)
    stop.set()
    for reader in readers:
        reader.join()
    assert late == []


def test_it_counts_uses_exactly_under_concurrency(scene, bureau):
    firm, _, case = scene
    institutions.set_daily_quota("bank_a", 100_000, actor=SYSTEM, as_of=stage.NOW)
    consent = stage.consent(firm, case)
    limit = consent.terms.frequency.limit
    request = _question(firm, "tax_payment", case_id=case, consent_id=consent.id)
    answers = []

    def read():
        try:
            answers.append(_ask(request))
        finally:
            connection.close()

    readers = [threading.Thread(target=read) for _ in range(limit + 8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert sum(isinstance(answer, Release) for answer in answers) == limit
    assert {a.reason for a in answers if isinstance(a, Refusal)} == {Reason.FREQUENCY_EXHAUSTED}


def test_it_refuses_an_institution_that_is_suspended(scene):
    firm, _, _ = scene
    institutions.suspend("bank_a", actor=SYSTEM, as_of=stage.NOW)
    answer = _ask(_question(firm))
    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.INSTITUTION_SUSPENDED


def test_it_refuses_beyond_the_days_quota_and_journals_it(scene):
    firm, _, _ = scene
    institutions.set_daily_quota("bank_a", 1, actor=SYSTEM, as_of=stage.NOW)
    assert isinstance(_ask(_question(firm)), Release)
    answer = _ask(_question(firm))
    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.QUOTA_EXHAUSTED
    assert entries.get(answer.entry).kind is Kind.DISCLOSURE_REFUSED


def test_it_refuses_purposes_beside_financing(scene):
    firm, _, _ = scene
    answer = _ask(_question(firm, purpose=Purpose.OFFICIAL_DUTY))
    assert isinstance(answer, Refusal)
    assert answer.reason is Reason.PURPOSE_NOT_PERMITTED


def test_a_request_needs_a_reference_and_a_known_subject(scene):
    firm, _, _ = scene
    with pytest.raises(MissingReference):
        _ask(_question(firm, reference=" "))
    with pytest.raises(UnknownSubject):
        _ask(_question(replace(firm, uscc=stage.code())))


def test_the_subject_sees_every_use_and_every_refusal(scene, bureau):
    firm, _, case = scene
    consent = stage.consent(firm, case)
    _ask(_question(firm, case_id=case, consent_id=consent.id))
    grants.withdraw(consent.id, actor=firm.owner.actor, as_of=LATER)
    _ask(_question(firm, case_id=case, consent_id=consent.id), as_of=LATER + timedelta(minutes=1))
    uses = register.uses_of(firm.id, limit=10)
    assert [(use.released, use.reason) for use in uses] == [(False, "consent_withdrawn"), (True, "")]


def test_four_ways_of_having_no_rows_keep_their_own_words(scene, bureau, monkeypatch):
    firm, _, case = scene
    items = ("tax_payment", "electricity_fee", "housing_fund", "branch")
    consent = stage.consent(firm, case, draft=stage.draft(*items))
    monkeypatch.setattr(bureau, "fetch", lambda query: [])

    class Down(TaxBureau):
        provider = "electricity_utility"

        def serves(self, item):
            return True

        def fetch(self, query):
            raise TimeoutError("no answer")

    gateways.connect("electricity_utility", Down())
    try:
        found = _items(_ask(_question(firm, *items, case_id=case, consent_id=consent.id)))
    finally:
        gateways.disconnect("electricity_utility")
    assert found["tax_payment"].availability is Availability.NO_RECORD
    assert found["electricity_fee"].availability is Availability.PROVIDER_UNAVAILABLE
    assert found["housing_fund"].availability is Availability.SOURCE_NOT_CONNECTED


def test_it_says_which_span_a_consent_opens(scene, bureau):
    firm, _, case = scene
    consent = stage.consent(firm, case, draft=stage.draft("annual_report", "tax_payment"))
    assert consent.terms.data_period
    items = _items(_ask(_question(firm, "annual_report", "tax_payment", case_id=case, consent_id=consent.id)))
    assert items["annual_report"].period == consent.terms.data_period
    assert items["tax_payment"].period is None
