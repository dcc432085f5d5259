"""What a recipient itself asked: its own log, by which it lays every query beside its business ((十))."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from rongxin.disclosure.models import Intent
from rongxin.disclosure.register import UseOfData, as_use
from rongxin.journal import windows
from rongxin.journal.windows import Part, Window

_OUTCOMES = {
    "released": Q(outcome__released=True),
    "refused": Q(outcome__released=False),
    "open": Q(outcome=None),
}


@dataclass(frozen=True)
class Wanted:
    """Which lines are wanted; what is empty narrows nothing. `until` is the first moment left out."""

    person: str = ""
    purpose: str = ""
    outcome: str = ""
    reference: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def condition(self) -> Q:
        given = Q()
        if self.person:
            given &= Q(person__icontains=self.person)
        if self.purpose:
            given &= Q(purpose=self.purpose)
        if self.outcome:
            given &= _OUTCOMES.get(self.outcome, Q())
        if self.reference:
            given &= Q(reference__icontains=self.reference)
        if self.since is not None:
            given &= Q(asked_at__gte=self.since)
        if self.until is not None:
            given &= Q(asked_at__lt=self.until)
        return given


_EVERYTHING = Wanted()


def of(kind: str, recipient: str, window: Window, wanted: Wanted = _EVERYTHING) -> Part[UseOfData]:
    """Return a part of what a recipient asked, the newest first, refusals included."""
    rows = Intent.objects.filter(wanted.condition(), recipient_kind=kind, recipient=recipient)
    return windows.part(rows.select_related("outcome"), window, "-asked_at", "id").of(as_use)
