"""A department at the door: by a mandate, within it, and never more than the catalogue lets go (五)(九)."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection

from rongxin.catalogue import loader
from rongxin.disclosure import gate, register, rules
from rongxin.disclosure.models import Intent, Outcome
from rongxin.disclosure.release import Refusal, Release
from rongxin.disclosure.rules import RecipientKind
from rongxin.parties import duty_mandates
from rongxin.records import reading
from rongxin.sharing import calls
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.subject_kind import SubjectKind
from rongxin.vocabulary.verdict import Verdict
from tests.unit.consent import stage
from tests.unit.disclosure.duty_stage import (
    DEPARTMENT,
    FIRST,
    LATER,
    LAW,
    NUMBER,
    PENALTY,
    ask,
    granted,
    question,
    scene,
)

pytestmark = pytest.mark.django_db(transaction=True)


def _refused(answer):
    assert isinstance(answer, Refusal)
    return answer.reason


def _context(reason, kind=SubjectKind.COMPANY):
    return rules.Context(RecipientKind.DEPARTMENT, kind, rules.Consented(reason))


def test_a_mandate_opens_what_is_public_and_masks_persons():
    at = scene()
    answer = ask(question(at))
    assert isinstance(answer, Release)
    (row,) = answer.items[0].rows  # the other one's publication is over
    assert row.fields["fine_cny"].value == "1000.00"
    assert NUMBER not in str(answer.content())
    assert "legal_representative_id_number" not in row.fields
    assert Reason.DUTY_BASIS_MISSING in {held.reason for held in answer.items[0].withheld}


def test_a_law_cited_for_the_item_opens_what_needs_consent_and_still_masks_a_persons_number():
    at = scene(items={PENALTY: LAW})
    answer = ask(question(at))
    (row,) = answer.items[0].rows
    number = row.fields["legal_representative_id_number"]
    assert (number.verdict, number.reason) == (Verdict.MASK, Reason.THIRD_PERSON)
    assert NUMBER not in str(answer.content())


def test_no_field_that_needs_consent_leaves_without_a_law_of_its_own():
    for item in loader.load().items.values():
        for kind in SubjectKind:
            for reason in set(Reason) - {Reason.OFFICIAL_DUTY}:
                for entry in rules.table(item, _context(reason, kind)):
                    for name, decision in entry.fields.items():
                        asks = rules.needs_consent(entry.channel, item.field(name))
                        assert not (asks and decision.leaves), (item.item, name, reason)


def test_nothing_leaves_for_a_department_but_what_is_collected_here():
    for item in loader.load().items.values():
        for reason in Reason:
            for entry in rules.table(item, _context(reason)):
                if entry.channel.mode is not SharingMode.PHYSICAL_AGGREGATION:
                    assert not entry.permits_call, (item.item, reason)


def test_a_persons_number_never_leaves_in_clear_whatever_law_is_cited():
    for item in loader.load().items.values():
        for kind in SubjectKind:
            for entry in rules.table(item, _context(Reason.OFFICIAL_DUTY, kind)):
                for name, decision in entry.fields.items():
                    if item.field(name).type in ("id_number", "party_identifier", "phone"):
                        assert decision.verdict is not Verdict.REVEAL, (item.item, name)


def test_it_makes_no_call_for_a_department():
    at = scene(items={"tax_payment": LAW, "abnormal_operations_list": ""})
    asked = []

    class Bureau:
        def serves(self, item):
            return True

        def fetch(self, query):
            asked.append(query.item.item)
            return []

    for provider in ("tax_bureau", "market_regulation_bureau"):
        calls.connect(provider, Bureau())
    try:
        answer = ask(question(at, "tax_payment", "abnormal_operations_list"))
    finally:
        for provider in ("tax_bureau", "market_regulation_bureau"):
            calls.disconnect(provider)
    assert asked == []
    assert [(item.availability, item.reason) for item in answer.items] == [
        (Availability.WITHHELD, Reason.NOT_COLLECTED)
    ] * 2


def test_it_refuses_what_lies_outside_the_mandate():
    at = scene()
    assert _refused(ask(question(at, PENALTY, "honours"))) is Reason.DUTY_ITEM_NOT_COVERED
    assert _refused(ask(question(at, mandate_id=uuid4()))) is Reason.DUTY_MANDATE_MISSING
    assert _refused(ask(question(at, mandate_id=None))) is Reason.DUTY_MANDATE_MISSING
    assert _refused(ask(question(at, purpose=Purpose.FINANCING_SUPPORT))) is Reason.PURPOSE_NOT_PERMITTED
    elsewhere = granted(regions=("110000",))
    assert _refused(ask(question(at, mandate_id=elsewhere))) is Reason.DUTY_SUBJECT_NOT_COVERED
    named = granted(regions=(), subjects=(at.other.uscc,))
    assert _refused(ask(question(at, mandate_id=named))) is Reason.DUTY_SUBJECT_NOT_COVERED
    after = stage.NOW + timedelta(days=31)
    assert _refused(ask(question(at), as_of=after)) is Reason.DUTY_MANDATE_EXPIRED


def test_another_departments_mandate_is_none():
    at = scene()
    other = replace(question(at).recipient, id="tax_bureau")
    actor = replace(DEPARTMENT, party="department:tax_bureau")
    assert _refused(ask(question(at, recipient=other), actor=actor)) is Reason.DUTY_MANDATE_MISSING


def test_nobody_asks_in_a_departments_name():
    at = scene()
    for party in ("department:tax_bureau", "institution:emergency_bureau", "operator", ""):
        assert (
            _refused(ask(question(at), actor=replace(DEPARTMENT, party=party))) is Reason.RECIPIENT_MISMATCH
        )


def test_a_department_named_like_a_bank_does_not_use_the_banks_consent():
    at = scene(items={PENALTY: "", "tax_payment": ""})
    case = stage.case(at.firm, stage.bank("emergency_bureau"))
    consent = stage.consent(at.firm, case)
    answer = ask(question(at, "tax_payment", case_id=case, consent_id=consent.id))
    assert answer.items[0].reason is Reason.DUTY_BASIS_MISSING
    assert answer.consent_id is None


def test_the_days_limit_is_exact_under_concurrency():
    at = scene(daily_limit=5)
    answers = []

    def read():
        try:
            answers.append(ask(question(at)))
        finally:
            connection.close()

    readers = [threading.Thread(target=read) for _ in range(12)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert sum(isinstance(answer, Release) for answer in answers) == 5
    assert {a.reason for a in answers if isinstance(a, Refusal)} == {Reason.QUOTA_EXHAUSTED}


def test_a_revocation_during_the_reading_stops_the_release(monkeypatch):
    at = scene()
    original = gate.reach.collect

    def collect(*arguments, **more):
        found = original(*arguments, **more)
        duty_mandates.revoke(at.mandate, reason="越权", actor=FIRST, as_of=LATER)
        return found

    monkeypatch.setattr(gate.reach, "collect", collect)
    assert _refused(ask(question(at))) is Reason.DUTY_MANDATE_REVOKED
    assert not Outcome.objects.get().released


def test_the_firm_sees_who_looked_and_by_what_law():
    at = scene()
    ask(question(at))
    ask(question(at, "honours"), as_of=LATER + timedelta(minutes=1))
    refused, released = register.uses_of(at.firm.id, limit=10)
    assert (released.recipient_kind, released.recipient) == ("department", "emergency_bureau")
    assert released.legal_basis == f"安全生产监督检查（{LAW}）"
    assert (refused.released, refused.reason) == (False, "duty_item_not_covered")
    assert register.uses_of(at.other.id, limit=10) == []


def test_nothing_is_read_of_a_refused_question(monkeypatch):
    at = scene()
    monkeypatch.setattr(reading, "of", None)
    ask(question(at, "honours"))
    assert Intent.objects.get().mandate == at.mandate
