"""更正通知: what the institution is told of records it received that are over, and its answer ((九)(十))."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from rongxin.client import calls
from rongxin.client.calls import Call, Document, Page
from rongxin.proof import jws
from rongxin.proof.keys import VerifyingKey

NOTICE_TYPE = "correction-notice+jws"


class Notice(Document):
    """A notice as it is listed; `notice` (the node's JWS) stands where one was asked for by itself."""

    correction: UUID
    item: str
    item_label: str
    record: int
    why: str
    why_label: str
    state: str
    told_at: datetime
    due_on: date
    overdue: bool
    done: str | None
    notice: str | None = None


def owed(*, all: bool = False, page_rows: int | None = None) -> Call[Page[Notice]]:
    """List the notices that wait for an answer; `all` adds those answered."""
    return calls.pages("corrections", Notice, owed_only=not all, limit=page_rows)


def show(correction: UUID) -> Call[Notice]:
    return calls.get(f"corrections/{calls.part(correction)}", Notice)


def acknowledge(
    correction: UUID, done: Literal["corrected", "deleted", "not_held"], note: str = ""
) -> Call[Notice]:
    """Say what became of the copy."""
    path = f"corrections/{calls.part(correction)}/acknowledgement"
    return calls.write("POST", path, Notice, {"done": done, "note": note})


def requests_of(notice: Notice, keys: Mapping[str, VerifyingKey]) -> list[dict[str, Any]]:
    """Check a notice's signature and return by which requests the record was received; raises `Forged`."""
    told = jws.verify(notice.notice or "", keys, type=NOTICE_TYPE)
    requests: list[dict[str, Any]] = told["requests"]
    return requests
