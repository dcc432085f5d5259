"""What a node asks a provider's gateway about one subject: every word of it is signed, hashed and kept.

The question carries the gate's verdict for each field. The gateway recomputes it from the consent's artefact
and the catalogue and follows the stricter of the two; what the asker believes does not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson

from rongxin.proof import canonical
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.subject_kind import SubjectKind
from rongxin.vocabulary.verdict import Verdict

FORMAT = "rongxin-question-1"
#: The tag of the request's signature (RFC 9421 §2.3): a signature for anything else opens nothing here.
TAG = "rongxin-question"
#: How far the time of a signature may stand from the gateway's clock.
WINDOW = timedelta(seconds=30)
PATH = "/rongxin/v1/questions"
#: The ways of sharing in which a provider is asked; the third is read from the store.
ASKED = (SharingMode.INTERFACE_CALL, SharingMode.DATA_VERIFICATION)


class Unreadable(ValueError):
    """The bytes are no question; the message says which part is missing or wrong."""


class Match(StrEnum):
    """The answer to one claimed value (数据核验, annex note 2)."""

    MATCH = "match"
    MISMATCH = "mismatch"
    NO_RECORD = "no_record"

    @property
    def label(self) -> str:
        return {"match": "一致", "mismatch": "不一致", "no_record": "无记录"}[self.value]


@dataclass(frozen=True, slots=True)
class SubjectKeys:
    """By what a provider may find a subject: code, name and, where it knows no code, the place.

    `unique_name` says that no other subject known here has this name, by its canonical form, in this
    region. Whoever asks must have looked; without it nothing that is found by name is believed. `meter` is
    the number of the contract (户号) that the firm gave with its consent, or "": it narrows what is found,
    and proves nothing.
    """

    uscc: str
    name: str
    place: str = ""
    unique_name: bool = False
    meter: str = ""


@dataclass(frozen=True)
class Question:
    """One question to one provider about one subject. `channel` counts the item's channels from 0."""

    request: UUID
    provider: str
    item: str
    version: int
    channel: int
    mode: SharingMode
    subject: SubjectKeys
    subject_kind: SubjectKind
    recipient_kind: str
    recipient: str
    purpose: Purpose
    case: UUID | None
    verdicts: Mapping[str, Verdict]
    asked_at: datetime
    claims: Mapping[str, str] = field(default_factory=dict)
    artefact: str | None = None
    #: The institution's X25519 or SM2 key (PEM) to which the rows are to be sealed; "" = not sealed.
    seal_to: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the question as values of canonical JSON; `read` reads them back."""
        return {
            "format": FORMAT,
            "request": self.request,
            "provider": self.provider,
            "item": self.item,
            "version": self.version,
            "channel": self.channel,
            "mode": self.mode.value,
            "subject": {
                "uscc": self.subject.uscc,
                "name": self.subject.name,
                "place": self.subject.place,
                "unique_name": self.subject.unique_name,
                "kind": self.subject_kind.value,
                # Left out where there is none: a gateway of before reads the question as ever.
                **({"meter": self.subject.meter} if self.subject.meter else {}),
            },
            "recipient": {"kind": self.recipient_kind, "id": self.recipient},
            "purpose": self.purpose.value,
            "case": self.case,
            "verdicts": {name: verdict.value for name, verdict in self.verdicts.items()},
            "claims": dict(self.claims),
            "artefact": self.artefact,
            "seal_to": self.seal_to,
            "asked_at": self.asked_at,
        }

    def digest(self) -> str:
        """Return the SHA-256 (hex) of the canonical JSON: what status and receipt are bound to."""
        return canonical.digest(self.as_json())


def encode(question: Question, status: str | None) -> bytes:
    """Return the body in which a node sends a question, with its consent's status stapled to it."""
    return canonical.dumps({"question": question.as_json(), "status": status})


def decode(body: bytes) -> tuple[Question, str | None]:
    """Return the question of a body and the status stapled to it; raises `Unreadable`."""
    try:
        document = orjson.loads(body)
        question, status = document["question"], document["status"]
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable(f"not a question: {error!r}") from error
    return read(question), None if status is None else _text(status)


def read(document: Mapping[str, Any]) -> Question:
    """Return the question that `as_json` wrote; raises `Unreadable`."""
    try:
        if document["format"] != FORMAT:
            raise Unreadable(f"format {document['format']!r} is not {FORMAT}")
        subject, recipient = document["subject"], document["recipient"]
        question = Question(
            request=UUID(document["request"]),
            provider=_text(document["provider"]),
            item=_text(document["item"]),
            version=int(document["version"]),
            channel=int(document["channel"]),
            mode=SharingMode(document["mode"]),
            subject=SubjectKeys(
                _text(subject["uscc"]),
                _text(subject["name"]),
                _text(subject["place"]),
                subject["unique_name"] is True,
                _text(subject.get("meter", "")),
            ),
            subject_kind=SubjectKind(subject["kind"]),
            recipient_kind=_text(recipient["kind"]),
            recipient=_text(recipient["id"]),
            purpose=Purpose(document["purpose"]),
            case=UUID(document["case"]) if document["case"] is not None else None,
            verdicts={_text(name): Verdict(verdict) for name, verdict in document["verdicts"].items()},
            claims={_text(name): _text(value) for name, value in document["claims"].items()},
            artefact=_text(document["artefact"]) if document["artefact"] is not None else None,
            seal_to=_text(document["seal_to"]),
            asked_at=datetime.fromisoformat(document["asked_at"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Unreadable(f"not a question: {error!r}") from error
    if question.asked_at.tzinfo is None:
        raise Unreadable("asked_at needs a time zone")
    return question


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Unreadable(f"{value!r} is no text")
    return value
