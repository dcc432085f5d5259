"""机构人员: what an institution's administrator does by key: invite, open machines, end ((五)(十))."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from rongxin.client import calls
from rongxin.client.calls import Call, Document, Page


class Invitation(Document):
    """Who was invited; `secret` is shown this once, to be handed to the person named."""

    invitation: UUID
    institution: str
    name: str
    role: str
    invited_at: datetime
    until: datetime | None
    accepted_at: datetime | None
    revoked_at: datetime | None
    secret: str | None = None


class Person(Document):
    """Who acts for the institution, a machine too."""

    membership: int
    account: int
    role: str
    valid_from: date


class Machine(Document):
    """A machine's account; `key` is shown this once."""

    account: int
    username: str
    membership: int
    key: str
    key_expires_at: datetime


class StepUp(Document):
    """Of whom a new code is or was demanded before they ask again."""

    step_up: UUID
    person: str
    demanded_at: datetime
    over_at: datetime | None


def invitations(institution: str, *, page_rows: int | None = None) -> Call[Page[Invitation]]:
    """List the invitations, the newest first."""
    return calls.pages(f"{_path(institution)}/invitations", Invitation, limit=page_rows)


def invite(institution: str, name: str, role: Literal["clerk", "checker"]) -> Call[Invitation]:
    """Invite a clerk or checker by name; whoever accepts must be that person."""
    return calls.write("POST", f"{_path(institution)}/invitations", Invitation, {"name": name, "role": role})


def revoke(institution: str, invitation: UUID) -> Call[Invitation]:
    """Take an invitation back that nobody has accepted."""
    return calls.write("DELETE", f"{_path(institution)}/invitations/{calls.part(invitation)}", Invitation)


def own(institution: str, *, page_rows: int | None = None) -> Call[Page[Person]]:
    """List who acts for the institution."""
    return calls.pages(f"{_path(institution)}/people", Person, limit=page_rows)


def open_machine(institution: str, username: str, label: str) -> Call[Machine]:
    """Open a machine's account; its public key is registered by two persons of the operator's."""
    return calls.write(
        "POST", f"{_path(institution)}/machines", Machine, {"username": username, "label": label}
    )


def end(institution: str, membership: int) -> Call[None]:
    """End a role, and with it every key of it, at once."""
    return calls.without_answer("DELETE", f"{_path(institution)}/people/{calls.part(membership)}")


def step_ups(institution: str, *, page_rows: int | None = None) -> Call[Page[StepUp]]:
    """List of whom a new code is or was demanded, the newest first."""
    return calls.pages(f"{_path(institution)}/step-ups", StepUp, limit=page_rows)


def give_code(institution: str, step_up: UUID, code: str) -> Call[StepUp]:
    """Answer with a new code of the caller's own authenticator."""
    path = f"{_path(institution)}/step-ups/{calls.part(step_up)}/code"
    return calls.write("POST", path, StepUp, {"code": code})


def _path(institution: str) -> str:
    return f"institutions/{calls.part(institution)}"
