"""谁查过我: every use of a subject's information and every refused attempt, with proofs that a page checks.

Questions, deliveries and pushes alike ((九)(十)); who, when, for what, and of which class the outcome
was. Only what a hold keeps back (`holds`) is missing, and only while it stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from rongxin.catalogue import loader
from rongxin.consent.rules import business_day
from rongxin.delivery.push import uses as pushes
from rongxin.disclosure import activity, register
from rongxin.disclosure.handed_in import PaperKind
from rongxin.disclosure.register import UseOfData
from rongxin.journal import proofs, windows
from rongxin.journal.windows import BadPlace, Part, Window
from rongxin.parties import departments, institutions, providers
from rongxin.parties.errors import UnknownParty
from rongxin.rights import holds
from rongxin.rights.errors import UnknownUse
from rongxin.rights.rules import use as rules
from rongxin.rights.rules.use import ReasonClass
from rongxin.vocabulary.purpose import Purpose

#: How a page checks a proof: nothing but SHA-256 (`crypto.subtle.digest`) and this.
RECIPE = (
    "1. h = SHA-256(0x00 ‖ UTF-8(body))；2. 依次对每一步：side=left 时 h = SHA-256(0x01 ‖ hash ‖ h)，"
    "side=right 时 h = SHA-256(0x01 ‖ h ‖ hash)；3. h 应等于 root；"
    "4. size 与 root 应与 checkpoint 的第二、三行（后者为 Base64）一致，"
    "checkpoint 由 /api/v1/journal/key 的公钥（Ed25519）签名；5. body 中的 refs 应是本次使用的编号。"
)


@dataclass(frozen=True)
class Use:
    """One use as the subject is told of it."""

    use: UseOfData
    recipient_name: str
    purpose_label: str
    reason_class: ReasonClass

    def document(self) -> dict[str, Any]:
        """Return it JSON-ready, with labels beside the codes."""
        use, why = self.use, rules.words(self.use.reason)
        return {
            "request": str(use.request),
            "asked_at": use.asked_at.isoformat(),
            "recipient_kind": use.recipient_kind,
            "recipient": use.recipient,
            "recipient_name": self.recipient_name,
            "person": use.person,
            "purpose": use.purpose,
            "purpose_label": self.purpose_label,
            "reference": use.reference,
            "released": use.released,
            "reason_class": self.reason_class.value,
            "reason_class_label": self.reason_class.label,
            "reason": use.reason,
            "reason_label": why.label if why else None,
            "article": why.article if why else None,
            "items": dict(use.items),
            "item_labels": {name: label(name) for name in use.items},
            "legal_basis": use.legal_basis,
            "kept_until": use.kept_until.isoformat() if use.kept_until else None,
            "intent_entry": str(use.intent_entry),
            "outcome_entry": str(use.outcome_entry) if use.outcome_entry else None,
        }


def of_subject(subject_id: int, *, limit: int, as_of: datetime) -> list[Use]:
    """Return the uses of a subject's information, refused attempts and own looks too, newest first."""
    return list(part_of(subject_id, Window(limit), as_of=as_of).rows)


def part_of(
    subject_id: int,
    window: Window,
    *,
    as_of: datetime,
    own: bool = True,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Part[Use]:
    """Return a part of the same list; without `own` the subject's own looks are left out; `until` is the
    first moment left out.
    """
    days = {"since": since, "until": until}
    hidden = holds.kept_back(subject_id, on=business_day(as_of))
    behind = None if window.after is None else _place(window.after)
    most = window.rows_max + 1
    found = register.uses_of(subject_id, limit=most, behind=behind, but=hidden, own=own, **days)
    found += pushes.of(subject_id, limit=most, behind=behind, **days)
    found.sort(key=lambda use: (use.asked_at, use.request), reverse=True)
    part = windows.cut(found, window, lambda use: (use.asked_at.isoformat(), str(use.request)))
    names: dict[tuple[str, str], str] = {}  # each recipient of the part is looked up once
    return part.of(lambda use: _told(use, names))


def looks_at(subject_id: int, *, since: datetime, as_of: datetime) -> tuple[int, int]:
    """Return how often others looked since then, and were refused; nothing kept back counts."""
    hidden = holds.kept_back(subject_id, on=business_day(as_of))
    asked, refused = activity.looks_at(subject_id, since=since, but=hidden)
    return asked + pushes.count(subject_id, since=since), refused


def one(subject_id: int, request: UUID, *, as_of: datetime) -> Use:
    """Return one use; UnknownUse for one that is another's or kept back, too."""
    return _told(_one(subject_id, request, as_of=as_of), {})


def _one(subject_id: int, request: UUID, *, as_of: datetime) -> UseOfData:
    use = register.use_of(subject_id, request) or pushes.one(subject_id, request)
    hidden = holds.kept_back(subject_id, on=business_day(as_of))
    if use is None or (use.recipient_kind == "department" and use.recipient in hidden):
        raise UnknownUse(f"没有编号为{request}的使用记录")
    return use


def _place(after: tuple[str, ...]) -> tuple[datetime, UUID]:
    try:
        at, request = after
        return datetime.fromisoformat(at), UUID(request)
    except ValueError as error:
        raise BadPlace(BadPlace.__doc__) from error


def proof(subject_id: int, request: UUID, *, as_of: datetime) -> dict[str, Any]:
    """Return what a page needs to check that a use of the subject's information stands in the journal.

    Raises `UnknownUse`, for one that is another's or kept back, too; NotYetCovered for some seconds after it.
    """
    use = _one(subject_id, request, as_of=as_of)
    named = {"intent": use.intent_entry, "outcome": use.outcome_entry}
    return {
        "request": str(request),
        "proofs": [{"of": role, **proofs.inclusion(entry).steps()} for role, entry in named.items() if entry],
        "recipe": RECIPE,
    }


def label(name: str) -> str:
    """Return what that was given is called: an item of the catalogue, or a kind of paper handed in."""
    paper = next((one.label for one in PaperKind if one.value == name), None)
    return paper or loader.load().label(name)


def _told(use: UseOfData, names: dict[tuple[str, str], str]) -> Use:
    who = use.recipient_kind, use.recipient
    if who not in names:
        names[who] = _name(*who)
    purpose = next((one.label for one in Purpose if one.value == use.purpose), use.purpose)
    return Use(use, names[who], purpose, rules.class_of(use.released, use.reason))


def _name(kind: str, recipient: str) -> str:
    """Return what a recipient is called; one that is gone is called by its id."""
    try:
        if kind == "institution":
            return institutions.get(recipient).name
        if kind == "department":
            return departments.get(recipient).name
        if kind == "provider":
            return providers.get(recipient).name
    except UnknownParty:
        return recipient
    return "平台运营机构" if kind == "operator" else "本人"
