"""What is asked of the gate and what it gives: frozen values, the same for JSON, page and PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from rongxin.disclosure.rules import RecipientKind
from rongxin.exchange.question import Match
from rongxin.parties.quotas import Taken
from rongxin.proof import canonical
from rongxin.records.rules import MarkKind
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.period import Period
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.subject_kind import SubjectKind
from rongxin.vocabulary.verdict import Verdict


@dataclass(frozen=True)
class Recipient:
    """Who gets the answer: the party, and the person (and branch) who asked in its name."""

    kind: RecipientKind
    id: str
    name: str
    person: str
    branch: str = ""


@dataclass(frozen=True)
class Request:
    """One question about one subject.

    `reference` is the recipient's own number for the matter; it is required, so that every query can be
    laid beside a loan application ((十)). `case_id` and `consent_id` are needed only for what is not
    public; `mandate_id` is what a department or a person of the operator's asks by. `repeats` names an
    earlier request of the same recipient about the same subject, by the same consent, whose kept answers
    are to be given again (`kept`).
    """

    recipient: Recipient
    uscc: str
    items: tuple[str, ...]
    purpose: Purpose
    reference: str
    case_id: UUID | None = None
    consent_id: UUID | None = None
    mandate_id: UUID | None = None
    #: The institution's X25519 or SM2 key (PEM) to which providers are to seal their rows; "" = not sealed.
    seal_to: str = ""
    #: Item → field → value that the asker claims, to be compared at the provider (数据核验).
    claims: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    repeats: UUID | None = None
    #: The recipient's own card, whose score is to be given instead of the items (`own_card`).
    card: UUID | None = None
    #: The number that the request is to have, where the caller must find it again after a crash.
    number: UUID | None = None
    #: Whether the answer leaves as a file, which has a quota of its own.
    export: bool = False

    def digest(self) -> str:
        """Return the SHA-256 (hex) of the canonical JSON of what was asked; the intent's entry commits to
        it.
        """
        return canonical.digest(
            {
                "recipient": {
                    "kind": self.recipient.kind,
                    "id": self.recipient.id,
                    "person": self.recipient.person,
                    **({"branch": self.recipient.branch} if self.recipient.branch else {}),
                },
                "uscc": self.uscc,
                "items": list(self.items),
                "purpose": self.purpose,
                "reference": self.reference,
                "case": self.case_id,
                "consent": self.consent_id,
                **_by_mandate(self.mandate_id),
                **_repeating(self.repeats),
                **({"card": self.card} if self.card else {}),
                **({"seal_to": self.seal_to} if self.seal_to else {}),
                # Which fields, not which values: a value of few possibilities can be guessed from a digest.
                **(
                    {"claims": {item: sorted(fields) for item, fields in self.claims.items()}}
                    if self.claims
                    else {}
                ),
            }
        )


def _by_mandate(mandate: UUID | None) -> dict[str, UUID]:
    """Stands only in what a department asked: digests of others stay what they were."""
    return {} if mandate is None else {"mandate": mandate}


def _repeating(request: UUID | None) -> dict[str, UUID]:
    return {} if request is None else {"repeats": request}


@dataclass(frozen=True)
class SubjectCard:
    """The subject as the head of a report names it."""

    id: int
    uscc: str
    name: str
    kind: SubjectKind
    region: str
    status: str


@dataclass(frozen=True)
class ReleasedField:
    verdict: Verdict
    value: Any
    reason: Reason


@dataclass(frozen=True)
class ReleasedMark:
    """That an objection or repair is under way; `field` "" speaks of the whole record or item."""

    kind: MarkKind
    field: str
    since: date


@dataclass(frozen=True)
class ReleasedRow:
    """One record as it leaves, with the source and the date of the fact."""

    record_id: int | None
    observed_on: date | None
    received_at: datetime
    provider: str
    mode: SharingMode
    fields: Mapping[str, ReleasedField]
    marks: tuple[ReleasedMark, ...] = ()


@dataclass(frozen=True)
class WithheldField:
    field: str
    reason: Reason
    mode: SharingMode
    # Whether it was the provider that held back what the gate had asked for.
    by_provider: bool = False


@dataclass(frozen=True)
class ReleasedItem:
    """What the answer says about one item; `reason` explains an availability other than RECORDS."""

    item: str
    item_version: int
    availability: Availability
    reason: Reason | None
    rows: tuple[ReleasedRow, ...]
    withheld: tuple[WithheldField, ...]
    provider: str
    # Where a consent opens dated facts, the span it opens: without it "no record" would say too much.
    period: Period | None = None
    # Rows that a provider sealed to the institution's own key (base64): carried, and readable to nobody here.
    sealed: tuple[str, ...] = ()
    # What a provider said of claimed values; never a value of its own (数据核验).
    results: Mapping[str, Match] = field(default_factory=dict)
    # When the provider was last asked, where its answer is kept by agreement and stands for another call.
    as_of: datetime | None = None
    # When the provider gave the answer that was kept and is given again; None where it was asked just now.
    answered_at: datetime | None = None
    # What is said of the item as a whole: of what a provider answers to calls there is no record to mark.
    marks: tuple[ReleasedMark, ...] = ()


@dataclass(frozen=True)
class Release:
    """An answer that has passed the gate; what is rendered from it never asks the store again."""

    id: UUID
    recipient: Recipient
    subject: SubjectCard
    purpose: Purpose
    case_id: UUID | None
    consent_id: UUID | None
    reference: str
    released_at: datetime
    items: tuple[ReleasedItem, ...]
    intent_entry: UUID
    outcome_entry: UUID | None = None
    digest: str = field(default="")
    mandate_id: UUID | None = None
    #: What is left of the asker's quota; told beside the answer, no part of it.
    quota: Taken | None = None
    repeats: UUID | None = None

    def content(self) -> dict[str, Any]:
        """Return the part that the digest in the journal commits to, ready for canonical JSON."""
        return {
            "release": self.id,
            "recipient": {
                "kind": self.recipient.kind,
                "id": self.recipient.id,
                "person": self.recipient.person,
            },
            "subject": {"uscc": self.subject.uscc, "name": self.subject.name},
            "purpose": self.purpose,
            "case": self.case_id,
            "consent": self.consent_id,
            **_by_mandate(self.mandate_id),
            **_repeating(self.repeats),
            "reference": self.reference,
            "released_at": self.released_at,
            "items": [item_content(item) for item in self.items],
        }

    def compute_digest(self) -> str:
        """Return the SHA-256 (hex) of the canonical JSON of `content()` (RFC 8785)."""
        return canonical.digest(self.content())


def item_content(item: ReleasedItem) -> dict[str, Any]:
    """Return one item as plain values: what leaves, and what does not, with reasons."""
    return {
        "item": item.item,
        "version": item.item_version,
        "availability": item.availability,
        "reason": item.reason,
        "provider": item.provider,
        "period": str(item.period) if item.period else None,
        "rows": [
            {
                "observed_on": row.observed_on,
                "received_at": row.received_at,
                "provider": row.provider,
                "mode": row.mode,
                "fields": {
                    name: {"verdict": f.verdict, "value": f.value, "reason": f.reason}
                    for name, f in row.fields.items()
                },
                # By this number a later correction notice names the record.
                **({"record": row.record_id} if row.record_id else {}),
                **_marked(row.marks),
            }
            for row in item.rows
        ],
        "withheld": [
            {
                "field": w.field,
                "reason": w.reason,
                "mode": w.mode,
                **({"by_provider": True} if w.by_provider else {}),
            }
            for w in item.withheld
        ],
        # Stands only where something is sealed: digests of other answers stay what they were.
        **({"sealed": list(item.sealed)} if item.sealed else {}),
        **({"results": dict(item.results)} if item.results else {}),
        **({"as_of": item.as_of} if item.as_of else {}),
        **({"answered_at": item.answered_at} if item.answered_at else {}),
        **_marked(item.marks),
    }


def _marked(marks: Sequence[ReleasedMark]) -> dict[str, Any]:
    if not marks:
        return {}
    return {"marks": [{"kind": one.kind, "field": one.field, "since": one.since} for one in marks]}


@dataclass(frozen=True)
class Refusal:
    """The gate's no: nothing was read, and the refusal itself stands in the journal."""

    id: UUID
    reason: Reason
    refused_at: datetime
    entry: UUID
    quota: Taken | None = None
