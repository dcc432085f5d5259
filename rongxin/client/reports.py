"""报告: one question about one firm, answered as data, page or PDF, claims verified with it ((六))."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from pydantic import TypeAdapter

from rongxin.client import calls
from rongxin.client.calls import Call, Document, Plan, Reply, Wait
from rongxin.client.errors import ClientError
from rongxin.vocabulary.purpose import Purpose

T = TypeVar("T")


@dataclass(frozen=True)
class Question:
    """What is asked about whom, and by whom. Without case and consent the answer is the public report.

    `claims` are values to be verified: item → field → what the firm says. `seal_to` is a public key to which
    providers seal their answers.
    """

    uscc: str
    reference: str
    person: str
    purpose: Purpose = Purpose.FINANCING_SUPPORT
    branch: str = ""
    case: UUID | None = None
    consent: UUID | None = None
    items: Sequence[str] | None = None
    claims: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    seal_to: str = ""

    def body(self) -> dict[str, Any]:
        return calls.filled(self)


class Verified(Document):
    """What a department said of one claimed value; never a value of its own."""

    item: str
    name: str
    label: str
    result: str
    display: str


class Report(Document):
    """A report as data, item by item, with a reason and an article for all that is withheld."""

    report: UUID
    kind: str
    issued_at: datetime
    subject: dict[str, Any]
    summary: dict[str, int]
    sections: list[dict[str, Any]]
    consent_would_add: list[dict[str, Any]]
    proof: dict[str, str]

    def items(self) -> Iterator[Mapping[str, Any]]:
        """Go through the items in the annex's order."""
        for section in self.sections:
            yield from section["items"]

    def verified(self) -> Iterator[Verified]:
        """Go through what was verified of the question's claims."""
        for item in self.items():
            for one in item.get("results", ()):
                yield Verified(item=item["item"], **one)


@dataclass(frozen=True)
class Given:
    """A report, and the bytes that came: keep these, the journal commits to what they say."""

    report: Report
    content: bytes


def ask(question: Question) -> Call[Given]:
    """Ask for the report as data."""
    return _asked(question, "application/json", _given)


def ask_page(question: Question) -> Call[str]:
    """Ask for the report as a page (HTML)."""
    return _asked(question, "text/html", _text)


def ask_pdf(question: Question) -> Call[bytes]:
    """Ask for the report as a signed PDF."""
    return _asked(question, "application/pdf", _bytes)


class Progress(Document):
    """How far a request is that is answered later; while it is `ready` it is collected by `again`."""

    request: UUID
    status: str
    status_label: str
    asked_at: datetime
    collect_by: datetime | None
    reason: str | None


class NotReady(ClientError):
    """The answer wasn't there in the time that was given; go on with `progress` and `again`."""

    code = "not_ready"

    def __init__(self, request: UUID, seconds: float) -> None:
        super().__init__(f"{request}: not ready after {seconds:.0f} s; go on asking for its progress")
        self.request = request


def ask_later(question: Question) -> Call[Progress]:
    """Have the question answered in the providers' own time, which may be a minute (RFC 7240)."""
    call = calls.write("POST", "reports", Progress, question.body())
    return Call(call.method, call.path, call.read, {**call.headers, "Prefer": "respond-async"}, call.body)


def progress(request: UUID) -> Call[Progress]:
    return calls.get(f"reports/{calls.part(request)}/status", Progress)


def awaited(question: Question, *, seconds: float = 120.0, every_seconds: float = 2.0) -> Plan[Given]:
    """Ask, wait until the answer is ready, and collect it; raises `NotReady`, or the node's refusal.

    Whoever is told by webhook (`report.ready`) sends `ask_later` and then `again`.
    """
    found: Progress = yield ask_later(question)
    waited = 0.0
    while found.status == "waiting":
        if waited >= seconds:
            raise NotReady(found.request, seconds)
        yield Wait(every_seconds)
        waited += every_seconds
        found = yield progress(found.request)
    given: Given = yield again(found.request)
    return given


def again(report: UUID) -> Call[Given]:
    """Collect what was asked for later, or have an earlier report again while its consent lets the answers
    be kept; no provider is asked.
    """
    return _again(report, "application/json", _given)


def again_page(report: UUID) -> Call[str]:
    return _again(report, "text/html", _text)


def again_pdf(report: UUID) -> Call[bytes]:
    return _again(report, "application/pdf", _bytes)


def _asked(question: Question, form: str, read: Callable[[Reply], T]) -> Call[T]:
    call = calls.write("POST", "reports", Report, question.body())
    return Call(call.method, call.path, read, {**call.headers, "Accept": form}, call.body)


def _again(report: UUID, form: str, read: Callable[[Reply], T]) -> Call[T]:
    return Call("GET", f"reports/{calls.part(report)}", read, {"Accept": form})


def _given(reply: Reply) -> Given:
    return Given(calls.parse(TypeAdapter(Report), reply), reply.body)


def _text(reply: Reply) -> str:
    return reply.body.decode()


def _bytes(reply: Reply) -> bytes:
    return reply.body
