"""Papers that a subject handed in (证据, 修复材料, 申请材料), through the door as its records are ((九)(十)).

The intent before the paper is opened, the outcome with its SHA-256 before the bytes leave, refusals too; so
each look stands in the journal and in the subject's list of uses. An institution and a provider open what
was handed in to them while the matter is theirs; the operator's people only by a break-glass. What a subject
opens of its own is no disclosure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.db import transaction

from rongxin.disclosure import register
from rongxin.disclosure.left import Left
from rongxin.disclosure.models import Intent
from rongxin.disclosure.release import Recipient, Refusal, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.parties import break_glass, institutions, quotas, subjects
from rongxin.parties.quotas import Asker
from rongxin.vocabulary.actor import Actor
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.labelled import Labelled
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason


class PaperKind(Labelled):
    """What a paper was handed in for; it stands where an item's name stands in the register."""

    OBJECTION_EVIDENCE = "objection_evidence", "异议证据", "evidence of an objection"
    REPAIR_MATERIAL = "repair_material", "信用修复材料", "material of a request for repair"
    APPLICATION_PAPER = "application_paper", "融资申请材料", "a paper of an application"


@dataclass(frozen=True)
class Paper:
    """A paper of a subject's. `with_whom` says fresh, each time, whose the matter is now: kind and id; None
    where it is nobody's. `read` opens it.
    """

    kind: PaperKind
    subject: int
    with_whom: Callable[[], tuple[RecipientKind, str] | None]
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Ask:
    """Who wants to open it, and by what number of theirs; `opening` is a break-glass of the operator's."""

    recipient: Recipient
    reference: str
    case: UUID | None = None
    opening: UUID | None = None

    @property
    def purpose(self) -> Purpose:
        return _PURPOSES[self.recipient.kind]


_PURPOSES = {
    RecipientKind.INSTITUTION: Purpose.PRE_LOAN_REVIEW,
    RecipientKind.PROVIDER: Purpose.OBJECTION_CHECK,
    RecipientKind.OPERATOR: Purpose.BREAK_GLASS,
}


def release(paper: Paper, ask: Ask, *, actor: Actor, as_of: datetime) -> bytes | Refusal:
    """Give the paper, or a Refusal whose reason stands in the journal and is told to the subject."""
    request = Request(
        recipient=ask.recipient,
        uscc=subjects.get(paper.subject).uscc or "",
        items=(paper.kind.value,),
        purpose=ask.purpose,
        reference=ask.reference,
        case_id=ask.case,
        mandate_id=ask.opening,
        export=True,
    )
    with transaction.atomic(durable=True):
        refused = _decide(paper, ask, actor=actor, as_of=as_of) or _quota(ask, as_of=as_of)
        intent = register.intend(request, subject_id=paper.subject, consent=None, actor=actor, as_of=as_of)
        if refused is not None:
            return _refuse(intent, refused, actor=actor, as_of=as_of)
    content = paper.read()
    with transaction.atomic(durable=True):
        changed = _decide(paper, ask, actor=actor, as_of=as_of)
        if changed is not None:
            return _refuse(intent, changed, actor=actor, as_of=as_of)
        left = Left({paper.kind.value: [Availability.RECORDS.value, "", 1]}, ())
        register.conclude(intent, sha256(content).hexdigest(), left, actor=actor, as_of=as_of)
    return content


def _decide(paper: Paper, ask: Ask, *, actor: Actor, as_of: datetime) -> Reason | None:
    """Say why the paper stays closed; None opens it."""
    recipient = ask.recipient
    if recipient.kind is RecipientKind.OPERATOR:
        if not actor.is_operator or actor.id != recipient.id:
            return Reason.RECIPIENT_MISMATCH
        card = break_glass.find(ask.opening) if ask.opening else None
        if card is None or card.subject != paper.subject:
            return Reason.BREAK_GLASS_MISSING
        return break_glass.standing(card.id, account=recipient.id, as_of=as_of)
    if actor.party != f"{recipient.kind.value}:{recipient.id}":
        return Reason.RECIPIENT_MISMATCH
    if recipient.kind is RecipientKind.INSTITUTION:
        standing = institutions.standing(recipient.id, names_case=True, as_of=as_of)
        if not standing.admitted:
            return standing.reason
    return None if paper.with_whom() == (recipient.kind, recipient.id) else Reason.PAPER_NOT_ADDRESSED


def _quota(ask: Ask, *, as_of: datetime) -> Reason | None:
    """Count an institution's file with the others that it takes away."""
    if ask.recipient.kind is not RecipientKind.INSTITUTION:
        return None
    asker = Asker(ask.recipient.id, ask.recipient.branch, ask.recipient.person, export=True)
    return quotas.take_export(asker, as_of=as_of).reason


def _refuse(intent: Intent, reason: Reason, *, actor: Actor, as_of: datetime) -> Refusal:
    outcome = register.refuse(intent, reason, actor=actor, as_of=as_of)
    return Refusal(intent.id, reason, as_of, outcome.entry)
