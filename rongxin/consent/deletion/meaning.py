"""What withdrawing means, told before and after it: a dated text like the risk notice, Chinese first."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from rongxin.consent import notices
from rongxin.consent.errors import ConsentError
from rongxin.consent.notices import Notice

DIRECTORY = Path(__file__).parents[1] / "withdrawal_notices"


@cache
def every() -> tuple[Notice, ...]:
    """Return all editions, the oldest first."""
    return tuple(sorted(map(notices.load, DIRECTORY.glob("*.md")), key=lambda notice: notice.effective_from))


def current(on: date) -> Notice:
    """Return the text in force on a day; before the first one, the first."""
    if not every():
        raise ConsentError("no text on withdrawal; add one to consent/withdrawal_notices/")
    return ([notice for notice in every() if notice.effective_from <= on] or list(every()[:1]))[-1]
