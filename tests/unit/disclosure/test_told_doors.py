"""What institutions told of a firm, at the doors beside the usual one: later, again, to others, in sets."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rongxin.catalogue import loader
from rongxin.disclosure import deferred, public_sets, rules
from rongxin.disclosure.release import Refusal, Release
from rongxin.disclosure.rules import Consented, Context, RecipientKind
from rongxin.disclosure.told import INSTITUTION, OUTCOME
from rongxin.exchange import collection
from rongxin.financing import outcomes
from rongxin.financing.rules import Stage
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.subject_kind import SubjectKind
from tests.unit.consent import stage
from tests.unit.disclosure import test_told as telling
from tests.unit.disclosure.gateway_stage import BANK, LATER, Scene, forms
from tests.unit.financing.test_rules import APPROVED, DRAWN, EACH, RECEIVED

pytestmark = pytest.mark.django_db(transaction=True)
SOON = LATER + timedelta(minutes=1)
LENDER = "bank_b"
DOUBTED = replace(EACH[Stage.REPAYMENT], overdue_days=45)


@pytest.fixture
def scene(scene: Scene) -> Scene:
    """The scene with what another bank told of the firm, and a consent to it and to what is called."""
    stage.bank(LENDER)
    case = stage.case(scene.firm, LENDER, "DK-7")
    telling.tell(case, RECEIVED, APPROVED, DRAWN, DOUBTED, institution=LENDER)
    stage.consent(scene.firm, scene.case, draft=stage.draft("tax_payment", OUTCOME, INSTITUTION))
    return scene


def overdue(answer: Release | Refusal) -> list[Any]:
    assert isinstance(answer, Release), answer
    (item,) = [one for one in answer.items if one.item == OUTCOME]
    return [row["overdue_days"] for row in telling.values(item) if "overdue_days" in row]


def corrects() -> None:
    wrong = outcomes.of_reference(LENDER, "DK-7")[-1]
    better = replace(DOUBTED, overdue_days=0)
    outcomes.correct(wrong.id, LENDER, better, "系统错误", actor=SYSTEM, as_of=SOON)


def test_what_is_corrected_while_the_answer_waits_does_not_leave_as_it_was(scene: Scene) -> None:
    taken = deferred.defer(scene.request(OUTCOME, INSTITUTION), actor=BANK, as_of=LATER)
    assert isinstance(taken, deferred.Progress)
    assert deferred.fetch_next(as_of=LATER)
    corrects()
    answer = deferred.collect(taken.request, institution="bank_a", as_of=SOON)
    assert overdue(answer) == []
    assert [len(item.rows) for item in answer.items] == [3, 1]


def test_a_repeat_gives_nothing_that_was_told_since_and_nothing_that_was_wrong(scene: Scene) -> None:
    first = scene.asks("tax_payment", OUTCOME)
    assert overdue(first) == [45]
    assert overdue(scene.asks("tax_payment", OUTCOME, repeats=first.id, case_id=None)) == [45]
    corrects()
    again = scene.asks("tax_payment", OUTCOME, repeats=first.id, case_id=None, as_of=SOON)
    assert overdue(again) == []
    assert overdue(scene.asks("tax_payment", OUTCOME, as_of=SOON)) == [0]


def test_paper_and_page_show_it(scene: Scene) -> None:
    answer = scene.asks("tax_payment", OUTCOME, INSTITUTION)
    assert isinstance(answer, Release)
    _, page, paper = forms(answer)
    for text in (page, paper):
        for words in ("平台自有信息", "融资结果反馈", "机构反馈", "云州bank_b银行", "300,000.00"):
            assert words in text


@pytest.mark.parametrize("name", [OUTCOME, INSTITUTION])
@pytest.mark.parametrize("kind", list(SubjectKind))
@pytest.mark.parametrize(
    ("recipient", "reason"),
    [
        (RecipientKind.DEPARTMENT, Reason.OFFICIAL_DUTY),
        (RecipientKind.OPERATOR, Reason.BREAK_GLASS),
        (RecipientKind.NODE, Reason.CONSENT_MISSING),
        (RecipientKind.INSTITUTION, Reason.CONSENT_MISSING),
    ],
)
def test_to_nobody_else_does_any_of_it_leave(name, kind, recipient, reason) -> None:
    context = Context(recipient, kind, Consented(reason))
    decided = [
        one for entry in rules.table(loader.load().item(name), context) for one in entry.fields.values()
    ]
    assert decided
    assert not any(one.leaves for one in decided)


@pytest.mark.parametrize("name", [OUTCOME, INSTITUTION])
def test_it_is_neither_collected_in_bulk_nor_pushed(name) -> None:
    item = loader.load().item(name)
    assert collection.channel_of(item) is None
    assert public_sets.columns(item) == ()
