"""Many clerks at one row: exactly one decides, and the counts say so."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial

import pytest
from django.db import close_old_connections, connection

from rongxin.sharing.aggregation import desk, withdrawal
from rongxin.sharing.errors import DecisionOver, NotFiled, NotWaiting
from rongxin.sharing.models import Decision
from rongxin.vocabulary.actor import Actor, ActorKind

from .conftest import CLERK, Bureau, code
from .desk_stage import COURT, DEBTOR, FIRST, SECOND, Court, counts, firm, live, old_code

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "云州蓝鲸物流有限公司"
COURT_CLERK = Actor(CLERK.kind, CLERK.id, f"provider:{COURT}")
TOO_LATE = (NotWaiting, DecisionOver, NotFiled)


def _at_once(acts: Sequence[Callable[[], object]]) -> tuple[list[object], list[Exception]]:
    done: list[object] = []
    failed: list[Exception] = []
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        start.wait()
        try:
            done.append(act())
        except Exception as error:
            failed.append(error)
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done, failed


@pytest.mark.parametrize("item", ["honours", DEBTOR])
def test_of_clerks_who_decide_on_one_row_at_once_exactly_one_does(bureau: Bureau, item: str) -> None:
    court = Court(bureau)
    firms = [firm(number, f"{NAME}{number}") for number in range(1, 5)]
    if item == DEBTOR:
        batch = court.lists(("（2026）云01执1号", NAME, old_code(1)))
    else:
        batch = court.honours((NAME, "?", "示范企业"))
    now = court.later()

    def clerk(number: int) -> Callable[[], object]:
        actor = Actor(ActorKind.ACCOUNT, f"clerk{number}", "operator:node")
        if number == 4:
            return lambda: desk.dismiss(batch, 2, reason="无", actor=actor, as_of=now)
        return lambda: desk.match(batch, 2, code(number), actor=actor, as_of=now)

    done, failed = _at_once([clerk(number) for number in range(1, 5)])
    assert (len(done), [type(one) for one in failed]) == (1, [NotWaiting] * 3)
    assert Decision.objects.count() == 1
    assert sum(len(live(subject, item)) for subject in firms) == counts(batch)[0]
    assert counts(batch)[2] == (1 if item == DEBTOR else 0)


def test_of_confirming_and_declining_at_once_one_happens(bureau: Bureau) -> None:
    court, subject = Court(bureau), firm(1, NAME)
    batch = court.lists(("（2026）云01执1号", NAME, old_code(1)))
    card, now = court.matches(batch, 2, 1), court.later()
    third = Actor(ActorKind.ACCOUNT, "third", "operator:node")
    acts = [
        lambda: desk.confirm(card.id, actor=SECOND, as_of=now),
        lambda: desk.confirm(card.id, actor=third, as_of=now),
    ]
    done, failed = _at_once(acts)
    assert (len(done), [type(one) for one in failed]) == (1, [DecisionOver])
    assert (live(subject, DEBTOR), counts(batch)) == ([(batch, 2)], (1, 0, 0, 0))
    undo = [partial(desk.reverse, card.id, reason="错", actor=actor, as_of=now) for actor in (FIRST, third)]
    done, failed = _at_once(undo)
    assert (len(done), [type(one) for one in failed]) == (1, [DecisionOver])
    assert (live(subject, DEBTOR), counts(batch)) == ([], (0, 0, 1, 0))


def test_a_match_and_the_withdrawal_of_its_batch_leave_nothing(bureau: Bureau) -> None:
    court, subject = Court(bureau), firm(1, NAME)
    batch = court.honours((NAME, "?", "示范企业"))
    now = court.later()
    clerk = Actor(CLERK.kind, CLERK.id, CLERK.party)
    acts = [
        lambda: desk.match(batch, 2, code(1), actor=FIRST, as_of=now),
        lambda: withdrawal.withdraw(batch, actor=clerk, as_of=now),
    ]
    _, failed = _at_once(acts)
    assert all(isinstance(error, TOO_LATE) for error in failed), failed
    assert live(subject) == []
