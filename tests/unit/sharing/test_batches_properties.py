"""Whatever a file holds, its rows add up; handing it in again changes nothing; many hands make one batch."""

from __future__ import annotations

import os
import threading
from itertools import count, permutations
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import close_old_connections, connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongxin.parties import subjects
from rongxin.sharing.aggregation import batches, outcomes, spool, withdrawal
from rongxin.sharing.aggregation.ahead import ahead
from rongxin.sharing.errors import Refused
from rongxin.sharing.models import Batch
from rongxin.sharing.rules import RowOutcome, Status
from tests.unit.records import stored

from .conftest import CLERK, NOW, PROVIDER, Bureau, code

PENALTY = "administrative_penalty"
HEADER = ("企业名称", "统一社会信用代码", "行政处罚决定书文号", "罚款金额", "行政处罚决定日期")
RUNS = count()
CODES = st.sampled_from([code(1), code(2), code(3)[:17] + "?", "", "12345678-9", "11010519491231002X"])
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["云州公司", "", "=1+1", "张三"]),
        CODES,
        st.sampled_from(["一号", "二号", "三号", ""]),
        st.sampled_from(["1", "2", "壹", "-5", ""]),
        st.sampled_from(["2026-03-01", "2026年3月1日", "2030-01-01", "昨天", ""]),
    ),
    min_size=1,
    max_size=12,
)
LAX = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.django_db
@LAX
@given(rows=ROWS)
def test_the_rows_of_a_file_add_up_and_a_second_time_changes_nothing(
    bureau: Bureau, rows: list[tuple[str, ...]]
) -> None:
    numbered = [(*row[:2], row[2] and f"{row[2]}-{next(RUNS)}", *row[3:]) for row in rows]
    path = bureau.writes(HEADER, numbered)
    receipt = bureau.submits(path, PENALTY)
    assert receipt.batch is not None
    ends = list(outcomes.of_batch(receipt.batch, list(RowOutcome)))
    counted = receipt.counts
    written = sum(1 for row in numbered if any(row))
    assert counted.read == written == counted.accepted + len(ends)
    assert [end.line for end in ends] == sorted({end.line for end in ends})
    assert all(end.rule and end.message for end in ends)
    assert {line.line for line in receipt.rejects} == {
        e.line for e in ends if e.outcome is RowOutcome.REJECTED
    }
    again = bureau.submits(path, PENALTY)
    assert (again.batch, again.counts, again.repeated) == (receipt.batch, counted, True)


@pytest.mark.django_db
def test_two_files_of_different_records_may_come_in_any_order(bureau: Bureau) -> None:
    files = [[("云州公司", code(1), f"{n}号", str(n), "2026-03-01")] for n in range(3)]
    seen = set()
    for order in permutations(range(3)):
        ids = [bureau.submits(bureau.writes(HEADER, files[n]), PENALTY).batch for n in order]
        subject = subjects.find(code(1))
        assert subject is not None
        rows = stored.of(subject.id, [PENALTY], as_of=bureau.today)[PENALTY]
        seen.add(tuple(sorted(row.payload["fine_cny"] for row in rows)))
        for batch in ids:
            assert batch is not None
            withdrawal.withdraw(batch, actor=CLERK, as_of=bureau.today)
    assert seen == {("0", "1", "2")}


@pytest.mark.django_db(transaction=True)
def test_the_same_file_from_eight_hands_at_once_is_one_batch(bureau: Bureau) -> None:
    path = bureau.writes(HEADER, [("云州公司", code(n), f"{n}号", "1", "2026-03-01") for n in range(50)])
    found = _at_once([path] * 8)
    assert len({receipt.batch for receipt in found}) == 1
    assert Batch.objects.count() == 1
    assert {receipt.counts.accepted for receipt in found} == {50}


@pytest.mark.django_db(transaction=True)
def test_files_of_the_same_firms_at_once_are_all_filed(bureau: Bureau) -> None:
    """Each opens the same unknown firms, in another order: none may lose to the other."""
    paths = []
    for number in range(6):
        firms = range(40) if number % 2 else range(39, -1, -1)
        rows = [("云州公司", code(n), f"{number}-{n}号", "1", "2026-03-01") for n in firms]
        paths.append(bureau.writes(HEADER, rows))
    assert [receipt.counts.accepted for receipt in _at_once(paths)] == [40] * 6


def _at_once(paths: list[Path]) -> list[batches.Receipt]:
    found: list[batches.Receipt] = []
    failed: list[Exception] = []

    def hand_in(path: Path) -> None:
        try:
            found.append(batches.submit(path, item=PENALTY, provider=PROVIDER, actor=CLERK, as_of=NOW))
        except Exception as error:
            failed.append(error)
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=hand_in, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    return found


@pytest.mark.django_db
def test_it_resumes_what_was_received_and_refuses_what_it_lost(bureau: Bureau) -> None:
    one, other = (bureau.writes(HEADER, [("云州公司", code(n), f"{n}号", "1", "2026-03-01")]) for n in (1, 2))
    kept, _ = batches.receive(one, item=PENALTY, provider=PROVIDER, actor=CLERK, as_of=NOW)
    lost, _ = batches.receive(other, item=PENALTY, provider=PROVIDER, actor=CLERK, as_of=NOW)
    spool.drop(lost)
    cards = {card.id: card for card in batches.resume_unfinished(as_of=NOW)}
    assert (cards[kept].status, cards[kept].counts.accepted) == (Status.FILED, 1)
    assert cards[lost].status is Status.REFUSED
    assert (cards[lost].refusal or {})["code"] == "spool_lost"
    assert batches.resume_unfinished(as_of=NOW) == []
    with pytest.raises(Refused):
        batches.file(lost, as_of=NOW)


def test_working_ahead_keeps_the_order_and_hands_errors_on() -> None:
    assert list(ahead(iter(range(50)))) == list(range(50))

    def failing() -> object:
        yield 1
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        list(ahead(failing()))  # type: ignore[call-overload]
    endless = ahead(iter(int, 1))
    next(endless)
    endless.close()
    assert "ahead" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.django_db
def test_it_sweeps_what_a_kill_left_on_disk_and_nothing_else(bureau: Bureau, tmp_path: Path) -> None:
    path = bureau.writes(HEADER, [("云州公司", code(1), "一号", "1", "2026-03-01")])
    receipt = bureau.submits(path, PENALTY)
    assert receipt.batch is not None
    left, fresh, old = (spool.path_of(number) for number in (receipt.batch, uuid4(), uuid4()))
    for file in (left, fresh, old):
        file.write_bytes(b"x")
    os.utime(old, (0, 0))
    batches.resume_unfinished(as_of=NOW)
    assert (left.exists(), fresh.exists(), old.exists()) == (False, True, False)
