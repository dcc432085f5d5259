"""What a recipient itself asked: its own log, by which it lays every query beside its business ((十))."""

from __future__ import annotations

from rongxin.disclosure.models import Intent
from rongxin.disclosure.register import UseOfData, as_use
from rongxin.journal import windows
from rongxin.journal.windows import Part, Window


def of(kind: str, recipient: str, window: Window) -> Part[UseOfData]:
    """Return a part of what a recipient asked, the newest first, refusals included."""
    rows = Intent.objects.filter(recipient_kind=kind, recipient=recipient).select_related("outcome")
    return windows.part(rows, window, "-asked_at", "id").of(as_use)
