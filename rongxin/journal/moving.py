"""The journal on its way out: every entry's body, by which its leaf can be computed anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rongxin.journal.models import Entry


def out_of() -> Iterator[dict[str, Any]]:
    """Yield id and body of every entry in the order of ids (about that of time)."""
    for id, body in Entry.objects.order_by("id").values_list("id", "body").iterator(chunk_size=5_000):
        yield {"id": str(id), "body": body}
