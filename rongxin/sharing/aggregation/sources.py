"""Which items have a source at all: the difference between "no record" and "source not connected"."""

from __future__ import annotations

import time

from django.db.models import Sum

from rongxin.sharing.models import Batch, MovedFile
from rongxin.sharing.rules import Status

# How long the answer may be old. It is about sources, never about a subject or a consent.
_FRESH_SECONDS = 10.0
_known: tuple[float, frozenset[str]] | None = None


def filed_items() -> frozenset[str]:
    """Return the items of which at least one batch is filed here, or rows were moved in."""
    global _known
    now = time.monotonic()
    if _known is None or now - _known[0] > _FRESH_SECONDS:
        filed = Batch.objects.filter(status=Status.FILED).values_list("item", flat=True).distinct()
        moved = MovedFile.objects.exclude(item="").values_list("item", flat=True).distinct()
        _known = (now, frozenset(filed) | frozenset(moved))
    return _known[1]


def accepted_rows() -> int:
    """Return how many rows the filed batches brought, for the public page."""
    total = Batch.objects.filter(status=Status.FILED).aggregate(total=Sum("accepted"))["total"]
    return int(total or 0)


def forget() -> None:
    """Ask the database again next time."""
    global _known
    _known = None
