"""A batch laid beside the last ones of its provider and item: what a second person has to look at."""

from __future__ import annotations

from rongxin.catalogue.schema import Item
from rongxin.records import filing
from rongxin.sharing.aggregation import gates, reject_gate
from rongxin.sharing.aggregation.assembly import Tally
from rongxin.sharing.models import Batch, Outcome
from rongxin.sharing.rules import NEVER_KEPT, Status


def of(batch: Batch, item: Item, tally: Tally) -> list[dict[str, str]]:
    """Return what a second person has to look at; nothing once one has.

    Called in the transaction that files the batch: its rejects are counted where they were just written.
    """
    if batch.released_at is not None:
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
    back = _handed_back(batch, tally.read, tally.rejected)
    usual = [_handed_back(before, before.read, before.rejected) for before in last]
    return found + reject_gate.findings(back, usual, limits)


def _handed_back(batch: Batch, read: int, rejected: int) -> reject_gate.HandedBack:
    """Of a batch without rejects nothing has to be counted."""
    never = Outcome.objects.filter(batch_id=batch.id, rule__in=NEVER_KEPT).count() if rejected else 0
    return reject_gate.HandedBack(rows=read - never, rejected=rejected - never)
