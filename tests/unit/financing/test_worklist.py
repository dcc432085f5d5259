"""An institution's worklist: each application in one heap, the first due first, word of each clock once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from rongxin.consent import cases, notifications
from rongxin.financing.applying import answers, applications, cards, worklist
from rongxin.financing.applying.rules import GROUPS, Group
from rongxin.financing.models import Application, ApplicationForm, ApplicationPaper
from rongxin.financing.outcomes import Line, tell
from rongxin.financing.rules import Stage, Told
from rongxin.journal.models import Entry
from rongxin.journal.windows import Window
from tests.unit.consent import stage
from tests.unit.financing import desk, shelf

pytestmark = pytest.mark.django_db
NOW = stage.NOW
ALL = Window(50)


@pytest.fixture
def heaps():
    """One application in every state that a submitted one can have."""
    bank, firm = stage.bank(), stage.firm()
    clerk, owner = shelf.clerk(bank), firm.owner.actor
    made = [desk.submitted(firm) for _ in range(9)]
    answers.take_up(made[1].id, actor=clerk, as_of=NOW)
    answers.ask_papers(made[2].id, ["流水"], actor=clerk, as_of=NOW)
    answers.ask_papers(made[3].id, ["流水"], actor=clerk, as_of=NOW)
    applications.hand_in(made[3].id, [desk.PDF], actor=owner, as_of=NOW)
    for card in made[4:6]:
        answers.decide(card.id, desk.approved(), "", actor=clerk, as_of=NOW)
    drawn = Told(Stage.DRAWN, stage.TODAY, amount_cny=desk.AMOUNT)
    tell(bank, [Line(1, made[5].case.id, drawn)], actor=clerk, as_of=NOW)
    answers.decide(made[6].id, desk.rejected(), "行业不符", actor=clerk, as_of=NOW)
    applications.withdraw(made[7].id, actor=owner, as_of=NOW)
    cases.close_case(made[8].case.id, actor=clerk, as_of=NOW)
    return made


def test_every_application_lies_in_the_heap_of_its_state(heaps):
    for group, states in GROUPS.items():
        rows = worklist.of_institution("bank_a", group, ALL).rows
        assert {card.id for card in rows} == {
            one.id for one in heaps if cards.find(one.id).state in states
        }, group
    assert sum(worklist.counts("bank_a").values()) == len(heaps)
    assert len(worklist.of_institution("bank_a", None, ALL).rows) == len(heaps)


def test_another_institution_sees_none_of_them(heaps):
    stage.bank("bank_b")
    assert worklist.of_institution("bank_b", None, ALL).rows == []


def test_the_first_due_stands_first_page_by_page():
    stage.bank()
    firm = stage.firm()
    late = desk.submitted(firm, first_answer_days=1)
    far = desk.submitted(firm, first_answer_days=5)
    soon = desk.submitted(firm, first_answer_days=2)
    first = worklist.of_institution("bank_a", Group.UNANSWERED, Window(2))
    rest = worklist.of_institution("bank_a", Group.UNANSWERED, Window(2, first.last))
    assert [card.id for card in (*first.rows, *rest.rows)] == [late.id, soon.id, far.id]


def test_word_is_given_once_when_an_answer_is_due_and_once_when_it_is_late():
    stage.bank()
    firm = stage.firm()
    card = desk.submitted(firm, first_answer_days=3)
    told = [worklist.watch(as_of=NOW + timedelta(days=n)) for n in (0, 1, 2, 2, 3, 4, 4, 5)]
    assert told == [0, 0, 1, 0, 0, 1, 0, 0]
    kinds = [entry.body for entry in Entry.objects.filter(kind="financing_application.changed")]
    assert sum("answer_due" in body for body in kinds) == sum("answer_late" in body for body in kinds) == 1
    assert "逾期未答复" in notifications.of_subject(firm.id)[0].text
    answers.take_up(card.id, actor=shelf.clerk("bank_a"), as_of=NOW)


def test_the_warning_counts_working_days_over_a_weekend_and_a_holiday():
    stage.bank()
    thursday = datetime(2026, 4, 2, 2, 0, tzinfo=UTC)  # before 清明节: 3 April is one working day, 7 the next
    card = desk.submitted(stage.firm(), as_of=thursday, first_answer_days=2)
    assert card.due_on == date(2026, 4, 7)
    told = [worklist.watch(as_of=thursday + timedelta(days=n)) for n in range(8)]
    assert told == [0, 1, 0, 0, 0, 0, 1, 0], "due on the last working day before the holiday, late on 8 April"


def test_nobody_is_reminded_of_what_was_answered():
    bank = stage.bank()
    card = desk.submitted(stage.firm(), first_answer_days=1)
    answers.take_up(card.id, actor=shelf.clerk(bank), as_of=NOW)
    assert worklist.watch(as_of=NOW + timedelta(days=9)) == 0


def test_a_draft_that_nobody_submits_is_forgotten_and_what_was_submitted_stays():
    bank, firm = stage.bank(), stage.firm()
    kept = desk.submitted(firm)
    (draft,) = desk.drafted(firm, shelf.published(bank, name="云商贷").id)
    applications.hand_in(draft.id, [desk.PDF], actor=firm.owner.actor, as_of=NOW)
    assert worklist.forget_drafts(as_of=NOW + timedelta(days=29)) == 0
    assert worklist.forget_drafts(as_of=NOW + timedelta(days=31)) == 1
    assert [row.pk for row in Application.objects.all()] == [kept.id]
    assert ApplicationForm.objects.count() == 1
    assert not ApplicationPaper.objects.exists()
