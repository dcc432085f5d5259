"""An institution is approved on conditions: each has a day, and ends the service if not met."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction

from rongxin.catalogue.attachments import File
from rongxin.governance import alarms
from rongxin.governance.conditions import fulfilment
from rongxin.governance.conditions.rules import Condition, State
from rongxin.governance.errors import (
    AssessmentRefused,
    ConditionNotPossible,
    ConditionRefused,
    GovernanceError,
    NotTheirInstitution,
    UnknownCondition,
)
from rongxin.governance.models import ApprovalCondition, InstitutionApplication
from rongxin.governance.onboarding import applications, documents, door
from rongxin.governance.rules import Kind as Alarm
from rongxin.journal import entries, sequencer
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Window
from rongxin.parties import institutions, memberships
from rongxin.parties.errors import NotAllowed
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage
from tests.unit.governance.onboarding.test_applications import ASKED, DAY, found, wish

pytestmark = pytest.mark.django_db
BANK = "bank_n"
ADMIN = Actor(ActorKind.ACCOUNT, "77", f"institution:{BANK}")
DUE = stage.TODAY + 30 * DAY
GRACE = timedelta(days=ASKED.condition_grace_days)
PROOF = File("证明.pdf", "application/pdf", b"%PDF-1.7 proof")


@pytest.fixture
def two():
    return stage.operators()


def on(day):
    return stage.NOW + (day - stage.TODAY)


def approved(two, *conditions, **changes):
    card, _ = door.apply(wish(**changes), origin="", as_of=stage.NOW)
    conditions = conditions or (Condition("补齐等级保护测评报告", DUE),)
    applications.assess(card.id, found(), conditions=conditions, actor=two[0], as_of=stage.NOW)
    applications.approve(card.id, actor=two[1], as_of=stage.NOW)
    return fulfilment.of_institution(card.wish.institution)


def report(card, at=stage.NOW, actor=ADMIN, said="已完成测评", file=PROOF):
    return fulfilment.report(BANK, card.id, said, file, actor=actor, as_of=at)


def served(day):
    return institutions.standing(BANK, as_of=on(day))


def test_a_condition_that_is_not_met_ends_the_service_after_its_grace_by_itself(two):
    (card,) = approved(two)
    assert (card.state, card.due_on, card.served_until) == (State.OPEN, DUE, DUE + GRACE)
    assert served(DUE + GRACE).admitted
    late = served(DUE + GRACE + DAY)
    assert (late.admitted, late.reason) == (False, Reason.INSTITUTION_CONDITION_OVERDUE)
    assert BANK in institutions.unserved(as_of=on(DUE + GRACE + DAY))
    assert BANK not in institutions.unserved(as_of=on(DUE + GRACE))


def test_an_acceptance_lifts_it_and_another_open_condition_holds_it(two):
    first, second = approved(two, Condition("一", DUE), Condition("二", DUE + DAY))
    assert institutions.get(BANK).conditions_until == DUE + GRACE
    report(first)
    done = fulfilment.accept(BANK, first.id, actor=two[0], as_of=stage.NOW)
    assert (done.state, done.served_until) == (State.ACCEPTED, None)
    assert institutions.get(BANK).conditions_until == DUE + DAY + GRACE
    report(second)
    fulfilment.accept(BANK, second.id, actor=two[0], as_of=stage.NOW)
    assert institutions.get(BANK).conditions_until is None
    assert served(DUE + 2 * GRACE).admitted


def test_a_report_in_time_stops_the_clock_until_it_is_sent_back(two):
    (card,) = approved(two)
    told = report(card, at=on(DUE + GRACE))
    assert (told.state, told.served_until) == (State.REPORTED, None)
    assert served(DUE + GRACE + 9 * DAY).admitted
    back = fulfilment.send_back(BANK, card.id, "缺盖章", actor=two[0], as_of=on(DUE + GRACE + 9 * DAY))
    assert (back.state, back.answer, back.due_on) == (State.SENT_BACK, "缺盖章", DUE)
    assert not served(DUE + GRACE + 9 * DAY).admitted


def test_a_late_report_lifts_nothing_until_it_is_accepted(two):
    (card,) = approved(two)
    late = DUE + GRACE + DAY
    report(card, at=on(late))
    assert not served(late).admitted
    fulfilment.accept(BANK, card.id, actor=two[0], as_of=on(late))
    assert served(late).admitted


def test_it_is_reminded_once_before_the_day_and_told_and_alarmed_once_after_it(two):
    approved(two)
    ahead = timedelta(days=ASKED.condition_remind_days)
    days = [DUE - ahead - DAY, DUE - ahead, DUE, DUE + DAY, DUE + 2 * DAY]
    assert [fulfilment.tend(as_of=on(day)) for day in days] == [0, 1, 0, 1, 0]
    (due,) = [e for e in entries.find(kinds=[Kind.CONDITION_CHANGED]) if e.refs["change"] == "due"]
    assert (due.refs["institution"], due.refs["due_on"]) == (BANK, str(DUE))
    sequencer.integrate()
    alarms.follow(as_of=on(DUE + DAY))
    (raised,) = alarms.every(waiting_only=True)
    assert (raised.kind, raised.refs["institution"]) == (Alarm.CONDITION_OVERDUE, BANK)


def test_nobody_is_reminded_or_alarmed_of_what_was_reported_in_time(two):
    (card,) = approved(two)
    report(card)
    assert [fulfilment.tend(as_of=on(day)) for day in (DUE, DUE + DAY)] == [0, 0]
    fulfilment.send_back(BANK, card.id, "缺盖章", actor=two[0], as_of=on(DUE + DAY))
    assert fulfilment.tend(as_of=on(DUE + DAY)) == 1


def test_a_condition_has_a_day_ahead_within_the_year(two):
    card, _ = door.apply(wish(), origin="", as_of=stage.NOW)
    end = stage.TODAY + timedelta(days=ASKED.valid_days)
    for day in (None, stage.TODAY, end + DAY):
        with pytest.raises(AssessmentRefused, match="期限"):
            applications.assess(
                card.id, found(), conditions=(Condition("报送", day),), actor=two[0], as_of=stage.NOW
            )
    tomorrow = (Condition("报送", stage.TODAY + DAY),)
    applications.assess(card.id, found(), conditions=tomorrow, actor=two[0], as_of=stage.NOW)
    with pytest.raises(AssessmentRefused, match="期限"):
        applications.approve(card.id, actor=two[1], as_of=stage.NOW + DAY)


def test_only_its_administrator_reports_and_shows_a_plain_file(two):
    (card,) = approved(two)
    other = Actor(ActorKind.ACCOUNT, "78", "institution:bank_x")
    for actor in (other, two[0], SYSTEM):
        with pytest.raises(NotTheirInstitution):
            report(card, actor=actor)
    with pytest.raises(ConditionRefused):
        report(card, said=" ")
    with pytest.raises(GovernanceError, match="脚本"):
        report(card, file=File("a.pdf", "application/pdf", b"%PDF-1.7 /JavaScript (x)"))
    with pytest.raises(UnknownCondition):
        fulfilment.report("bank_x", card.id, "已落实", PROOF, actor=other, as_of=stage.NOW)
    assert fulfilment.get(BANK, card.id).state is State.OPEN


def test_what_shows_it_is_sealed_and_read_by_who_accepts(two):
    (card,) = approved(two)
    told = report(card)
    held, content = documents.read(card.application, told.evidence_sha256)
    assert (held.name, content) == ("证明.pdf", PROOF.content)


def test_whoever_works_there_accepts_nothing_and_each_step_has_its_turn(two):
    (card,) = approved(two)
    for act in (
        lambda by: fulfilment.accept(BANK, card.id, actor=by, as_of=stage.NOW),
        lambda by: fulfilment.send_back(BANK, card.id, "缺", actor=by, as_of=stage.NOW),
    ):
        with pytest.raises(ConditionNotPossible):
            act(two[0])
    report(card)
    with pytest.raises(ConditionNotPossible):
        report(card)
    memberships.appoint(
        int(two[0].id), PartyKind.INSTITUTION, BANK, Role.CLERK,
        valid_from=stage.TODAY, actor=SYSTEM, as_of=stage.NOW,
    )  # fmt: skip
    with pytest.raises(NotAllowed, match="任职"):
        fulfilment.accept(BANK, card.id, actor=two[0], as_of=stage.NOW)
    with pytest.raises(NotAllowed):
        fulfilment.accept(BANK, card.id, actor=SYSTEM, as_of=stage.NOW)


def test_the_database_takes_no_acceptance_without_a_report(two):
    (card,) = approved(two)
    with pytest.raises(IntegrityError, match="rests_on_a_report"), transaction.atomic():
        ApprovalCondition.objects.filter(pk=card.id).update(state="accepted")


def test_conditions_from_before_dates_are_asked_for_and_end_nothing(two):
    (card,) = approved(two)
    ApprovalCondition.objects.all().delete()
    institutions.serve_until(BANK, None, actor=SYSTEM, as_of=stage.NOW)
    InstitutionApplication.objects.filter(pk=card.application).update(conditions=["按季报送"])
    import_module("rongxin.governance.migrations.0013_conditions_so_far").take_over(apps, None)
    (old,) = fulfilment.of_institution(BANK)
    assert (old.text, old.due_on, old.state) == ("按季报送", None, State.OPEN)
    assert applications.get(card.application).conditions == (Condition("按季报送", None),)
    assert fulfilment.tend(as_of=on(DUE + DAY)) == 0
    assert served(DUE + 2 * GRACE).admitted
    report(old)
    assert fulfilment.accept(BANK, old.id, actor=two[0], as_of=stage.NOW).state is State.ACCEPTED


def test_the_first_due_comes_first_in_parts_and_the_undated_last(two):
    days = (DUE + DAY, DUE, DUE + 2 * DAY)
    approved(two, *(Condition(str(number), day) for number, day in enumerate(days)))
    ApprovalCondition.objects.filter(text="0").update(due_on=None)
    one = fulfilment.part_of(Window(2))
    two_ = fulfilment.part_of(Window(2, one.last))
    assert [[card.text for card in part.rows] for part in (one, two_)] == [["1", "2"], ["0"]]
    assert [len(fulfilment.part_of(Window(9), find=text).rows) for text in (BANK, "云州", "x")] == [3, 3, 0]
    with pytest.raises(UnknownCondition):
        fulfilment.get(BANK, uuid4())
