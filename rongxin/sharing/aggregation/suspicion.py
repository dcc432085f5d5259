"""A batch laid beside the last ones of its provider and item: what a second person has to look at."""

from __future__ import annotations

from rongxin.catalogue.schema import Item
from rongxin.records import filing
from rongxin.sharing.aggregation import gates
from rongxin.sharing.aggregation.assembly import Tally
from rongxin.sharing.models import Batch
from rongxin.sharing.rules import Status


def of(batch: Batch, item: Item, tally: Tally) -> list[dict[str, str]]:
    """Return what a second person has to look at; nothing once one has."""
    if batch.released_at is not None:
        return []
    limits = gates.in_force(batch.received_at.astimezone(filing.CHINA).date())
    filed = Batch.objects.filter(item=batch.item, provider_id=batch.provider_id, status=Status.FILED)
    past = filed.filter(mode=batch.mode, profile__isnull=False).exclude(pk=batch.id)
    last = past.order_by("-received_at", "-id")[: limits.history_batches]
    return gates.findings(
        item, tally.profile, [before.profile or {} for before in last], tally.ending, limits
    )
