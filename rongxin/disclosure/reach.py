"""Fetch what a plan permits: the store in one read, the providers side by side, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from rongxin.catalogue import regions
from rongxin.disclosure import plan, rules
from rongxin.disclosure.look import Look
from rongxin.disclosure.release import ReleasedItem, Request, SubjectCard
from rongxin.records import reading
from rongxin.sharing import calls
from rongxin.sharing.aggregation import sources
from rongxin.sharing.connectors.query import Authority, SubjectKeys

# Providers answer side by side, so that a report waits for the slowest and not for the sum. These threads
# never touch the ORM: a connector has its own way to its provider.
_CALLERS = ThreadPoolExecutor(max_workers=16, thread_name_prefix="call")


def collect(
    request: Request,
    plans: Sequence[plan.ItemPlan],
    subject: SubjectCard,
    consent: Look | None,
    *,
    as_of: datetime,
) -> tuple[ReleasedItem, ...]:
    """Return what leaves for each item of the plan, in its order."""
    called = [(entry, _start(entry, request, subject, consent, as_of)) for entry in plans]
    wanted = [entry.item.item for entry in plans if entry.reads_store]
    stored = reading.of(subject.id, wanted, as_of=as_of)
    connected = sources.filed_items()
    return tuple(
        plan.answer(
            entry,
            stored.get(entry.item.item, ()),
            [future.result() for future in futures],
            connected=entry.item.item in connected,
        )
        for entry, futures in called
    )


def _start(
    entry: plan.ItemPlan, request: Request, subject: SubjectCard, consent: Look | None, as_of: datetime
) -> list[Future[calls.Answer]]:
    keys = SubjectKeys(subject.uscc, subject.name, regions.label(subject.region) if subject.region else "")
    authority = Authority(own=request.recipient.kind is rules.RecipientKind.SUBJECT)
    if consent is not None:
        authority = Authority(consent.grant.artefact, consent.grant.status, consent.ask(request, entry.item))
    return [
        _CALLERS.submit(
            calls.call,
            entry.item,
            decision.channel,
            subject=keys,
            fields=[name for name, decided in decision.fields.items() if decided.leaves],
            authority=authority,
            as_of=as_of,
        )
        for decision in entry.calls
    ]
