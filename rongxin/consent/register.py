"""The consents on file, read fresh: never from a cache or a replica (design §3)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from rongxin.consent import artefacts, cases
from rongxin.consent.errors import UnknownConsent
from rongxin.consent.rules import Status, Terms
from rongxin.journal import plans, windows
from rongxin.journal.windows import Part, Window


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


# Plain SQL: on the way of every disclosure, building the query would cost several times its answer.
_READ = """
    SELECT consent.id, consent.subject_id, consent.institution_id, consent.case_id, consent.status,
           consent.status_at, consent.status_why, consent.artefact, consent.seal,
           subject.registration_status, closing.closed_on IS NOT NULL, {{beside}}
    FROM consent_consent consent
    JOIN parties_subject subject ON subject.id = consent.subject_id
    JOIN consent_case closing ON closing.id = consent.case_id
    WHERE {}
"""
_NEWEST_FIRST = "ORDER BY consent.granted_at DESC, consent.id"
_ONE = _READ.format("consent.id = %s")
_OF_CASE = _READ.format(
    f"(consent.subject_id, consent.institution_id, consent.case_id) = (%s, %s, %s) {_NEWEST_FIRST}"
)
_OF_SUBJECT = _READ.format(f"consent.subject_id = %s {_NEWEST_FIRST}")
_OF_CASES = _READ.format(
    "consent.institution_id = %s AND consent.subject_id = ANY(%s) AND consent.case_id = ANY(%s) "
    + _NEWEST_FIRST
)
_BEHIND = """(%s::timestamptz IS NULL OR (consent.granted_at, consent.id) < (%s::timestamptz, %s::uuid))
    AND (%s::uuid IS NULL OR consent.case_id = %s::uuid)
    ORDER BY consent.granted_at DESC, consent.id DESC LIMIT %s"""
_OF = {
    "subject": _READ.format(f"consent.subject_id = %s AND {_BEHIND}"),
    "institution": _READ.format(f"consent.institution_id = %s AND {_BEHIND}"),
}
_LIVE = frozenset({Status.ACTIVE, Status.PAUSED})


@dataclass(frozen=True)
class Beside:
    """An SQL expression over `consent.id` that a caller wants read with each consent, in one snapshot."""

    sql: str
    parameters: tuple[str, ...] = ()


_NOTHING = Beside("NULL")


def get(consent_id: UUID) -> Grant:
    """Return a consent; UnknownConsent where there is none, Tampered where it was edited."""
    return get_with(consent_id, _NOTHING)[0]


def get_with(consent_id: UUID, beside: Beside) -> tuple[Grant, Any]:
    """Return a consent as `get` does, and what `beside` gives for it."""
    found = _read(_ONE, beside, consent_id)
    if not found:
        raise UnknownConsent(f"没有编号为{consent_id}的授权")
    return found[0]


def active_for(subject_id: int, institution_id: str, case_id: UUID) -> list[Grant]:
    """Return the consents of a case that stand ACTIVE, the newest first: one look-up by index.

    Whether one covers a request, its dates included, is `rules.covers`.
    """
    return [one for one in of_case(subject_id, institution_id, case_id) if one.status is Status.ACTIVE]


def of_case(subject_id: int, institution_id: str, case_id: UUID) -> list[Grant]:
    """Return the consents of a case whatever their state, the newest first: one look-up by index."""
    return [grant for grant, _ in of_case_with(subject_id, institution_id, case_id, _NOTHING)]


def of_cases(given: Collection[cases.Card]) -> dict[UUID, list[Grant]]:
    """Return the consents of an institution's cases, each case's newest first."""
    found: dict[UUID, list[Grant]] = {case.id: [] for case in given}
    for institution in {case.institution_id for case in given}:
        own = [case for case in given if case.institution_id == institution]
        whose = (institution, [case.subject_id for case in own], [case.id for case in own])
        for grant, _ in _read(_OF_CASES, _NOTHING, *whose):
            found[grant.case_id].append(grant)
    return found


def of_case_with(
    subject_id: int, institution_id: str, case_id: UUID, beside: Beside
) -> list[tuple[Grant, Any]]:
    """Return the consents of a case as `of_case` does, and what `beside` gives for each."""
    return _read(_OF_CASE, beside, subject_id, institution_id, case_id)


def of_subject(subject_id: int) -> list[Grant]:
    """Return all consents a subject ever gave, the newest first."""
    return [grant for grant, _ in _read(_OF_SUBJECT, _NOTHING, subject_id)]


def listed(
    window: Window, *, subject: int | None = None, institution: str | None = None, case: UUID | None = None
) -> Part[Grant]:
    """Return a part of the consents that a subject gave or an institution has, the newest first."""
    of, whose = ("subject", subject) if subject is not None else ("institution", institution)
    try:
        at, number = (
            (datetime.fromisoformat(window.after[0]), UUID(window.after[1])) if window.after else _NO_PLACE
        )
    except (IndexError, ValueError) as error:
        raise windows.BadPlace(windows.BadPlace.__doc__) from error
    found = _read(_OF[of], _NOTHING, whose, at, at, number, case, case, window.rows_max + 1)
    return windows.cut(
        [grant for grant, _ in found],
        window,
        lambda grant: (grant.terms.granted_at.isoformat(), str(grant.id)),
    )


_NO_PLACE: tuple[datetime | None, UUID | None] = (None, None)


def _read(
    sql: str, beside: Beside, *parameters: int | str | UUID | datetime | list[int] | list[UUID] | None
) -> list[tuple[Grant, Any]]:
    found = plans.rows(sql.format(beside=beside.sql), (*beside.parameters, *parameters))
    return [(_grant(*row[:-1]), row[-1]) for row in found]


def _grant(
    consent_id: UUID,
    subject_id: int,
    institution_id: str,
    case_id: UUID,
    stored_status: str,
    status_at: datetime,
    status_why: str,
    artefact: str,
    seal: str,
    registration_status: str,
    case_closed: bool,
) -> Grant:
    status = Status(stored_status)
    terms = artefacts.open_sealed(consent_id, status, artefact, seal)
    ended = status in _LIVE and registration_status == "deregistered"
    return Grant(
        id=consent_id,
        subject_id=subject_id,
        institution_id=institution_id,
        case_id=case_id,
        case_closed=case_closed,
        status=Status.ENDED if ended else status,
        status_at=status_at,
        status_why="subject_deregistered" if ended else status_why,
        terms=terms,
        artefact=artefact,
    )
