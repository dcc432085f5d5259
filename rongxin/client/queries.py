"""用量与查询记录: what the institution itself asked, and what it may still ask today ((十))."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from rongxin.client import calls
from rongxin.client.calls import Call, Document, Page
from rongxin.vocabulary.purpose import Purpose


class Query(Document):
    """One request of the institution's; `reason` says why one was refused."""

    request: UUID
    asked_at: datetime
    person: str
    purpose: str
    reference: str
    outcome: Literal["released", "refused", "open"]
    reason: str | None
    reason_label: str | None
    kept_until: date | None


class Count(Document):
    """One count of the day: of the institution (`whose` is None), of a branch or of a person."""

    scope: str
    label: str
    whose: str | None
    used: int
    left: int
    allowed: int


class Quota(Document):
    institution: str
    daily_quota: int
    counts: list[Count]


def own(
    *,
    find: str | None = None,
    person: str | None = None,
    purpose: Purpose | None = None,
    outcome: Literal["released", "refused", "open"] | None = None,
    since: date | None = None,
    until: date | None = None,
    page_rows: int | None = None,
) -> Call[Page[Query]]:
    """List what the institution asked, the newest first; `find`: with this in its own case number."""
    asked = {"find": find, "person": person, "purpose": purpose, "outcome": outcome}
    return calls.pages("queries", Query, **asked, since=since, until=until, limit=page_rows)


def quota() -> Call[Quota]:
    return calls.get("queries/quota", Quota)
