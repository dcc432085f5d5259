"""接入: whether the institution is served, its yearly renewal, and what is registered of it ((五)(十))."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from rongxin.client import calls
from rongxin.client.calls import Call, Document, Page


class Standing(Document):
    """Served or not, through which day, and if not, what to do."""

    institution: str
    standing: str
    assessed_until: date | None
    #: Through which day it is served while a condition of its approval is not met; None: none ends it.
    conditions_until: date | None = None
    served: bool
    reason: str | None
    message: str
    cases_required: bool


class Extension(Document):
    """A request for a later day of a condition, and what was answered."""

    extension: UUID
    due_before: date
    due_wanted: date
    reason: str
    state: str
    asked_at: datetime
    decided_at: datetime | None
    answer: str | None


class Condition(Document):
    """A condition of an approval: by when it is due, how it stands, what was said to the last report."""

    condition: UUID
    application: UUID
    number: int
    text: str
    due_on: date | None
    state: str
    overdue: bool
    served_until: date | None
    statement: str | None
    evidence_sha256: str | None
    reported_at: datetime | None
    answer: str | None
    answered_at: datetime | None
    #: The newest first; of a node from before they could be asked for, none.
    extensions: tuple[Extension, ...] = ()


class Asked(Document):
    """A condition as an assessment names it."""

    text: str
    due_on: date | None


class Handed(Document):
    """A file that is here."""

    name: str
    media_type: str
    size_bytes: int
    sha256: str


class Renewal(Document):
    """An application for another year; `lacking` names the documents whose file is still to come."""

    application: UUID
    state: str
    questionnaire: str
    documents: dict[str, str]
    files: list[Handed]
    lacking: list[str]
    percent: int | None
    conditions: list[Asked]
    submitted_at: datetime
    reason: str | None
    valid_until: date | None


class Certificate(Document):
    """What the certificate says by which a key was registered."""

    subject: str
    issuer: str
    serial: str
    sha256: str
    valid_from: datetime
    valid_until: datetime


class Key(Document):
    """A public key by which the institution is known, and the days in which it is believed.

    `trouble`: why its certificate, and the key with it, is not believed at present.
    """

    key: UUID
    kid: str
    purpose: str
    account: int | None
    valid_from: date
    valid_until: date
    confirmed_at: datetime | None
    revoked_at: datetime | None
    certificate: Certificate | None = None
    trouble: str | None = None


class RedirectUri(Document):
    """Where the institution's customers are sent back."""

    redirect_uri: UUID
    uri: str
    confirmed_at: datetime | None
    revoked_at: datetime | None


def standing(institution: str) -> Call[Standing]:
    return calls.get(f"{_path(institution)}/standing", Standing)


def renewals(institution: str, *, page_rows: int | None = None) -> Call[Page[Renewal]]:
    """List the renewals, the newest first."""
    return calls.pages(f"{_path(institution)}/renewals", Renewal, limit=page_rows)


def renew(institution: str, documents: Mapping[str, str]) -> Call[Renewal]:
    """Apply for another year, as the administrator; `documents` gives each one its SHA-256."""
    return calls.write("POST", f"{_path(institution)}/renewals", Renewal, {"documents": dict(documents)})


def hand_in(institution: str, renewal: UUID, file: Path) -> Call[Renewal]:
    """Hand in a document that a renewal names by its SHA-256 (PDF, JPEG or PNG)."""
    path = f"{_path(institution)}/renewals/{calls.part(renewal)}/documents"
    return calls.upload(path, Renewal, file, file.read_bytes())


def conditions(institution: str) -> Call[list[Condition]]:
    """List the conditions of the institution's approvals, those of the newest first."""
    return calls.get(f"{_path(institution)}/conditions", list[Condition])


def report_condition(institution: str, condition: UUID, statement: str, file: Path) -> Call[Condition]:
    """Report as the administrator that a condition is met, with the file that shows it."""
    path = f"{_path(institution)}/conditions/{calls.part(condition)}/report"
    return calls.upload(path, Condition, file, file.read_bytes(), statement=statement)


def extend_condition(institution: str, condition: UUID, due_on: date, reason: str) -> Call[Condition]:
    """Ask as the administrator for a later day, by the day on which the condition is due."""
    path = f"{_path(institution)}/conditions/{calls.part(condition)}/extensions"
    return calls.write("POST", path, Condition, {"due_on": due_on, "reason": reason})


def keys(institution: str) -> Call[list[Key]]:
    return calls.get(f"{_path(institution)}/keys", list[Key])


def revoke_key(institution: str, key: UUID) -> Call[Key]:
    """Have a key believed no more, at once."""
    return calls.write("DELETE", f"{_path(institution)}/keys/{calls.part(key)}", Key)


def redirect_uris(institution: str) -> Call[list[RedirectUri]]:
    return calls.get(f"{_path(institution)}/redirect-uris", list[RedirectUri])


def revoke_redirect_uri(institution: str, address: UUID) -> Call[RedirectUri]:
    """Have nobody sent there any more, at once."""
    path = f"{_path(institution)}/redirect-uris/{calls.part(address)}"
    return calls.write("DELETE", path, RedirectUri)


def _path(institution: str) -> str:
    return f"institutions/{calls.part(institution)}"
