"""处置案卷与措施: what the watch found of the queries, the explanation, and what was imposed ((十))."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from rongxin.client import calls
from rongxin.client.calls import Call, Document, Page


class Incident(Document):
    """A finding, what was done at once, and until when the institution may explain it."""

    incident: UUID
    rule: str
    rule_label: str
    person: str | None
    action: str
    figures: dict[str, Any]
    seen_from: datetime
    seen_until: datetime
    statement_due_on: date
    state: str
    overdue: bool
    statement: str | None
    decision: str | None


class Measure(Document):
    """What was imposed on the institution, proposed or lifted, and why."""

    measure: UUID
    act: str
    act_label: str
    scope: str | None
    key: str | None
    allowed: int | None
    why: str
    state: str
    proposed_at: datetime
    decided_at: datetime | None


def own(*, all: bool = False, page_rows: int | None = None) -> Call[Page[Incident]]:
    """List the incidents that aren't decided, the newest first; `all` adds those that are."""
    return calls.pages("incidents", Incident, live=not all, limit=page_rows)


def explain(incident: UUID, statement: str) -> Call[Incident]:
    """Explain what happened, once; the operator decides with the explanation before it."""
    path = f"incidents/{calls.part(incident)}/statement"
    return calls.write("POST", path, Incident, {"statement": statement})


def measures(*, open_only: bool = False, page_rows: int | None = None) -> Call[Page[Measure]]:
    """List the measures, the newest first; `open_only` leaves those that wait for a second person."""
    return calls.pages("measures", Measure, open_only=open_only, limit=page_rows)
