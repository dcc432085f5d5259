"""融资申请: fetch what firms apply for, take it up, ask for papers, and decide oneself ((七))."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from rongxin.client import calls
from rongxin.client.calls import Call, Document, Page
from rongxin.client.outcomes import Rejection, Security

Group = Literal["unanswered", "review", "papers", "decided", "ended"]


class Application(Document):
    """An application; `said`, `papers` and `feedback` stand in the answer about one alone."""

    application: UUID
    uscc: str | None
    name: str
    product_name: str
    amount_cny: Decimal
    term_months: int
    state: str
    case: UUID | None
    reference: str | None
    submitted_at: datetime | None
    due_on: date | None
    clock: str | None
    outcomes: list[Any]
    findings: list[Any]


def own(
    *,
    group: Group | None = None,
    find: str | None = None,
    sort: Literal["due", "newest"] | None = None,
    page_rows: int | None = None,
) -> Call[Page[Application]]:
    """List what was submitted to the institution, what has to be answered first, first; `find`: with this in
    the case's reference or the firm's name, or of this code.
    """
    path = "financing-applications"
    return calls.pages(path, Application, group=group, find=find, sort=sort, limit=page_rows)


def show(application: UUID) -> Call[Application]:
    return calls.get(_path(application), Application)


def paper(application: UUID, paper: UUID) -> Call[bytes]:
    """Fetch a paper that the firm handed in."""
    path = f"{_path(application)}/papers/{calls.part(paper)}"
    return Call("GET", path, lambda reply: reply.body, {"Accept": "*/*"})


def take_up(application: UUID) -> Call[Application]:
    """Tell the firm that its application is being looked at: a first answer."""
    return calls.write("POST", f"{_path(application)}/taking-up", Application)


def ask_papers(application: UUID, papers: Sequence[str], words: str = "") -> Call[Application]:
    body = {"papers": list(papers), "words": words}
    return calls.write("POST", f"{_path(application)}/paper-requests", Application, body)


def approve(
    application: UUID,
    *,
    amount_cny: Decimal,
    rate_bp: int,
    term_months: int,
    security: Security,
    words: str = "",
) -> Call[Application]:
    """Grant a line; it becomes an outcome of the case."""
    body = {
        "stage": "approved",
        "amount_cny": amount_cny,
        "rate_bp": rate_bp,
        "term_months": term_months,
        "security": security,
        "words": words,
    }
    return calls.write("POST", f"{_path(application)}/decision", Application, body)


def reject(application: UUID, rejection: Rejection, words: str) -> Call[Application]:
    """Say no, in a class and in words that the firm reads."""
    body = {"stage": "rejected", "rejection": rejection, "words": words}
    return calls.write("POST", f"{_path(application)}/decision", Application, body)


def comment(application: UUID, rating: int, words: str = "") -> Call[Application]:
    """Say how it went, from 1 (bad) to 5 (good), once."""
    body = {"rating": rating, "words": words}
    return calls.write("POST", f"{_path(application)}/feedback", Application, body)


def _path(application: UUID) -> str:
    return f"financing-applications/{calls.part(application)}"
