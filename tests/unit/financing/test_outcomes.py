"""Outcomes are taken once, kept as told, corrected in the open, and close the case at its end."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection

from rongxin.consent import cases
from rongxin.consent.errors import NotPossible
from rongxin.financing import outcomes
from rongxin.financing.errors import UnfitOutcome, UnknownOutcome
from rongxin.financing.models import Outcome
from rongxin.financing.outcomes import Line
from rongxin.financing.rules import Stage
from rongxin.journal.models import Entry
from tests.unit.consent import stage
from tests.unit.financing.test_rules import APPROVED, DRAWN, EACH, PAID, RECEIVED, SETTLED, at

pytestmark = pytest.mark.django_db(transaction=True)
BANK = stage.Actor(stage.ActorKind.ACCOUNT, "1", "institution:bank_a")


@pytest.fixture
def case():
    stage.bank()
    return stage.case(stage.firm(), "bank_a")


def tell(case, *told, institution="bank_a", at=stage.NOW):
    lines = [Line(number, case, one) for number, one in enumerate(told, start=1)]
    return outcomes.tell(institution, lines, actor=BANK, as_of=at)


def test_a_list_in_any_order_is_taken_by_its_days_and_known_lines_change_nothing(case):
    taken = tell(case, DRAWN, RECEIVED, APPROVED)
    assert (sorted(taken.accepted), taken.duplicates, taken.refused) == ([1, 2, 3], [], {})
    assert outcomes.of_case(case) == [RECEIVED, APPROVED, DRAWN]
    again = tell(case, RECEIVED, APPROVED, DRAWN, PAID)
    assert (list(again.accepted), again.duplicates) == ([4], [1, 2, 3])
    assert Outcome.objects.count() == 4


def test_a_line_that_cannot_stand_is_named_and_the_others_stand(case):
    taken = tell(case, RECEIVED, SETTLED, APPROVED)
    assert sorted(taken.accepted) == [1, 3]
    assert "不能是“已结清”" in taken.refused[2]


def test_the_final_step_closes_the_case_so_that_no_consent_carries_a_request(case):
    tell(case, RECEIVED)
    assert not cases.get(case).closed
    tell(case, EACH[Stage.REJECTED])
    assert cases.get(case).closed
    assert Entry.objects.filter(kind="case.closed").count() == 1


def test_another_banks_case_is_as_good_as_unknown(case):
    stage.bank("bank_b")
    assert tell(case, RECEIVED, institution="bank_b").refused == {1: outcomes.NO_CASE}
    assert tell(uuid4(), RECEIVED).refused == {1: outcomes.NO_CASE}
    told = tell(case, RECEIVED).accepted[1]
    with pytest.raises(UnknownOutcome):
        outcomes.correct(told, "bank_b", RECEIVED, "笔误", actor=BANK, as_of=stage.NOW)


def test_a_correction_takes_the_place_and_what_was_said_stays_readable(case):
    first = tell(case, RECEIVED, APPROVED).accepted
    better = at(Stage.RECEIVED, RECEIVED.on - timedelta(days=1))
    card = outcomes.correct(first[1], "bank_a", better, "日期笔误", actor=BANK, as_of=stage.NOW)
    assert outcomes.of_case(case) == [better, APPROVED]
    subject = cases.get(case).subject_id
    shown = {one.id: one.corrected for one in outcomes.of_subject(subject)}
    assert shown == {first[1]: True, first[2]: False, card.id: False}
    with pytest.raises(UnfitOutcome, match="已被更正"):
        outcomes.correct(first[1], "bank_a", better, "又一次", actor=BANK, as_of=stage.NOW)
    late = at(Stage.RECEIVED, APPROVED.on + timedelta(days=1))
    with pytest.raises(UnfitOutcome, match="早于"):
        outcomes.correct(card.id, "bank_a", late, "不可能", actor=BANK, as_of=stage.NOW)
    assert outcomes.of_case(case) == [better, APPROVED]


def test_a_step_that_never_was_is_taken_back_and_can_be_told_again(case):
    first = tell(case, RECEIVED, APPROVED, DRAWN, PAID).accepted
    card = outcomes.withdraw(first[4], "bank_a", "记错了企业", actor=BANK, as_of=stage.NOW)
    assert (card.withdrawn, card.corrected, card.corrected_why) == (True, True, "记错了企业")
    assert outcomes.of_case(case) == [RECEIVED, APPROVED, DRAWN]
    with pytest.raises(UnfitOutcome, match="已撤回"):
        outcomes.withdraw(first[4], "bank_a", "又一次", actor=BANK, as_of=stage.NOW)
    with pytest.raises(UnfitOutcome, match="已撤回"):
        outcomes.correct(first[4], "bank_a", PAID, "又一次", actor=BANK, as_of=stage.NOW)
    again = tell(case, PAID)
    assert list(again.accepted) == [1]
    assert outcomes.of_case(case) == [RECEIVED, APPROVED, DRAWN, PAID]
    subject = cases.get(case).subject_id
    assert len(outcomes.of_subject(subject)) == 5


def test_a_corrected_step_is_taken_back_and_what_comes_later_still_finds_its_place(case):
    first = tell(case, RECEIVED, APPROVED).accepted
    better = at(Stage.RECEIVED, RECEIVED.on - timedelta(days=1))
    number = outcomes.correct(first[1], "bank_a", better, "日期笔误", actor=BANK, as_of=stage.NOW).id
    outcomes.withdraw(number, "bank_a", "从未受理", actor=BANK, as_of=stage.NOW)
    assert outcomes.of_case(case) == [APPROVED]
    assert list(tell(case, DRAWN).accepted) == [1]
    assert outcomes.of_case(case) == [APPROVED, DRAWN]


def test_what_others_rest_on_or_closed_the_case_is_not_taken_back(case):
    first = tell(case, RECEIVED, APPROVED, DRAWN).accepted
    with pytest.raises(UnfitOutcome, match="已放款"):
        outcomes.withdraw(first[2], "bank_a", "未批准", actor=BANK, as_of=stage.NOW)
    stage.bank("bank_b")
    with pytest.raises(UnknownOutcome):
        outcomes.withdraw(first[3], "bank_b", "未放款", actor=BANK, as_of=stage.NOW)
    with pytest.raises(UnfitOutcome, match="原因"):
        outcomes.withdraw(first[3], "bank_a", " ", actor=BANK, as_of=stage.NOW)
    final = tell(case, SETTLED).accepted[1]
    with pytest.raises(UnfitOutcome, match="办结"):
        outcomes.withdraw(final, "bank_a", "未结清", actor=BANK, as_of=stage.NOW)
    assert outcomes.of_case(case) == [RECEIVED, APPROVED, DRAWN, SETTLED]


def test_a_correction_can_be_corrected_in_its_turn(case):
    first = tell(case, RECEIVED, APPROVED).accepted
    number = first[1]
    for days in (1, 2, 3):
        better = at(Stage.RECEIVED, RECEIVED.on - timedelta(days=days))
        number = outcomes.correct(number, "bank_a", better, "日期笔误", actor=BANK, as_of=stage.NOW).id
    assert outcomes.of_case(case) == [better, APPROVED]


def test_the_journal_commits_to_what_was_told_and_holds_none_of_it(case):
    tell(case, APPROVED)
    entry = Entry.objects.get(kind="outcome.told")
    body = bytes(entry.body).decode() if isinstance(entry.body, (bytes, memoryview)) else str(entry.body)
    assert "300000" not in body
    assert "told" in body


def test_the_same_list_handed_in_by_eight_at_once_is_taken_once(case):
    barrier, seen = threading.Barrier(8), []

    def hand_in():
        barrier.wait()
        try:
            seen.append(tell(case, RECEIVED, APPROVED, DRAWN))
        finally:
            connection.close()

    threads = [threading.Thread(target=hand_in) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(one.accepted) for one in seen) == 3
    assert sum(len(one.duplicates) for one in seen) == 21
    assert Outcome.objects.count() == 3
    assert Decimal("300000.00") == outcomes.of_case(case)[1].amount_cny


def test_the_end_told_while_the_case_is_being_closed_waits_in_no_ring(case):
    firm = stage.firm()
    matters = [stage.case(firm, "bank_a", f"DK-{number}") for number in range(12)]
    for matter in matters:
        stage.consent(firm, matter)
    barrier, failed = threading.Barrier(2), []

    def each(act):
        try:
            for matter in matters:
                barrier.wait()
                act(matter)
        except DatabaseError as error:
            failed.append(error)
            barrier.abort()
        except threading.BrokenBarrierError:
            pass
        finally:
            connection.close()

    def close(matter):
        with suppress(NotPossible):
            cases.close_case(matter, actor=BANK, as_of=stage.NOW)

    acts = (close, lambda matter: tell(matter, RECEIVED, EACH[Stage.REJECTED]))
    threads = [threading.Thread(target=each, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert all(cases.get(matter).closed for matter in matters)
