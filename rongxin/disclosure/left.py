"""What the register keeps of what left: how each item ended and which records went, never their content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rongxin.disclosure.release import ReleasedItem
from rongxin.exchange.question import Match

Summary = Mapping[str, Sequence[str | int]]


def summary(items: Sequence[ReleasedItem]) -> Summary:
    """Return per item how it ended, from whom it came and how many rows left; of a check also how many values
    were compared and how many of them differed. No content.
    """
    return {
        i.item: [i.availability.value, i.provider, len(i.rows), *_compared(i)]
        for i in items
        if i.rows or i.reason is None
    }


@dataclass(frozen=True)
class Left:
    """What left with an answer, without its content: the summary, and the numbers of the store's records."""

    summary: Summary
    records: tuple[int, ...]


def left_with(items: Sequence[ReleasedItem]) -> Left:
    """Return what an outcome keeps of the items of an answer."""
    numbers = (row.record_id for item in items for row in item.rows if row.record_id)
    return Left(summary(items), tuple(sorted(numbers)))


def _compared(item: ReleasedItem) -> tuple[int, ...]:
    results = list(item.results.values())
    return (len(results), results.count(Match.MISMATCH)) if results else ()
