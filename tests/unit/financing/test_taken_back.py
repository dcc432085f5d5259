"""What an institution takes back or corrects of a case is told to the firm, whose application it was."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from rongxin.consent import notifications
from rongxin.financing import outcomes
from rongxin.financing.applying import answers, applications
from rongxin.financing.applying.rules import Clock, State
from rongxin.financing.errors import UnfitOutcome
from rongxin.financing.rules import Stage
from tests.unit.consent import stage
from tests.unit.financing import desk, shelf
from tests.unit.financing.test_rules import APPROVED, RECEIVED

pytestmark = pytest.mark.django_db
NOW = stage.NOW


@pytest.fixture
def bank():
    return stage.bank()


@pytest.fixture
def firm(bank):
    return stage.firm()


def standing(case):
    return [card for card in outcomes.told_of(case) if not card.corrected]


def test_an_approval_taken_back_reopens_the_application_and_the_firm_is_told(bank, firm):
    card, clerk = desk.submitted(firm), shelf.clerk(bank)
    answers.decide(card.id, desk.approved(), "欢迎来签约", actor=clerk, as_of=NOW)
    (_, approval) = standing(card.case.id)
    outcomes.withdraw(approval.id, bank, "录错了企业", actor=clerk, as_of=NOW)
    now = applications.own(card.id, subject=firm.id)
    assert (now.state, now.answer) == (State.IN_REVIEW, "")
    assert now.clock(now.due_on + timedelta(days=9)) is Clock.ANSWERED
    told = notifications.of_subject(firm.id)[0]
    assert told.kind == "financing_outcome"
    assert told.refs == {
        "application": str(card.id),
        "case": str(card.case.id),
        "outcome": str(approval.id),
    }
    for words in ("“已批准”", "已撤回", "现在是“已受理”", "录错了企业"):
        assert words in told.text
    answers.decide(card.id, desk.approved(), "这次是真的", actor=clerk, as_of=NOW)
    assert applications.own(card.id, subject=firm.id).answer == "这次是真的"


def test_a_correction_is_told_with_what_it_was_and_is(bank, firm):
    case, clerk = stage.case(firm, bank), shelf.clerk(bank)
    line = [outcomes.Line(n, case, one) for n, one in enumerate((RECEIVED, APPROVED))]
    outcomes.tell(bank, line, actor=clerk, as_of=NOW)
    (_, approval) = standing(case)
    cancelled = outcomes.Told(Stage.CANCELLED, APPROVED.on + timedelta(days=1))
    outcomes.correct(approval.id, bank, cancelled, "企业先撤回了", actor=clerk, as_of=NOW)
    told = notifications.of_subject(firm.id)[0]
    assert told.refs == {"case": str(case), "outcome": str(approval.id)}
    assert told.text.endswith(f"已更正为“申请人撤回”（{cancelled.on}）。原因：企业先撤回了")


def test_what_a_firm_applied_for_does_not_become_a_draft_again(bank, firm):
    card, clerk = desk.submitted(firm), shelf.clerk(bank)
    (received,) = standing(card.case.id)
    with pytest.raises(UnfitOutcome, match="未批准"):
        outcomes.withdraw(received.id, bank, "没有收到", actor=clerk, as_of=NOW)
    assert applications.own(card.id, subject=firm.id).state is State.SUBMITTED
    assert len(standing(card.case.id)) == 1


def test_a_case_of_the_institutions_own_may_lose_its_only_step(bank, firm):
    case, clerk = stage.case(firm, bank), shelf.clerk(bank)
    outcomes.tell(bank, [outcomes.Line(1, case, RECEIVED)], actor=clerk, as_of=NOW)
    outcomes.withdraw(standing(case)[0].id, bank, "记错了企业", actor=clerk, as_of=NOW)
    assert "现在没有结果" in notifications.of_subject(firm.id)[0].text


def test_another_institution_reads_no_step(bank, firm):
    other, case, clerk = stage.bank("bank_b"), stage.case(firm, bank), shelf.clerk(bank)
    taken = outcomes.tell(bank, [outcomes.Line(1, case, RECEIVED)], actor=clerk, as_of=NOW)
    assert outcomes.own(taken.accepted[1], bank).told.amount_cny == Decimal("500000.00")
    with pytest.raises(outcomes.UnknownOutcome):
        outcomes.own(taken.accepted[1], other)
