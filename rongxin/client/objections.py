"""异议: what firms object to in the outcomes that the institution told, and its answer ((七)(九))."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from rongxin.client import calls
from rongxin.client.calls import Call, Document, Page


class Objection(Document):
    """An objection to one step; `statement` stands where one was asked for by itself."""

    objection: UUID
    item: str
    record: int | None
    fields: list[Any]
    state: str
    lodged_at: datetime
    due_on: date
    overdue: bool
    reason: str | None
    statement: str | None = None
    evidence: list[Any] | None = None


def own(
    *,
    all: bool = False,
    find: str | None = None,
    sort: Literal["due", "newest"] | None = None,
    page_rows: int | None = None,
) -> Call[Page[Objection]]:
    """List what waits for the institution's answer, the first due first; `all` adds those answered; `find`:
    of firms with this in their name.
    """
    return calls.pages("objections", Objection, open_only=not all, find=find, sort=sort, limit=page_rows)


def show(objection: UUID) -> Call[Objection]:
    """Return one with what the firm says."""
    return calls.get(_path(objection), Objection)


def evidence(objection: UUID, paper: UUID) -> Call[bytes]:
    """Fetch a piece of evidence, while the objection is open; the firm is told."""
    path = f"{_path(objection)}/evidence/{calls.part(paper)}"
    return Call("GET", path, lambda reply: reply.body, {"Accept": "*/*"})


def uphold(objection: UUID, reason: str) -> Call[Objection]:
    """Say that the firm is right, once the step was corrected or taken back (`outcomes`)."""
    body = {"outcome": "upheld", "reason": reason, "remedy": {"act": "at_source"}}
    return calls.write("POST", f"{_path(objection)}/decision", Objection, body)


def reject(objection: UUID, reason: str) -> Call[Objection]:
    """Say why the step stands as it was told."""
    body = {"outcome": "rejected", "reason": reason}
    return calls.write("POST", f"{_path(objection)}/decision", Objection, body)


def _path(objection: UUID) -> str:
    return f"objections/{calls.part(objection)}"
