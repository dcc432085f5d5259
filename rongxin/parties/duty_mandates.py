"""履职依据: proposed by one person of the operator's, granted by another, revoked by any ((五)(十)).

A department never gives itself a mandate. The terms are written once and stand in the journal by their
digest; whoever wants other terms proposes another mandate.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction

from rongxin.catalogue import loader, redaction
from rongxin.journal import entries, plans, windows
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties import accounts, departments
from rongxin.parties.errors import NotAllowed, UnknownParty
from rongxin.parties.models import DutyMandate
from rongxin.parties.rules import duty
from rongxin.parties.rules.duty import Act, State, Terms
from rongxin.proof import canonical
from rongxin.vocabulary.actor import Actor, ActorKind
from rongxin.vocabulary.reason import Reason


@dataclass(frozen=True)
class Card:
    """A mandate as it stands, and who had which hand in it."""

    id: UUID
    terms: Terms
    state: State
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    closed_by: str
    closed_why: str

    def document(self) -> dict[str, Any]:
        """What a person sees of a mandate, so a second one of the first's."""
        return {
            "mandate": str(self.id),
            "state": self.state.value,
            "state_label": self.state.label,
            **self.terms.as_json(),
            "proposed_by": self.proposed_by,
            "proposed_at": self.proposed_at.isoformat(),
            "decided_by": self.decided_by or None,
            "closed_by": self.closed_by or None,
            "closed_why": self.closed_why or None,
        }


def propose(terms: Terms, *, actor: Actor, as_of: datetime) -> Card:
    """Put a mandate forward; it carries nothing until another person grants it."""
    _operator(actor)
    departments.get(terms.department)
    found = list(duty.faults(terms, loader.load().items))
    if redaction.holds_number(f"{terms.duty}\n{terms.legal_basis}\n{'；'.join(terms.items.values())}"):
        found.append("事项或依据中似有个人证件号码、手机号或银行卡号，请删去")
    if found:
        raise NotAllowed("履职依据有误：" + "；".join(found))
    row = DutyMandate(
        id=uuid4(),
        department_id=terms.department,
        terms=terms.as_json(),
        proposed_by=_person(actor),
        proposed_at=as_of,
    )
    with transaction.atomic():
        row.save(force_insert=True)
        _journal(row, "proposed", actor=actor, as_of=as_of)
    return _card(row)


def grant(mandate_id: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Put another person's proposal in force."""
    return _decide(mandate_id, Act.GRANT, "", actor=actor, as_of=as_of)


def decline(mandate_id: UUID, *, reason: str, actor: Actor, as_of: datetime) -> Card:
    """Turn a proposal down, or take one's own back."""
    return _decide(mandate_id, Act.DECLINE, reason, actor=actor, as_of=as_of)


def revoke(mandate_id: UUID, *, reason: str, actor: Actor, as_of: datetime) -> Card:
    """End a mandate at once; it waits for releases under way, and no later one passes."""
    return _decide(mandate_id, Act.REVOKE, reason, actor=actor, as_of=as_of)


def find(mandate_id: UUID) -> Card | None:
    """Return a mandate as it stands now, or None."""
    row = DutyMandate.objects.filter(pk=mandate_id).first()
    return None if row is None else _card(row)


def get(mandate_id: UUID) -> Card:
    """Return a mandate as it stands now; UnknownParty where there is none."""
    card = find(mandate_id)
    if card is None:
        raise UnknownParty(f"没有编号为{mandate_id}的履职依据")
    return card


def of_department(department_id: str) -> list[Card]:
    """Return all mandates of a department, the newest first."""
    rows = DutyMandate.objects.filter(department=department_id).order_by("-proposed_at", "id")
    return [_card(row) for row in rows]


def waiting() -> list[Card]:
    """Return the proposals that wait for a second person, oldest first."""
    rows = DutyMandate.objects.filter(state=State.PROPOSED.value).order_by("proposed_at", "id")
    return [_card(row) for row in rows]


def part_of(window: Window, *, waiting_only: bool = False, find: str = "") -> Part[Card]:
    """Return a part of all mandates, the newest first; `find`: of departments with this in their name."""
    rows = (
        DutyMandate.objects.filter(state=State.PROPOSED.value) if waiting_only else DutyMandate.objects.all()
    )
    rows = rows.filter(department__name__icontains=find) if find else rows
    return windows.part(rows, window, "-proposed_at", "id").of(_card)


def bases_of(mandates: Iterable[UUID]) -> dict[UUID, str]:
    """Return duty and law of mandates in words, for those whom they concern."""
    rows = DutyMandate.objects.filter(pk__in=set(mandates))
    return {row.id: f"{row.terms['duty']}（{row.terms['legal_basis']}）" for row in rows}


_TAKE = """
    INSERT INTO parties_dutyuse AS taken (mandate_id, day, used)
    SELECT %(mandate)s, %(day)s, %(count)s WHERE %(count)s <= %(limit)s
    ON CONFLICT (mandate_id, day) DO UPDATE SET used = taken.used + excluded.used
    WHERE taken.used + excluded.used <= %(limit)s
    RETURNING used
"""


def take(card: Card, day: date, *, count: int) -> Reason | None:
    """Count subjects asked about against the day's limit; a rollback gives them back. None: it sufficed."""
    asked = {"mandate": card.id, "day": day, "count": count, "limit": card.terms.daily_limit}
    return None if plans.rows(_TAKE, asked) else Reason.QUOTA_EXHAUSTED


def held(mandate_id: UUID) -> Card | None:
    """Return a mandate and hold it as it stands until the transaction ends; many may, a revocation waits."""
    _lock("SELECT pg_advisory_xact_lock_shared(%s)", mandate_id)
    return find(mandate_id)


def _decide(mandate_id: UUID, act: Act, why: str, *, actor: Actor, as_of: datetime) -> Card:
    _operator(actor)
    with transaction.atomic():
        _lock("SELECT pg_advisory_xact_lock(%s)", mandate_id)
        state = get(mandate_id).state
        row = DutyMandate.objects.get(pk=mandate_id)
        after = duty.TRANSITIONS[state].get(act)
        if after is None:
            raise NotAllowed(f"该履职依据{state.label}，不能进行此操作")
        if act is Act.GRANT:
            if _person(actor) == row.proposed_by:
                raise NotAllowed("提出人不能核准自己提出的履职依据，请由平台运营机构的另一人核准")
            row.decided_by, row.decided_at = _person(actor), as_of
        else:
            row.closed_by, row.closed_at, row.closed_why = _person(actor), as_of, redaction.redact(why)[:500]
        row.state = after.value
        row.save()
        _journal(row, after.value, actor=actor, as_of=as_of)
    return _card(row)


def _operator(actor: Actor) -> None:
    if not actor.is_operator:
        raise NotAllowed("履职依据只能由平台运营机构提出、核准和撤销")
    # One person has one account, so two accounts are two persons only where both are known by real name.
    if actor.kind is ActorKind.ACCOUNT and not accounts.get(int(actor.id)).id_commitment:
        raise NotAllowed("请先完成实名注册：履职依据须由两个不同的人办理")


def _person(actor: Actor) -> str:
    """An account, in whatever role: the second person is another one."""
    return str(actor).split("@")[0]


def _lock(sql: str, mandate_id: UUID) -> None:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a lock on a mandate lasts as long as its transaction")
    key = sha256(b"rongxin.duty_mandate:" + mandate_id.bytes).digest()[:8]
    plans.rows(sql, [int.from_bytes(key, signed=True)])


def _journal(row: DutyMandate, change: str, *, actor: Actor, as_of: datetime) -> None:
    entries.append(
        Kind.DUTY_MANDATE_CHANGED,
        actor=actor,
        refs={"mandate": str(row.id), "department": row.department_id, "change": change},
        commitments={"terms": canonical.digest(row.terms)},
        as_of=as_of,
    )


def _card(row: DutyMandate) -> Card:
    return Card(
        row.id,
        duty.read(row.terms),
        State(row.state),
        row.proposed_by,
        row.proposed_at,
        row.decided_by,
        row.closed_by,
        row.closed_why,
    )
