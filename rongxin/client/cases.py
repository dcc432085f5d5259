"""融资业务: every request that rests on a consent belongs to a case, under the institution's own number."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from rongxin.client import calls
from rongxin.client.calls import Call, Document, Page

Kind = Literal["loan_application", "loan", "guarantee", "insurance"]


class Case(Document):
    case: UUID
    reference: str
    kind: str
    opened_on: date
    closed_on: date | None


def open_case(uscc: str, reference: str, kind: Kind = "loan_application") -> Call[Case]:
    return calls.write("POST", "cases", Case, {"uscc": uscc, "reference": reference, "kind": kind})


def own(
    *,
    find: str | None = None,
    kind: Kind | None = None,
    closed: bool | None = None,
    sort: Literal["newest", "oldest"] | None = None,
    page_rows: int | None = None,
) -> Call[Page[Case]]:
    """List the institution's cases, those opened last first; `find`: with this in the reference or the firm's
    name, or of this code.
    """
    return calls.pages("cases", Case, find=find, kind=kind, closed=closed, sort=sort, limit=page_rows)


def show(case: UUID) -> Call[Case]:
    return calls.get(f"cases/{calls.part(case)}", Case)


def close(case: UUID) -> Call[Case]:
    return calls.write("POST", f"cases/{calls.part(case)}/close", Case)
