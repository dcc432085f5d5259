"""Fetch what a plan permits: the store in one read, the providers side by side, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from uuid import UUID

from rongxin.catalogue import regions
from rongxin.consent.rules import business_day
from rongxin.disclosure import plan, rules
from rongxin.disclosure.look import Look
from rongxin.disclosure.release import ReleasedItem, Request, SubjectCard
from rongxin.parties import subjects
from rongxin.records import reading
from rongxin.sharing import calls
from rongxin.sharing.aggregation import sources
from rongxin.sharing.connectors.query import Authority, SubjectKeys
from rongxin.vocabulary.availability import Availability

# Providers answer side by side, so that a report waits for the slowest and not for the sum. These threads
# never touch the ORM: a connector has its own way to its provider.
_PATIENCE_SECONDS = 10.0
_CALLERS = ThreadPoolExecutor(max_workers=16, thread_name_prefix="call")


def collect(
    intent: UUID,
    request: Request,
    plans: Sequence[plan.ItemPlan],
    subject: SubjectCard,
    consent: Look | None,
    *,
    as_of: datetime,
) -> tuple[ReleasedItem, ...]:
    """Return what leaves for each item of the plan, in its order."""
    # No thread and no question for what isn't connected.
    ways = calls.connected(
        (decision.channel.provider, entry.item.item) for entry in plans for decision in entry.calls
    )
    items = {item for _, item in ways}
    keys = _keys([entry for entry in plans if entry.item.item in items], subject)
    called = [(entry, _start(entry, ways, request, keys, consent, as_of)) for entry in plans]
    wanted = [entry.item.item for entry in plans if entry.reads_store]
    stored = reading.of(intent, wanted)
    connected = sources.filed_items()
    until = time.monotonic() + _PATIENCE_SECONDS
    return tuple(
        plan.answer(
            entry,
            stored.get(entry.item.item, ()),
            [
                _await(future, decision, until, as_of)
                for future, decision in zip(futures, entry.calls, strict=True)
            ],
            connected=entry.item.item in connected,
            day=business_day(as_of),
        )
        for entry, futures in called
    )


def _await(
    future: Future[calls.Answer] | None, decision: rules.ChannelDecision, until: float, as_of: datetime
) -> calls.Answer:
    """Wait no longer than the report can: a provider that hangs is unavailable, for it and for nobody
    else.
    """
    if future is None:
        return calls.Answer(Availability.SOURCE_NOT_CONNECTED, decision.channel.provider, as_of)
    try:
        return future.result(timeout=max(0.0, until - time.monotonic()))
    except TimeoutError:
        future.cancel()
        return calls.Answer(Availability.PROVIDER_UNAVAILABLE, decision.channel.provider, as_of)


# Types of field by which a provider finds one subject and no other.
_CODES = frozenset({"uscc", "party_identifier"})


def _keys(plans: Sequence[plan.ItemPlan], subject: SubjectCard) -> SubjectKeys:
    """By what providers may find the subject; by name only where nobody else here bears it."""
    by_name = any(
        entry.calls and not any(entry.item.field(name).type in _CODES for name in entry.item.subject_key)
        for entry in plans
    )
    return SubjectKeys(
        subject.uscc,
        subject.name,
        regions.label(subject.region) if subject.region else "",
        unique_name=by_name and subjects.alone_with_its_name(subject.id),
    )


def _start(
    entry: plan.ItemPlan,
    ways: Collection[tuple[str, str]],
    request: Request,
    keys: SubjectKeys,
    consent: Look | None,
    as_of: datetime,
) -> list[Future[calls.Answer] | None]:
    connected = [(decision.channel.provider, entry.item.item) in ways for decision in entry.calls]
    if not any(connected):
        return [None] * len(connected)
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
        if there
        else None
        for decision, there in zip(entry.calls, connected, strict=True)
    ]
