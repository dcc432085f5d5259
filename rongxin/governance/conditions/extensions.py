"""延期: an institution asks for a later day for a condition; two of the operator's people grant it ((十)).

Asking stops no clock. Granted, the condition's day and with it the last day of service move; refused, nothing
does. Two people approved the day, so two move it; one may refuse (decision 0081).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from rongxin.catalogue import redaction
from rongxin.governance.conditions import fulfilment, rules
from rongxin.governance.conditions.rules import ExtensionAct, ExtensionState, State
from rongxin.governance.errors import (
    ConditionNotPossible,
    ConditionRefused,
    NotTheirInstitution,
    UnknownExtension,
)
from rongxin.governance.models import ApprovalCondition, ConditionExtension
from rongxin.governance.onboarding import parameters
from rongxin.parties import second_person
from rongxin.vocabulary.actor import Actor, ActorKind
from rongxin.vocabulary.zone import business_day

_WHAT = "接入条件的延期"
_REASON_MAX = 500


@dataclass(frozen=True)
class Card:
    """A request for a later day as it stands, and who had which hand in it."""

    id: UUID
    condition: UUID
    due_before: date
    due_wanted: date
    reason: str
    state: ExtensionState
    asked_at: datetime
    asked_by: str
    recommended_at: datetime | None
    recommended_by: str
    decided_at: datetime | None
    decided_by: str
    answer: str

    def told(self) -> dict[str, Any]:
        """What the institution sees of it: no names of the operator's people."""
        return {
            "extension": str(self.id),
            "due_before": self.due_before.isoformat(),
            "due_wanted": self.due_wanted.isoformat(),
            "reason": self.reason,
            "state": self.state.value,
            "state_label": self.state.label,
            "asked_at": self.asked_at.isoformat(),
            "decided_at": self.decided_at.isoformat() if self.decided_at else None,
            "answer": self.answer or None,
        }

    def document(self) -> dict[str, Any]:
        """What the operator sees of it, JSON-ready."""
        return self.told() | {
            "asked_by": self.asked_by,
            "recommended_by": self.recommended_by or None,
            "decided_by": self.decided_by or None,
        }


def ask(
    institution: str, condition: UUID, due_wanted: date, reason: str, *, actor: Actor, as_of: datetime
) -> Card:
    """Ask as the institution's administrator for a later day, with the reason; nothing moves by that."""
    if actor.party != f"institution:{institution}" or actor.kind is not ActorKind.ACCOUNT:
        raise NotTheirInstitution("接入条件的延期只能由该机构的管理员登录申请")
    if not (said := redaction.redact(reason.strip())[:_REASON_MAX]):
        raise ConditionRefused("请写明申请延期的理由")
    with transaction.atomic():
        row = fulfilment.locked(institution, condition)
        today = business_day(as_of)
        if (why := _hindrance(row, today)) is not None:
            raise ConditionNotPossible(why)
        last = _latest(row)
        if row.due_on is None or last is None or not row.due_on < due_wanted <= last:
            raise ConditionRefused(f"新的期限应在{row.due_on}之后，最迟{last}")
        made = ConditionExtension(
            id=uuid4(),
            condition=row,
            due_before=row.due_on,
            due_wanted=due_wanted,
            reason=said,
            asked_at=as_of,
            asked_by=f"{actor.kind}:{actor.id}",
        )
        made.save(force_insert=True)
        fulfilment.journal(row, "extension_asked", actor=actor, as_of=as_of, extension=made)
    return _card(made)


def recommend(institution: str, condition: UUID, extension: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Find a request well founded, as the first of the operator's two people."""
    person = fulfilment.person_of_operator(institution, _WHAT, actor=actor, as_of=as_of)
    with transaction.atomic():
        row, made = _open(institution, condition, extension, ExtensionAct.RECOMMEND)
        made.recommended_by, made.recommended_at = person, as_of
        _moved(made, ExtensionAct.RECOMMEND)
        fulfilment.journal(row, "extension_recommended", actor=actor, as_of=as_of, extension=made)
    return _card(made)


def grant(institution: str, condition: UUID, extension: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Move the day, as another person than who recommended it."""
    person = fulfilment.person_of_operator(institution, _WHAT, actor=actor, as_of=as_of)
    with transaction.atomic():
        row, made = _open(institution, condition, extension, ExtensionAct.GRANT)
        second_person.check_other(person, made.recommended_by, what=_WHAT)
        if made.due_wanted <= business_day(as_of):
            raise ConditionNotPossible("所申请的期限已经过去，请不予同意并写明理由")
        made.decided_by, made.decided_at = person, as_of
        _moved(made, ExtensionAct.GRANT)
        # Of the new day the institution is reminded, and alarmed where it isn't kept, as of the first.
        row.due_on, row.reminded_at, row.overdue_entry = made.due_wanted, None, None
        row.save(update_fields=["due_on", "reminded_at", "overdue_entry"])
        fulfilment.journal(row, "extended", actor=actor, as_of=as_of, extension=made)
        fulfilment.hold(institution, actor=actor, as_of=as_of)
    return _card(made)


def refuse(
    institution: str, condition: UUID, extension: UUID, reason: str, *, actor: Actor, as_of: datetime
) -> Card:
    """Refuse a request with the reason; the day stays, so one person suffices."""
    if not (said := redaction.redact(reason.strip())[:_REASON_MAX]):
        raise ConditionRefused("请写明不同意延期的理由，机构会看到")
    person = fulfilment.person_of_operator(institution, _WHAT, actor=actor, as_of=as_of)
    with transaction.atomic():
        row, made = _open(institution, condition, extension, ExtensionAct.REFUSE)
        made.decided_by, made.decided_at, made.answer = person, as_of, said
        _moved(made, ExtensionAct.REFUSE)
        fulfilment.journal(row, "extension_refused", actor=actor, as_of=as_of, extension=made)
    return _card(made)


def of_institution(institution: str) -> Mapping[UUID, list[Card]]:
    """Return the requests of an institution by condition, the newest first."""
    found: dict[UUID, list[Card]] = {}
    rows = ConditionExtension.objects.filter(condition__institution=institution)
    for row in rows.order_by("-asked_at", "-id"):
        found.setdefault(row.condition_id, []).append(_card(row))
    return found


def of_condition(condition: UUID) -> list[Card]:
    """Return the requests for a later day of one condition, the newest first."""
    rows = ConditionExtension.objects.filter(condition=condition).order_by("-asked_at", "-id")
    return [_card(row) for row in rows]


def may_ask(institution: str, *, on: date) -> Mapping[UUID, date]:
    """Return the conditions for which a later day can be asked for now, each with the last day possible."""
    rows = ApprovalCondition.objects.select_related("application").filter(institution=institution)
    last = {row.id: _latest(row) for row in rows if _hindrance(row, on) is None}
    return {condition: day for condition, day in last.items() if day is not None}


def waiting() -> int:
    """Return how many requests wait for the operator."""
    return ConditionExtension.objects.filter(state__in=rules.EXTENSION_OPEN).count()


def waiting_of(conditions: list[UUID]) -> set[UUID]:
    """Return which of these conditions have a request that waits for the operator."""
    rows = ConditionExtension.objects.filter(condition__in=conditions, state__in=rules.EXTENSION_OPEN)
    return set(rows.values_list("condition_id", flat=True))


def _latest(row: ApprovalCondition) -> date | None:
    """Return the last day to which a condition's date can be moved now; None where it has none."""
    until = row.application.valid_until
    if row.due_on is None or until is None:
        return None
    days_max = parameters.edition(row.edition).condition_extension_days_max
    return rules.last_extended(row.due_on, days_max=days_max, until=until)


def _hindrance(row: ApprovalCondition, today: date) -> str | None:
    made = list(row.extensions.values_list("state", flat=True))
    why = rules.no_extension(
        State(row.state),
        row.due_on,
        today=today,
        granted=made.count(ExtensionState.GRANTED.value),
        times_max=parameters.edition(row.edition).condition_extensions_max,
        waits=any(state in rules.EXTENSION_OPEN for state in made),
    )
    last = _latest(row)
    if why is None and (row.due_on is None or last is None or last <= row.due_on):
        return "期限已到接入有效期的最后一天，不能再延"
    return why


def _open(
    institution: str, condition: UUID, extension: UUID, act: ExtensionAct
) -> tuple[ApprovalCondition, ConditionExtension]:
    """Return a request and its condition, held: of two who decide, one comes first."""
    row = fulfilment.locked(institution, condition)
    made = ConditionExtension.objects.filter(pk=extension, condition=row).first()
    if made is None:
        raise UnknownExtension(f"该条件没有编号为{extension}的延期申请")
    state = ExtensionState(made.state)
    if act not in rules.EXTENSION_TRANSITIONS[state]:
        raise ConditionNotPossible(f"该延期申请{state.label}，不能进行此操作")
    return row, made


def _moved(made: ConditionExtension, act: ExtensionAct) -> None:
    made.state = rules.EXTENSION_TRANSITIONS[ExtensionState(made.state)][act].value
    made.save()


def _card(row: ConditionExtension) -> Card:
    return Card(
        id=row.id,
        condition=row.condition_id,
        due_before=row.due_before,
        due_wanted=row.due_wanted,
        reason=row.reason,
        state=ExtensionState(row.state),
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        recommended_at=row.recommended_at,
        recommended_by=row.recommended_by,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        answer=row.answer,
    )
