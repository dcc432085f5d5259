"""The law of consent: what a consent says, where it stands, and whether it covers a request.

国办发〔2021〕52号 （六）（九） and note 3 of its annex (经企业授权). Pure: the node decides with it and so
does the gateway beside a provider's own database, from the same artefact, offline. The artefact is shaped
as RFC 9396 `authorization_details`; its states follow India's Account Aggregator (ReBIT), which lends five
of the six.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from rongxin.vocabulary.labelled import Labelled
from rongxin.vocabulary.period import Period
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.zone import BUSINESS_ZONE as BUSINESS_ZONE
from rongxin.vocabulary.zone import business_day as business_day

ARTEFACT_TYPE = "consent+jws"
DETAILS_TYPE = "urn:rongxin:consent:1"


class Status(Labelled):
    """Where a consent stands. WITHDRAWN is the REVOKED of the Account Aggregator: here one term, one word."""

    ACTIVE = "active", "有效", "active"
    PAUSED = "paused", "已暂停", "paused"
    WITHDRAWN = "withdrawn", "已撤回", "withdrawn"
    EXPIRED = "expired", "已到期", "expired"
    SUPERSEDED = "superseded", "已被取代", "superseded"
    ENDED = "ended", "因主体注销而终止", "ended with the subject"


class Act(StrEnum):
    """What can be done to a consent once it is given."""

    PAUSE = "pause"
    RESUME = "resume"
    WITHDRAW = "withdraw"
    GIVE_UP = "give_up"
    EXPIRE = "expire"
    SUPERSEDE = "supersede"
    END = "end"


class Owner(StrEnum):
    """Whose act it is."""

    SUBJECT = "subject"
    OPERATOR = "operator"
    INSTITUTION = "institution"
    NODE = "node"


# From each state, the acts that are possible and where they lead. What is not listed is refused.
TRANSITIONS: Mapping[Status, Mapping[Act, Status]] = {
    Status.ACTIVE: {
        Act.PAUSE: Status.PAUSED,
        Act.WITHDRAW: Status.WITHDRAWN,
        Act.GIVE_UP: Status.WITHDRAWN,
        Act.EXPIRE: Status.EXPIRED,
        Act.SUPERSEDE: Status.SUPERSEDED,
        Act.END: Status.ENDED,
    },
    Status.PAUSED: {
        Act.RESUME: Status.ACTIVE,
        Act.WITHDRAW: Status.WITHDRAWN,
        Act.GIVE_UP: Status.WITHDRAWN,
        Act.EXPIRE: Status.EXPIRED,
        Act.SUPERSEDE: Status.SUPERSEDED,
        Act.END: Status.ENDED,
    },
    Status.WITHDRAWN: {},
    Status.EXPIRED: {},
    Status.SUPERSEDED: {},
    Status.ENDED: {},
}

# The operator may take a consent back on the firm's letter, since taking back must be as easy as giving; it
# can never widen one. The institution it was given to owns one act alone: to give it up.
OWNERS: Mapping[Act, frozenset[Owner]] = {
    Act.PAUSE: frozenset({Owner.SUBJECT, Owner.OPERATOR}),
    Act.RESUME: frozenset({Owner.SUBJECT}),
    Act.WITHDRAW: frozenset({Owner.SUBJECT, Owner.OPERATOR}),
    Act.GIVE_UP: frozenset({Owner.INSTITUTION}),
    Act.EXPIRE: frozenset({Owner.NODE}),
    Act.SUPERSEDE: frozenset({Owner.SUBJECT}),
    Act.END: frozenset({Owner.NODE}),
}


class Form(Labelled):
    """附件 注3: 企业书面授权或企业实名注册后线上授权."""

    ONLINE = "online", "线上授权", "online"
    WRITTEN = "written", "书面授权", "written"


class CaseKind(Labelled):
    """What kind of 融资业务 a case is."""

    LOAN_APPLICATION = "loan_application", "贷款申请", "loan application"
    LOAN = "loan", "存续贷款", "live loan"
    GUARANTEE = "guarantee", "担保", "guarantee"
    INSURANCE = "insurance", "保险", "insurance"


class FrequencyUnit(StrEnum):
    """The span in which uses are counted."""

    TERM = "term"
    YEAR = "year"
    MONTH = "month"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Frequency:
    """At most `limit` uses in each `unit`; a TERM is the consent's whole life (one use = 一次性)."""

    limit: int
    unit: FrequencyUnit

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise ValueError("a consent allows at least one use")

    def span(self, day: date) -> str:
        """Name the span that `day` lies in; uses are counted by this key."""
        match self.unit:
            case FrequencyUnit.TERM:
                return "term"
            case FrequencyUnit.YEAR:
                return f"{day:%Y}"
            case FrequencyUnit.MONTH:
                return f"{day:%Y-%m}"
            case FrequencyUnit.DAY:
                return day.isoformat()


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed, as an identity provider or the written paper has it; the person stands by a commitment."""

    name: str
    commitment: str
    issuer: str
    assurance: int
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class Terms:
    """What a consent says. It never changes; another consent supersedes it."""

    id: UUID
    subject: str
    signers: tuple[Signature, ...]
    institution: str
    reach: str
    items: frozenset[str]
    modes: frozenset[SharingMode]
    purpose: Purpose
    case: UUID
    data_period: Period
    valid_from: date
    valid_until: date
    frequency: Frequency
    retention_days: int
    form: Form
    notice_version: str
    notice_sha256: str
    template: str
    granted_at: datetime
    # The natural person's own consent, where data about the person is concerned (个人信息保护法 art. 23).
    person_signature: Signature | None = None
    scan_sha256: str = ""
    supersedes: UUID | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """A request for one item, as consent sees it. `uses` counts what was used in the frequency's present
    span.
    """

    institution: str
    subject: str
    item: str
    purpose: Purpose
    case: UUID | None
    as_of: datetime
    data_period: Period | None = None
    uses: int = 0
    mode: SharingMode | None = None
    case_closed: bool = False

    def __post_init__(self) -> None:
        if self.as_of.tzinfo is None:
            raise ValueError("as_of needs a time zone")

    @property
    def day(self) -> date:
        return business_day(self.as_of)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether a consent carries a request, and why or why not."""

    covered: bool
    reason: Reason


def successor(status: Status, act: Act) -> Status | None:
    """Return the state that `act` leads to, or None where it is not possible."""
    return TRANSITIONS[status].get(act)


_STATUS_REASONS: Mapping[Status, Reason] = {
    Status.PAUSED: Reason.CONSENT_PAUSED,
    Status.WITHDRAWN: Reason.CONSENT_WITHDRAWN,
    Status.EXPIRED: Reason.CONSENT_EXPIRED,
    Status.SUPERSEDED: Reason.CONSENT_SUPERSEDED,
    Status.ENDED: Reason.SUBJECT_DEREGISTERED,
}


def covers(terms: Terms, status: Status, ask: Ask) -> Coverage:
    """Decide whether `terms`, standing at `status`, cover `ask` (国办发〔2021〕52号 （六）（九）).

    The first obstacle in a fixed order is the reason: whose consent it is, where it stands, when, for which
    case, for what, and how often.
    """
    reason = (
        _parties(terms, ask)
        or _STATUS_REASONS.get(status)
        or _time(terms, ask)
        or _case(terms, ask)
        or _extent(terms, ask)
    )
    return Coverage(True, Reason.CONSENTED) if reason is None else Coverage(False, reason)


def _parties(terms: Terms, ask: Ask) -> Reason | None:
    if terms.subject != ask.subject:
        return Reason.SUBJECT_MISMATCH
    if terms.institution != ask.institution:
        return Reason.RECIPIENT_MISMATCH
    return None


def _time(terms: Terms, ask: Ask) -> Reason | None:
    # A consent given in the afternoon is not a consent for the morning of the same day.
    if ask.day < terms.valid_from or ask.as_of < terms.granted_at:
        return Reason.CONSENT_NOT_YET_VALID
    if ask.day > terms.valid_until:
        return Reason.CONSENT_EXPIRED
    return None


def _case(terms: Terms, ask: Ask) -> Reason | None:
    if ask.case is None:
        return Reason.CASE_MISSING
    if ask.case != terms.case:
        return Reason.CASE_MISMATCH
    if ask.case_closed:
        return Reason.CASE_CLOSED
    return None


def _extent(terms: Terms, ask: Ask) -> Reason | None:
    if ask.purpose is not terms.purpose:
        return Reason.PURPOSE_NOT_COVERED
    if ask.item not in terms.items:
        return Reason.ITEM_NOT_COVERED
    if ask.mode is not None and ask.mode not in terms.modes:
        return Reason.MODE_NOT_PERMITTED
    if ask.data_period is not None and not terms.data_period.covers(ask.data_period):
        return Reason.PERIOD_NOT_COVERED
    if ask.uses >= terms.frequency.limit:
        return Reason.FREQUENCY_EXHAUSTED
    return None


def narrower(terms: Terms, than: Terms) -> bool:
    """Whether `terms` allow nothing that `than` doesn't (a narrower consent covers no more:
    property-tested).
    """
    same = all(
        getattr(terms, name) == getattr(than, name) for name in ("subject", "institution", "case", "purpose")
    )
    return (
        same
        and terms.items <= than.items
        and terms.modes <= than.modes
        and than.data_period.covers(terms.data_period)
        and than.valid_from <= terms.valid_from
        and terms.valid_until <= than.valid_until
        and than.granted_at <= terms.granted_at
        and terms.frequency.unit is than.frequency.unit
        and terms.frequency.limit <= than.frequency.limit
        and terms.retention_days <= than.retention_days
    )


def encode(terms: Terms) -> dict[str, Any]:
    """Return the payload of the artefact: RFC 9396 `authorization_details` with one entry."""
    details: dict[str, Any] = {
        "type": DETAILS_TYPE,
        "actions": sorted(terms.modes),
        "datatypes": sorted(terms.items),
        "identifier": str(terms.case),
        "recipient": {"institution": terms.institution, "reach": terms.reach},
        "purpose": terms.purpose.value,
        "data_period": str(terms.data_period),
        "valid_from": terms.valid_from.isoformat(),
        "valid_until": terms.valid_until.isoformat(),
        "frequency": {"limit": terms.frequency.limit, "unit": terms.frequency.unit.value},
        "retention_days": terms.retention_days,
        "form": terms.form.value,
        "notice": {"version": terms.notice_version, "sha256": terms.notice_sha256},
        "fair_use": terms.template,
        "signers": [_encode_signature(signature) for signature in terms.signers],
    }
    if terms.person_signature is not None:
        details["person"] = _encode_signature(terms.person_signature)
    if terms.scan_sha256:
        details["scan_sha256"] = terms.scan_sha256
    if terms.supersedes is not None:
        details["supersedes"] = str(terms.supersedes)
    return {
        "jti": str(terms.id),
        "sub": terms.subject,
        "granted_at": terms.granted_at.astimezone(BUSINESS_ZONE).isoformat(),
        "authorization_details": [details],
    }


def decode(payload: Mapping[str, Any]) -> Terms:
    """Return the terms of a verified artefact's payload; ValueError names what it can't read."""
    try:
        (details,) = payload["authorization_details"]
        if details["type"] != DETAILS_TYPE:
            raise ValueError(f"unknown type {details['type']!r}")
        person, supersedes = details.get("person"), details.get("supersedes")
        return Terms(
            id=UUID(payload["jti"]),
            subject=payload["sub"],
            signers=tuple(_decode_signature(entry) for entry in details["signers"]),
            institution=details["recipient"]["institution"],
            reach=details["recipient"]["reach"],
            items=frozenset(details["datatypes"]),
            modes=frozenset(SharingMode(mode) for mode in details["actions"]),
            purpose=Purpose(details["purpose"]),
            case=UUID(details["identifier"]),
            data_period=Period.parse(details["data_period"]),
            valid_from=date.fromisoformat(details["valid_from"]),
            valid_until=date.fromisoformat(details["valid_until"]),
            frequency=Frequency(
                int(details["frequency"]["limit"]), FrequencyUnit(details["frequency"]["unit"])
            ),
            retention_days=int(details["retention_days"]),
            form=Form(details["form"]),
            notice_version=details["notice"]["version"],
            notice_sha256=details["notice"]["sha256"],
            template=details["fair_use"],
            granted_at=datetime.fromisoformat(payload["granted_at"]),
            person_signature=_decode_signature(person) if person else None,
            scan_sha256=details.get("scan_sha256", ""),
            supersedes=UUID(supersedes) if supersedes else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not the payload of a consent: {error}") from error


def _encode_signature(signature: Signature) -> dict[str, Any]:
    return {
        "name": signature.name,
        "commitment": signature.commitment,
        "issuer": signature.issuer,
        "assurance": signature.assurance,
        "signed_at": signature.signed_at.astimezone(BUSINESS_ZONE).isoformat(),
    }


def _decode_signature(entry: Mapping[str, Any]) -> Signature:
    return Signature(**{**entry, "signed_at": datetime.fromisoformat(entry["signed_at"])})
