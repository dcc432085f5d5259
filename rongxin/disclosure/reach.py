"""Fetch what a plan permits: the store in one read, the providers side by side, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from rongxin.disclosure import plan, rules
from rongxin.disclosure.look import Look
from rongxin.disclosure.release import ReleasedItem, SubjectCard
from rongxin.records import reading
from rongxin.sharing import calls

# Providers answer side by side, so that a report waits for the slowest and not for the sum. These threads never
# touch the ORM: a connector has its own way to its provider.
_CALLERS = ThreadPoolExecutor(max_workers=16, thread_name_prefix="call")


def collect(
    plans: Sequence[plan.ItemPlan], subject: SubjectCard, consent: Look | None, *, as_of: datetime
) -> tuple[ReleasedItem, ...]:
    """Return what leaves for each item of the plan, in its order."""
    called = [(entry, _start(entry, subject, consent, as_of)) for entry in plans]
    stored_items = [entry.item.item for entry in plans if entry.reads_store]
    stored = reading.of(subject.id, stored_items, as_of=as_of) if stored_items else {}
    connected = reading.connected_items()
    return tuple(
        plan.answer(
            entry,
            stored.get(entry.item.item, ()),
            [future.result() for future in futures],
            connected=entry.item.item in connected,
        )
        for entry, futures in called
    )
