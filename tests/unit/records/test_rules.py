"""The law of the store: every ending has an owner, a bar and a label; an ended row never moves again."""

from __future__ import annotations

from rongxin.records.rules import BARS, OWNERS, TRANSITIONS, EndedWhy, Fate, State


def test_it_knows_for_every_ending_who_may_write_it_and_what_it_bars() -> None:
    assert set(OWNERS) == set(BARS) == set(EndedWhy)
    assert all(why.label for why in EndedWhy)


def test_it_lets_a_live_row_end_for_each_reason_and_an_ended_one_for_none() -> None:
    assert set(TRANSITIONS) == set(State)
    assert set(TRANSITIONS[State.LIVE]) == set(EndedWhy)
    assert not TRANSITIONS[State.ENDED]


def test_it_stores_what_is_new_what_supersedes_and_what_is_history() -> None:
    assert {fate for fate in Fate if fate.stored} == {Fate.FILED, Fate.SUPERSEDES, Fate.HISTORY}
