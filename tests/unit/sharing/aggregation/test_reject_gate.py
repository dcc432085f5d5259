"""When the share of rows handed back is unusual: by property and at the edges."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from rongxin.sharing.aggregation import gates, reject_gate
from rongxin.sharing.aggregation.reject_gate import HandedBack

LIMITS = gates.in_force(date(2026, 4, 1))
shares = st.tuples(st.integers(0, 300), st.integers(0, 300)).map(
    lambda pair: HandedBack(max(pair), min(pair))
)


def held(rejected: int, *past: int, rows: int = 100) -> bool:
    usual = [HandedBack(100, before) for before in past]
    return bool(reject_gate.findings(HandedBack(rows, rejected), usual, LIMITS))


def test_a_first_batch_is_held_only_where_most_of_it_came_back() -> None:
    assert [held(50), held(51), held(90, 90)] == [False, True, True]


def test_what_is_usual_for_a_provider_passes_and_what_is_not_is_held() -> None:
    assert [held(20, 0, 0, 0), held(21, 0, 0, 0), held(80, 75, 80, 85), held(0, 90, 90, 90)] == [
        False, True, False, False,
    ]  # fmt: skip


def test_a_small_batch_is_not_judged_and_makes_nothing_usual() -> None:
    assert not held(29, rows=29)
    small = [HandedBack(5, 5)] * 6
    assert reject_gate.findings(HandedBack(100, 60), small, LIMITS)


@given(shares, st.lists(shares, max_size=6))
def test_more_rows_handed_back_never_make_a_batch_less_suspicious(
    batch: HandedBack, past: list[HandedBack]
) -> None:
    if batch.rejected < batch.rows and reject_gate.findings(batch, past, LIMITS):
        assert reject_gate.findings(HandedBack(batch.rows, batch.rejected + 1), past, LIMITS)
