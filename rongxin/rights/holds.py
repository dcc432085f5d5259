"""暂缓告知: a department's uses stay out of the subject's list while a lawful inquiry forbids telling it.

Two persons of the operator's, the law, a last day; nothing else may be held back, and nothing for longer.
After that day the subject sees the uses with everything else. The journal has them from the first moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from rongxin.catalogue import redaction
from rongxin.consent.rules import business_day
from rongxin.journal import entries, windows
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties import departments, second_person, subjects
from rongxin.proof import canonical
from rongxin.rights import policy
from rongxin.rights.errors import HoldNotPossible, HoldRefused, UnknownHold
from rongxin.rights.models import UseHold
from rongxin.rights.rules import use as rules
from rongxin.rights.rules.use import HoldAct, HoldState
from rongxin.vocabulary import uscc as codes
from rongxin.vocabulary.actor import Actor

_WHAT = "暂缓告知"


@dataclass(frozen=True)
class Card:
    """A hold: whose uses of whose information are kept from the list, by what law, until when."""

    id: UUID
    uscc: str
    department: str
    legal_basis: str
    until: date
    state: HoldState
    proposed_by: str
    proposed_at: datetime
    confirmed_by: str
    confirmed_at: datetime | None
    lifted_at: datetime | None

    def document(self, *, on: date) -> dict[str, Any]:
        """What the operator sees of it on a day, JSON-ready."""
        return {
            "hold": str(self.id),
            "uscc": self.uscc,
            "department": self.department,
            "legal_basis": self.legal_basis,
            "until": self.until.isoformat(),
            "state": self.state.value,
            "state_label": self.state.label,
            "keeps_back": rules.holds(self.state, self.until, on),
            "proposed_by": self.proposed_by,
            "proposed_at": self.proposed_at.isoformat(),
            "confirmed_by": self.confirmed_by or None,
            "confirmed_at": self.confirmed_at.isoformat() if self.confirmed_at else None,
            "lifted_at": self.lifted_at.isoformat() if self.lifted_at else None,
        }


def propose(
    uscc: str, department: str, *, legal_basis: str, until: date, actor: Actor, as_of: datetime
) -> Card:
    """Ask, as a person of the operator's, that a department's uses be kept back; it takes another to confirm.

    Raises HoldRefused, UnknownParty and parties.NotAllowed.
    """
    person = second_person.of_operator(actor=actor, what=_WHAT)
    today, basis = business_day(as_of), redaction.redact(legal_basis.strip())[:500]
    days_max = policy.holds_on(today).days_max
    if not basis:
        raise HoldRefused("请写明法律依据（法律、行政法规的条款和办案文书编号）")
    if not today <= until or (until - today).days > days_max:
        raise HoldRefused(f"截止日期须在今日至其后{days_max}日之间；期满仍须暂缓的，重新办理")
    subject = subjects.find(codes.clean(uscc))
    if subject is None:
        raise HoldRefused("没有此统一社会信用代码的信息主体，请核对")
    departments.get(department)
    with transaction.atomic():
        row = UseHold.objects.create(
            id=uuid4(),
            subject_id=subject.id,
            department=department,
            legal_basis=basis,
            until=until,
            state=HoldState.PROPOSED.value,
            proposed_by=person,
            proposed_at=as_of,
        )
        _journal(row, "proposed", actor=actor, as_of=as_of)
    return _card(row)


def decide(hold_id: UUID, act: HoldAct, *, actor: Actor, as_of: datetime) -> Card:
    """Confirm (another person than who proposed it), decline or lift a hold."""
    person = second_person.of_operator(actor=actor, what=_WHAT)
    with transaction.atomic():
        row = UseHold.objects.select_for_update(no_key=True, of=("self",)).filter(pk=hold_id).first()
        if row is None:
            raise UnknownHold(f"没有编号为{hold_id}的暂缓告知")
        state = HoldState(row.state)
        if act not in rules.TRANSITIONS[state]:
            raise HoldNotPossible(f"该暂缓告知现为“{state.label}”，不能办理此事项")
        if act is HoldAct.CONFIRM:
            second_person.check_other(person, row.proposed_by, what=_WHAT)
            row.confirmed_by, row.confirmed_at = person, as_of
        if act is HoldAct.LIFT:
            row.lifted_at = as_of
        row.state = rules.TRANSITIONS[state][act].value
        row.save(update_fields=["state", "confirmed_by", "confirmed_at", "lifted_at"])
        _journal(row, row.state, actor=actor, as_of=as_of)
    return _card(row)


def kept_back(subject_id: int, *, on: date) -> frozenset[str]:
    """Return the departments whose uses of a subject's information are not told on a day."""
    rows = UseHold.objects.filter(
        subject=subject_id, state=HoldState.IN_FORCE.value, until__gte=on, confirmed_at__isnull=False
    )
    return frozenset(rows.values_list("department", flat=True))


def every(window: Window, *, find: str = "") -> Part[Card]:
    """Return a part of all holds for the operator, the newest first; `find`: of firms with this code or this
    in their name.
    """
    rows = UseHold.objects.filter(subjects.called(find)) if find else UseHold.objects.all()
    return windows.part(rows, window, "-proposed_at", "id").of(_card)


def get(hold_id: UUID) -> Card:
    """Return a hold; raises `UnknownHold`."""
    row = UseHold.objects.filter(pk=hold_id).first()
    if row is None:
        raise UnknownHold(f"没有编号为{hold_id}的暂缓告知")
    return _card(row)


def _journal(row: UseHold, change: str, *, actor: Actor, as_of: datetime) -> None:
    # Not the subject's: an entry about a subject may be shown to it. The commitment binds whose hold it is.
    refs: Mapping[str, str | int] = {"hold": str(row.id), "department": row.department, "change": change}
    said = canonical.digest(
        {"subject": row.subject_id, "legal_basis": row.legal_basis, "until": row.until.isoformat()}
    )
    entries.append(Kind.USE_HOLD_CHANGED, actor=actor, refs=refs, commitments={"hold": said}, as_of=as_of)


def _card(row: UseHold) -> Card:
    return Card(
        id=row.id,
        uscc=subjects.get(row.subject_id).uscc or "",
        department=row.department,
        legal_basis=row.legal_basis,
        until=row.until,
        state=HoldState(row.state),
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        confirmed_by=row.confirmed_by,
        confirmed_at=row.confirmed_at,
        lifted_at=row.lifted_at,
    )
