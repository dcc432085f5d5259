"""Withdrawal against releases under way: real threads, real connections (promises P4)."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connection, transaction

from rongxin.consent import grants, locks
from rongxin.consent.errors import NotPossible
from rongxin.consent.rules import Status
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db(transaction=True)
READERS = 6


@pytest.fixture
def firm() -> stage.Firm:
    return stage.firm()


@pytest.fixture
def grant(firm: stage.Firm) -> grants.Grant:
    return stage.consent(firm, stage.case(firm, stage.bank()))


def in_thread(work: Callable[[], None], failures: list[BaseException]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def release(consent_id: UUID) -> bool:
    """What the gate does in its second transaction: lock shared, read again, let go."""
    with transaction.atomic():
        locks.shared(consent_id)
        return grants.get(consent_id).status is Status.ACTIVE


def test_a_lock_needs_a_transaction(grant: grants.Grant) -> None:
    for lock in (locks.shared, locks.exclusive):
        with pytest.raises(transaction.TransactionManagementError):
            lock(grant.id)


def test_no_release_that_begins_after_the_withdrawal_goes_through(
    firm: stage.Firm, grant: grants.Grant
) -> None:
    withdrawn, failures, late = threading.Event(), list[BaseException](), list[bool]()
    released = itertools.count()
    enough = threading.Event()

    def read() -> None:
        after = 0
        while after < 5:
            began_after = withdrawn.is_set()
            went_through = release(grant.id)
            if next(released) > 30:
                enough.set()
            if began_after:
                after += 1
                late.append(went_through)

    threads = [in_thread(read, failures) for _ in range(READERS)]
    enough.wait(30)
    grants.withdraw(grant.id, actor=firm.owner.actor, as_of=stage.NOW)
    withdrawn.set()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert late == [False] * (5 * READERS)


def test_a_withdrawal_waits_for_a_release_under_way(firm: stage.Firm, grant: grants.Grant) -> None:
    failures, order = list[BaseException](), list[str]()
    holding, let_go = threading.Event(), threading.Event()

    def releasing() -> None:
        with transaction.atomic():
            locks.shared(grant.id)
            holding.set()
            let_go.wait(30)
            order.append("released")

    def withdrawing() -> None:
        grants.withdraw(grant.id, actor=firm.owner.actor, as_of=stage.NOW)
        order.append("withdrawn")

    reader = in_thread(releasing, failures)
    holding.wait(30)
    writer = in_thread(withdrawing, failures)
    while writer.is_alive() and not _somebody_waits():
        pass
    meanwhile = grants.get(grant.id).status
    let_go.set()
    reader.join(30)
    writer.join(30)
    assert meanwhile is Status.ACTIVE
    assert (failures, order) == ([], ["released", "withdrawn"])


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        (waiting,) = cursor.fetchone()
    return bool(waiting)


def test_of_many_withdrawals_at_once_one_happens(firm: stage.Firm, grant: grants.Grant) -> None:
    failures, outcomes = list[BaseException](), list[str]()
    start = threading.Barrier(4)

    def take_back() -> None:
        start.wait(30)
        try:
            grants.withdraw(grant.id, actor=firm.owner.actor, as_of=stage.NOW)
            outcomes.append("withdrawn")
        except NotPossible:
            outcomes.append("refused")

    threads = [in_thread(take_back, failures) for _ in range(4)]
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert sorted(outcomes) == ["refused"] * 3 + ["withdrawn"]
