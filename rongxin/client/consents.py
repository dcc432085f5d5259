"""授权: ask the firm for consent, see what became of it, give it up when it is needed no more ((六)(九))."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from rongxin.client import calls
from rongxin.client.calls import Call, Document, Page
from rongxin.vocabulary.purpose import Purpose


class Asked(Document):
    """A request for consent; `consent` stands once the firm has agreed."""

    request: UUID
    case: UUID
    status: str
    status_label: str
    requested_at: datetime
    answer_by: date
    consent: UUID | None
    authorization_details: list[dict[str, Any]]
    terms: dict[str, Any]
    items: list[dict[str, Any]]


class Consent(Document):
    """A consent as it stands; `artefact` is what the node signed (JWS)."""

    consent: UUID
    case: UUID
    status: str
    status_label: str
    purpose: Purpose
    items: list[str]
    valid_from: date
    valid_until: date
    granted_at: datetime
    authorization_details: list[dict[str, Any]]
    artefact: str
    owed: list[dict[str, Any]] | None = None


def ask(
    case: UUID,
    items: Sequence[str],
    *,
    template: str = "one_time_underwriting",
    purpose: Purpose | None = None,
) -> Call[Asked]:
    """Ask for items, as wide as the fair-use template allows."""
    body = {"case": str(case), "items": list(items), "template": template, "purpose": purpose}
    return calls.write("POST", "consent-requests", Asked, body)


def ask_for(details: Mapping[str, Any]) -> Call[Asked]:
    """Ask by RFC 9396 `authorization_details`, narrower than the template if need be."""
    return calls.write("POST", "consent-requests", Asked, {"authorization_details": [dict(details)]})


def asked(*, page_rows: int | None = None) -> Call[Page[Asked]]:
    """List what the institution asked for, the newest first."""
    return calls.pages("consent-requests", Asked, limit=page_rows)


def request(number: UUID) -> Call[Asked]:
    return calls.get(f"consent-requests/{calls.part(number)}", Asked)


def own(*, case: UUID | None = None, page_rows: int | None = None) -> Call[Page[Consent]]:
    """List the consents that the institution has or had, the newest first; of one case, if named."""
    return calls.pages("consents", Consent, case=case, limit=page_rows)


def show(consent: UUID) -> Call[Consent]:
    return calls.get(f"consents/{calls.part(consent)}", Consent)


def give_up(consent: UUID) -> Call[Consent]:
    """Give a consent up; `owed` says which deletion receipts are due."""
    return calls.write("POST", f"consents/{calls.part(consent)}/give-up", Consent)
