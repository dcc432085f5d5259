"""A batch laid beside the last ones of its provider and item: what a second person has to look at."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from django.db.models import Count

from rongxin.catalogue.schema import Item
from rongxin.records import filing
from rongxin.sharing.aggregation import gates, reject_gate
from rongxin.sharing.aggregation.assembly import Tally
from rongxin.sharing.models import Batch, Outcome
from rongxin.sharing.rules import NEVER_KEPT, Mode, Status


def of(batch: Batch, item: Item, tally: Tally) -> list[dict[str, str]]:
    """Return what a second person has to look at; nothing once one has.

    Called in the transaction that files the batch: its rejects are counted where they were just written.
    """
    # Answers are as many as were asked for; what they may end, `sharing.bulk` looks at.
    if batch.released_at is not None or batch.mode == Mode.ANSWERS:
        return []
    limits = gates.in_force(batch.received_at.astimezone(filing.CHINA).date())
    filed = Batch.objects.filter(item=batch.item, provider_id=batch.provider_id, status=Status.FILED)
    past = filed.filter(mode=batch.mode, profile__isnull=False).exclude(pk=batch.id)
    last = list(past.order_by("-received_at", "-id")[: limits.history_batches])
    found = gates.findings(
        item, tally.profile, [before.profile or {} for before in last], tally.ending, limits
    )
    if not tally.rejected:
        return found
    never = _never_kept([batch, *(before for before in last if before.rejected)])
    back = _handed_back(tally.read, tally.rejected, never[batch.id])
    usual = [_handed_back(before.read, before.rejected, never[before.id]) for before in last]
    return found + reject_gate.findings(back, usual, limits)


def _never_kept(batches: list[Batch]) -> Counter[UUID]:
    """Count, of each batch, the rows that may not be stored at all."""
    rows = Outcome.objects.filter(batch__in=batches, rule__in=NEVER_KEPT)
    return Counter(dict(rows.values_list("batch_id").annotate(Count("line"))))


def _handed_back(read: int, rejected: int, never: int) -> reject_gate.HandedBack:
    return reject_gate.HandedBack(rows=read - never, rejected=rejected - never)
