"""更正通知 of what institutions told of a firm: who got the step that was wrong is told ((七)(九))."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from rongxin.catalogue.loader import PLATFORM
from rongxin.consent import notifications
from rongxin.disclosure import gate
from rongxin.disclosure.release import Recipient, Release, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.disclosure.told import INSTITUTION, OUTCOME
from rongxin.financing import outcomes
from rongxin.financing.outcomes import Line
from rongxin.financing.rules import Told
from rongxin.journal import keyring, sequencer
from rongxin.journal.windows import Window
from rongxin.proof import jws
from rongxin.records.rules import EndedWhy
from rongxin.rights import answers, corrections, objections
from rongxin.rights.answers import Answer
from rongxin.rights.objections import Complaint
from rongxin.rights.rules.correction import NOTICE_TYPE, Done, State
from rongxin.rights.rules.objection import Remedy
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.purpose import Purpose
from tests.unit.consent import stage
from tests.unit.financing.test_rules import APPROVED, DRAWN, PAID, RECEIVED
from tests.unit.rights.stage import Scene

LENDER, REFERENCE = "bank_told", "DK-2026-0001"
_times = iter(range(1, 1000))


@pytest.fixture
def firm(scene: Scene) -> stage.Firm:
    """The scene's firm with a running loan, of which its bank told four steps."""
    stage.bank(LENDER)
    case = stage.case(scene.firm, LENDER, REFERENCE)
    steps = (RECEIVED, APPROVED, DRAWN, PAID)
    lines = [Line(place, case, step) for place, step in enumerate(steps)]
    assert len(outcomes.tell(LENDER, lines, actor=SYSTEM, as_of=stage.NOW).accepted) == len(steps)
    return scene.firm


def later() -> Any:
    return stage.NOW + timedelta(minutes=next(_times))


def asks(firm: stage.Firm, bank: str, *items: str) -> Release:
    reference = f"DK-{bank}"
    case = stage.case(firm, bank, reference)
    stage.consent(firm, case, draft=stage.draft(*items))
    who = Recipient(RecipientKind.INSTITUTION, bank, "云州银行", "clerk-7")
    asked = Request(who, firm.uscc, items, Purpose.PRE_LOAN_REVIEW, reference, case_id=case)
    answer = gate.release(asked, actor=SYSTEM, as_of=later())
    assert isinstance(answer, Release), answer
    return answer


def corrects(place: int = -1, **changes: Any) -> None:
    standing = [card for card in outcomes.of_reference(LENDER, REFERENCE) if not card.corrected]
    told: Told = replace(standing[place].told, **changes)
    outcomes.correct(standing[place].id, LENDER, told, "录入有误", actor=SYSTEM, as_of=later())


def told() -> int:
    sequencer.integrate()
    return corrections.follow(as_of=later())


def of(bank: str) -> list[corrections.Card]:
    return list(corrections.of_recipient("institution", bank, Window(100), owed_only=False).rows)


def test_whoever_got_the_step_is_told_by_a_signed_notice_and_owes_an_answer(scene, firm):
    answer = asks(firm, scene.bank, OUTCOME)
    row = next(row for row in answer.items[0].rows if row.fields["stage"].value == "还款情况")
    corrects(overdue_days=45)
    assert told() == 1
    (card,) = of(scene.bank)
    assert (card.item, card.record, card.why) == (OUTCOME, row.record_id, EndedWhy.CORRECTED)
    assert (card.state, card.subject) == (State.OWED, firm.id)
    notice = jws.verify(card.notice, keyring.verifying_keys(), type=NOTICE_TYPE)
    assert [one["request"] for one in notice["requests"]] == [str(answer.id)]
    assert not [word for word in (REFERENCE, LENDER, "还款") if word in str(notice)]
    clerk = Actor(ActorKind.ACCOUNT, "7", f"institution:{scene.bank}")
    assert corrections.acknowledge(card.id, Done.DELETED, actor=clerk, as_of=later()).done is Done.DELETED
    assert "corrections_sent" in [one.kind for one in notifications.of_subject(firm.id)]


def test_who_asked_only_before_it_was_told_or_after_it_was_right_is_not(scene, firm):
    late, other = stage.bank("bank_late"), stage.bank("bank_other")
    asks(firm, other, "tax_payment")
    corrects(overdue_days=45)
    asks(firm, late, OUTCOME)
    assert told() == 0
    corrects(overdue_days=46)
    assert told() == 1
    assert len(of(late)) == 1
    assert of(other) == of(scene.bank) == []


def test_a_step_that_the_consent_did_not_reach_was_not_received(scene, firm):
    old = replace(RECEIVED, on=date(2021, 5, 6))
    lines = [Line(0, stage.case(firm, LENDER, "DK-2021"), old)]
    assert outcomes.tell(LENDER, lines, actor=SYSTEM, as_of=stage.NOW).accepted
    asks(firm, scene.bank, OUTCOME)
    (card,) = outcomes.of_reference(LENDER, "DK-2021")
    better = replace(old, on=date(2021, 5, 7))
    outcomes.correct(card.id, LENDER, better, "日期有误", actor=SYSTEM, as_of=later())
    assert told() == 0


def test_each_correction_is_told_and_none_twice(scene, firm):
    asks(firm, scene.bank, OUTCOME)
    corrects(overdue_days=45)
    assert (told(), told()) == (1, 0)
    corrects(0, amount_cny=RECEIVED.amount_cny + 1)
    assert told() == 1
    assert len({card.record for card in of(scene.bank)}) == 2


def test_who_got_the_name_of_the_bank_is_told_where_its_day_was_wrong_alone(scene, firm):
    asks(firm, scene.bank, INSTITUTION)
    corrects(overdue_days=45)
    assert told() == 0


def test_and_is_told_where_it_was(scene, firm):
    asks(firm, scene.bank, INSTITUTION)
    corrects(on=PAID.on - timedelta(days=1))
    assert told() == 1
    assert of(scene.bank)[0].item == INSTITUTION


def test_what_is_taken_back_is_told_as_withdrawn_to_whoever_got_it_or_the_banks_name_by_it(scene, firm):
    asks(firm, scene.bank, OUTCOME, INSTITUTION)
    late = next(card for card in outcomes.of_reference(LENDER, REFERENCE) if card.told == PAID)
    outcomes.withdraw(late.id, LENDER, "记错了企业", actor=SYSTEM, as_of=later())
    assert told() == 2
    assert {(card.item, card.why) for card in of(scene.bank)} == {
        (OUTCOME, EndedWhy.WITHDRAWN),
        (INSTITUTION, EndedWhy.WITHDRAWN),
    }
    assert (told(), len(of(LENDER))) == (0, 0)


def test_what_the_firm_objects_to_and_the_bank_corrects_is_told(scene, firm):
    asks(firm, scene.bank, OUTCOME)
    card = objections.lodge(
        firm.id, Complaint(OUTCOME, None, (), "从未逾期"), actor=scene.owner, as_of=later()
    )
    assert card.provider == PLATFORM
    desk = stage.operators(1)[0]
    objections.forward(card.id, "转该银行", actor=desk, as_of=later())
    corrects(overdue_days=0, outstanding_cny=PAID.outstanding_cny - 1)
    at_source = Answer(True, "银行已更正", Remedy.AT_SOURCE)
    answers.decide(card.id, at_source, actor=desk, as_of=later())
    assert told() == 1
