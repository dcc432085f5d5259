"""紧急查阅: asked for by one person of the operator's, approved by another, open for minutes (threats T9).

What is seen by it leaves through the gate (`disclosure.emergency`), is journalled like every disclosure and
stands in the subject's list of uses with the reason given here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from rongxin.catalogue import redaction
from rongxin.journal import entries, windows
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties import accounts, memberships, second_person, subjects
from rongxin.parties.break_glass_models import BreakGlass
from rongxin.parties.errors import NotAllowed, PartiesError, UnknownParty
from rongxin.parties.rules import break_glass as rules
from rongxin.parties.rules.break_glass import Act, Limits, State
from rongxin.parties.rules.membership import PartyKind
from rongxin.proof import canonical
from rongxin.vocabulary import edition
from rongxin.vocabulary import uscc as codes
from rongxin.vocabulary.actor import Actor
from rongxin.vocabulary.reason import Reason

PARAMETERS = Path(__file__).parent / "parameters"
_WHAT = "紧急查阅"


class InvalidBreakGlassLimits(PartiesError):
    """A file of limits for 紧急查阅 can't be used as it stands."""

    code = "invalid_break_glass_limits"


@dataclass(frozen=True)
class Card:
    """A request as it stands."""

    id: UUID
    subject: int
    reason: str
    reference: str
    asked_by: str
    asked_at: datetime
    state: State
    decided_by: str
    decided_at: datetime | None
    until: datetime

    def asked_for_by(self, *, actor: Actor) -> bool:
        return self.asked_by == _person(actor)

    def is_open(self, *, as_of: datetime) -> bool:
        return self.state is State.APPROVED and not rules.lapsed(self.state, self.until, as_of=as_of)

    def waits(self, *, as_of: datetime) -> bool:
        return self.state is State.REQUESTED and not rules.lapsed(self.state, self.until, as_of=as_of)

    def document(self, *, as_of: datetime) -> dict[str, Any]:
        """What the operator's people see of it at a moment."""
        subject = subjects.get(self.subject)
        return {
            "break_glass": self.id,
            "uscc": subject.uscc,
            "name": subject.name,
            "reason": self.reason,
            "reference": self.reference,
            "asked_by": named(self.asked_by),
            "asked_at": self.asked_at,
            "state": self.state.value,
            "state_label": rules.label(self.state, self.until, as_of=as_of),
            "open": self.is_open(as_of=as_of),
            "waits": self.waits(as_of=as_of),
            "decided_by": named(self.decided_by),
            "decided_at": self.decided_at,
            "until": self.until,
        }


@cache
def editions() -> tuple[Limits, ...]:
    return edition.read(PARAMETERS, "break_glass_*.yaml", Limits, broken=InvalidBreakGlassLimits)


def limits(on: date) -> Limits:
    """Return the limits in force on a day."""
    return edition.in_force(editions(), on)


def ask(uscc: str, *, reason: str, reference: str, actor: Actor, as_of: datetime) -> Card:
    """Ask to see what is held about a subject in clear; nothing is, until another person approves."""
    second_person.of_operator(actor=actor, what=_WHAT)
    said, number = reason.strip(), reference.strip()
    asked = limits(timezone.localdate(as_of))
    if wrong := rules.fault(said, asked):
        raise NotAllowed(wrong)
    if not number:
        raise NotAllowed("请填写工单或案卷编号：每次查阅都对应一件事")
    if any(map(redaction.holds_number, (said, number))):
        raise NotAllowed("理由或编号中似有个人证件号码、手机号或银行卡号，请删去")
    subject = subjects.find(codes.clean(uscc))
    if subject is None:
        raise UnknownParty("没有此统一社会信用代码的信息主体，请核对")
    with transaction.atomic():
        row = BreakGlass.objects.create(
            id=uuid4(),
            subject_id=subject.id,
            reason=said,
            reference=number[:100],
            asked_by=_person(actor),
            asked_at=as_of,
            until=as_of + asked.waits_for,
        )
        _journal(row, "requested", actor=actor, as_of=as_of)
    return _card(row)


def approve(id: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Open it to the asker for some minutes: as another person, who is a security or audit administrator."""
    person = _approver(actor, as_of)
    with transaction.atomic():
        row = _locked(id, Act.APPROVE, as_of)
        second_person.check_other(person, row.asked_by, what=_WHAT)
        row.until = as_of + limits(timezone.localdate(as_of)).open_for
        return _decide(row, Act.APPROVE, person, actor=actor, as_of=as_of)


def decline(id: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Say no to it; nothing is seen."""
    person = _approver(actor, as_of)
    with transaction.atomic():
        return _decide(_locked(id, Act.DECLINE, as_of), Act.DECLINE, person, actor=actor, as_of=as_of)


def close(id: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """End it before its time, as whoever asked or as an approver."""
    with transaction.atomic():
        row = _locked(id, Act.CLOSE, as_of)
        if row.asked_by != _person(actor):
            _approver(actor, as_of)
        row.state = State.CLOSED.value
        row.save(update_fields=["state"])
        _journal(row, row.state, actor=actor, as_of=as_of)
    return _card(row)


def standing(id: UUID | None, *, account: str, as_of: datetime) -> Reason | None:
    """Say why an account sees nothing by it at a moment; None where it is open to that account."""
    card = None if id is None else find(id)
    if card is None:
        return Reason.BREAK_GLASS_MISSING
    person = f"account:{account}"
    return rules.standing(card.state, card.until, asker=card.asked_by, person=person, as_of=as_of)


def find(id: UUID) -> Card | None:
    row = BreakGlass.objects.filter(pk=id).first()
    return None if row is None else _card(row)


def get(id: UUID) -> Card:
    """Return a request; UnknownParty where there is none."""
    card = find(id)
    if card is None:
        raise UnknownParty(f"没有编号为{id}的紧急查阅")
    return card


def every(
    window: Window, *, asked_by: Actor | None = None, find: str = "", state: State | None = None
) -> Part[Card]:
    """Return a part of the requests, or of one person's, the newest first; of those for a case of this number
    or a firm with this in its name.
    """
    rows = BreakGlass.objects.all()
    if asked_by is not None:
        rows = rows.filter(asked_by=_person(asked_by))
    if find:
        rows = rows.filter(Q(reference__contains=find) | subjects.called(find))
    if state is not None:
        rows = rows.filter(state=state.value)
    return windows.part(rows, window, "-asked_at", "id").of(_card)


def waiting(*, as_of: datetime) -> list[Card]:
    """Return what waits for a second person, the oldest first."""
    rows = BreakGlass.objects.filter(state=State.REQUESTED.value, until__gt=as_of).order_by("asked_at", "id")
    return [_card(row) for row in rows]


def reasons_of(ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return why each was asked for and who approved, in words for the subject whom it concerns."""
    rows = BreakGlass.objects.filter(pk__in=set(ids))
    return {row.id: f"{row.reason}（由{named(row.decided_by) or '无人'}核准）" for row in rows}


def named(person: str) -> str:
    """Return what a person of the operator's is called; "" for nobody."""
    return accounts.get(int(person.removeprefix("account:"))).display_name if person else ""


def _approver(actor: Actor, as_of: datetime) -> str:
    person = second_person.of_operator(actor=actor, what=_WHAT)
    roles = memberships.of_account(int(actor.id), on=timezone.localdate(as_of))
    if not any(one.party_kind is PartyKind.OPERATOR and one.role in rules.APPROVERS for one in roles):
        raise NotAllowed(f"{_WHAT}须由安全管理员或审计管理员核准")
    return person


def _locked(id: UUID, act: Act, as_of: datetime) -> BreakGlass:
    row = BreakGlass.objects.select_for_update(no_key=True, of=("self",)).filter(pk=id).first()
    if row is None:
        raise UnknownParty(f"没有编号为{id}的紧急查阅")
    state = State(row.state)
    if act not in rules.TRANSITIONS[state] or rules.lapsed(state, row.until, as_of=as_of):
        said = rules.label(state, row.until, as_of=as_of)
        raise NotAllowed(f"该紧急查阅现为“{said}”，不能办理此事项；如仍需要，请重新申请")
    return row


def _decide(row: BreakGlass, act: Act, person: str, *, actor: Actor, as_of: datetime) -> Card:
    row.state = rules.TRANSITIONS[State(row.state)][act].value
    row.decided_by, row.decided_at = person, as_of
    row.save(update_fields=["state", "decided_by", "decided_at", "until"])
    _journal(row, row.state, actor=actor, as_of=as_of)
    return _card(row)


def _person(actor: Actor) -> str:
    """An account, in whatever role: the second person is another one."""
    return f"{actor.kind}:{actor.id}"


def _journal(row: BreakGlass, change: str, *, actor: Actor, as_of: datetime) -> None:
    entries.append(
        Kind.BREAK_GLASS_CHANGED,
        actor=actor,
        refs={"break_glass": str(row.id), "subject": row.subject_id, "change": change},
        commitments={"asked": canonical.digest({"reason": row.reason, "reference": row.reference})},
        as_of=as_of,
    )


def _card(row: BreakGlass) -> Card:
    return Card(
        id=row.id,
        subject=row.subject_id,
        reason=row.reason,
        reference=row.reference,
        asked_by=row.asked_by,
        asked_at=row.asked_at,
        state=State(row.state),
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        until=row.until,
    )
