"""The consents on file, read fresh: never from a cache or a replica (design §3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from rongxin.consent import artefacts
from rongxin.consent.errors import UnknownConsent
from rongxin.consent.models import Consent
from rongxin.consent.rules import Status, Terms


@dataclass(frozen=True)
class Grant:
    """A consent with its terms and where it stands now.

    `status` is ENDED from the moment the subject is deregistered, before any sweep has written it down.
    """

    id: UUID
    subject_id: int
    institution_id: str
    case_id: UUID
    case_closed: bool
    status: Status
    status_at: datetime
    status_why: str
    terms: Terms
    artefact: str


def get(consent_id: UUID) -> Grant:
    """Return a consent; UnknownConsent where there is none, Tampered where it was edited."""
    row = _rows().filter(pk=consent_id).first()
    if row is None:
        raise UnknownConsent(f"没有编号为{consent_id}的授权")
    return grant(row)


def active_for(subject_id: int, institution_id: str, case_id: UUID) -> list[Grant]:
    """Return the consents of a case that stand ACTIVE, the newest first: one look-up by index.

    Whether one covers a request, its dates included, is `rules.covers`.
    """
    return [one for one in of_case(subject_id, institution_id, case_id) if one.status is Status.ACTIVE]


def of_case(subject_id: int, institution_id: str, case_id: UUID) -> list[Grant]:
    """Return the consents of a case whatever their state, the newest first: one look-up by index."""
    rows = _rows().filter(subject=subject_id, institution=institution_id, case=case_id)
    return sorted(map(grant, rows), key=lambda one: one.terms.granted_at, reverse=True)


def of_subject(subject_id: int) -> list[Grant]:
    """Return all consents a subject ever gave, the newest first."""
    return [grant(row) for row in _rows().filter(subject=subject_id).order_by("-granted_at")]


def _rows() -> QuerySet[Consent]:
    return Consent.objects.select_related("subject", "case").only(
        "id",
        "subject_id",
        "institution_id",
        "case_id",
        "status",
        "status_at",
        "status_why",
        "artefact",
        "seal",
        "subject__registration_status",
        "case__closed_on",
    )


_LIVE = frozenset({Status.ACTIVE, Status.PAUSED})


def grant(row: Consent) -> Grant:
    """Return a row as a grant; Tampered where row and seal disagree."""
    status = Status(row.status)
    terms = artefacts.open_sealed(row.id, status, row.artefact, row.seal)
    ended = status in _LIVE and row.subject.registration_status == "deregistered"
    return Grant(
        id=row.id,
        subject_id=row.subject_id,
        institution_id=row.institution_id,
        case_id=row.case_id,
        case_closed=row.case.closed_on is not None,
        status=Status.ENDED if ended else status,
        status_at=row.status_at,
        status_why="subject_deregistered" if ended else row.status_why,
        terms=terms,
        artefact=row.artefact,
    )
