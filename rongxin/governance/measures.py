"""措施: what the operator's people impose on an institution, and what two of them lift ((十): 及时处置).

To stop takes one person: it can't wait. Whatever loosens (reinstate, no case needed any more, a limit set or
taken away) or can't be taken back (close) takes effect only when a second person confirms it. Each has its
reason and stands in the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from rongxin.catalogue import redaction
from rongxin.governance.errors import (
    GovernanceError,
    MeasureOver,
    NotTheOperators,
    SamePerson,
    UnknownMeasure,
)
from rongxin.governance.models import Incident, Measure
from rongxin.governance.rules import ALONE, Act, MeasureState
from rongxin.governance.watching import incidents
from rongxin.governance.watching.rules import Action
from rongxin.journal import entries, windows
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties import institutions, quotas, second_person, step_ups
from rongxin.parties.rules import quota
from rongxin.parties.rules.quota import Scope
from rongxin.parties.rules.standing import Standing
from rongxin.proof import canonical
from rongxin.vocabulary.actor import Actor

_WHY_MAX = 500
_WHAT = "措施的确认"
_SCOPED = frozenset({Act.LIMIT, Act.UNLIMIT})
_NUMBERED = frozenset({Act.LIMIT, Act.DAILY_QUOTA})
#: Which incidents' measures an act takes out of their hands: clearing those undoes nothing any more.
_TAKES_OVER: Mapping[Act, Action] = {
    Act.SUSPEND: Action.SUSPEND,
    Act.REINSTATE: Action.SUSPEND,
    Act.CLOSE: Action.SUSPEND,
    Act.REQUIRE_CASES: Action.REQUIRE_CASES,
    Act.RELEASE_CASES: Action.REQUIRE_CASES,
    Act.LIMIT: Action.BAR_PERSON,
    Act.UNLIMIT: Action.BAR_PERSON,
    Act.STEP_UP: Action.STEP_UP,
}


#: Actions against one person of an institution.
_PERSONAL = frozenset({Action.BAR_PERSON, Action.STEP_UP})


@dataclass(frozen=True)
class Wanted:
    """What is to be done to an institution. `scope` and `key` (a branch's or person's name; empty: all) of a
    limit, `allowed` its number. `key` is also the person of a step-up and the number of an incident to lift.
    """

    institution: str
    act: Act
    scope: Scope | None = None
    key: str = ""
    allowed: int | None = None


def propose(wanted: Wanted, *, why: str, actor: Actor, as_of: datetime) -> dict[str, Any]:
    """Do what one person may at once, or put the rest down for a second person; returns the measure."""
    _check(wanted, actor)
    if wanted.act not in ALONE:
        second_person.of_operator(actor=actor, what=_WHAT)
    reason = redaction.redact(why).strip()[:_WHY_MAX]
    if not reason:
        raise GovernanceError("请写明理由 say why")
    institutions.get(wanted.institution)
    with transaction.atomic():
        row = Measure.objects.create(
            id=uuid4(),
            institution_id=wanted.institution,
            act=wanted.act.value,
            scope=wanted.scope.value if wanted.scope else "",
            key=quota.named(wanted.key),
            allowed=wanted.allowed,
            why=reason,
            proposed_at=as_of,
            proposed_by=_account(actor),
        )
        if wanted.act in ALONE:
            _settle(row, MeasureState.DONE, actor=actor, as_of=as_of)
        else:
            _journal(row, actor=actor, as_of=as_of)
    return document(row)


def confirm(measure: UUID, *, actor: Actor, as_of: datetime) -> dict[str, Any]:
    """Have a measure take effect, as a second person; raises `SamePerson`, `MeasureOver`.

    Persons are compared, not accounts as they act: one account is one person where it is known by real name.
    """
    with transaction.atomic():
        row = _locked(measure, actor)
        if second_person.of_operator(actor=actor, what=_WHAT) == row.proposed_by.partition("@")[0]:
            raise SamePerson("提出人不能自己确认，须由另一人确认 somebody else has to confirm it")
        _settle(row, MeasureState.DONE, actor=actor, as_of=as_of)
    return document(row)


def decline(measure: UUID, *, actor: Actor, as_of: datetime) -> dict[str, Any]:
    """Let a measure be, as a second person or as the one who proposed it."""
    with transaction.atomic():
        row = _locked(measure, actor)
        _settle(row, MeasureState.DECLINED, actor=actor, as_of=as_of)
    return document(row)


def every(*, institution: str | None = None, open_only: bool = False) -> list[dict[str, Any]]:
    """Return the newest measures: of all, or of one institution's."""
    return list(part_of(Window(500), institution=institution, open_only=open_only).rows)


def part_of(
    window: Window, *, institution: str | None = None, open_only: bool = False
) -> Part[dict[str, Any]]:
    """Return a part of the measures, the newest first: of all, or of one institution's."""
    rows = Measure.objects.all()
    if institution is not None:
        rows = rows.filter(institution=institution)
    if open_only:
        rows = rows.filter(state=MeasureState.PROPOSED.value)
    return windows.part(rows, window, "-proposed_at", "id").of(document)


def document(row: Measure) -> dict[str, Any]:
    """Return a measure JSON-ready."""
    act, state = Act(row.act), MeasureState(row.state)
    return {
        "measure": str(row.id),
        "institution": row.institution_id,
        "act": act.value,
        "act_label": act.label,
        "scope": row.scope or None,
        "key": row.key or None,
        "allowed": row.allowed,
        "why": row.why,
        "proposed_at": row.proposed_at.isoformat(),
        "proposed_by": row.proposed_by,
        "state": state.value,
        "state_label": state.label,
        "decided_at": row.decided_at.isoformat() if row.decided_at else None,
        "decided_by": row.decided_by or None,
    }


def _check(wanted: Wanted, actor: Actor) -> None:
    if not actor.is_operator:
        raise NotTheOperators("只能由平台运营机构决定 this is the operator's to decide")
    if (wanted.act in _SCOPED) != (wanted.scope is not None):
        raise GovernanceError(
            "设定或取消上限须写明范围（scope），其他措施不写 a limit, and nothing else, has a scope"
        )
    if (wanted.act in _NUMBERED) != (wanted.allowed is not None):
        raise GovernanceError(
            "设定上限须写明数量（allowed），其他措施不写 a limit, and nothing else, has a number"
        )
    if wanted.act is Act.STEP_UP and not quota.named(wanted.key):
        raise GovernanceError("请写明查询人（key） a step-up names the person")
    if wanted.act is Act.LIFT_INCIDENT:
        incidents.check_liftable(wanted.key, institution_id=wanted.institution)
    if wanted.scope is not None and wanted.scope not in quotas.SETTABLE:
        raise GovernanceError("机构的每日上限请用 daily_quota use daily_quota for the institution's own")


def _settle(row: Measure, to: MeasureState, *, actor: Actor, as_of: datetime) -> None:
    row.state, row.decided_at, row.decided_by = to.value, as_of, _account(actor)
    row.save(update_fields=["state", "decided_at", "decided_by"])
    if to is MeasureState.DONE:
        _DO[Act(row.act)](row, actor, as_of)
        _take_over(row)
    _journal(row, actor=actor, as_of=as_of)


def _account(actor: Actor) -> str:
    return f"{actor.kind}:{actor.id}"


def _take_over(row: Measure) -> None:
    """A person has decided: what an incident imposed is no longer that incident's to take back."""
    action = _TAKES_OVER.get(Act(row.act))
    if action is not None and not (action is Action.BAR_PERSON and row.scope != Scope.PERSON):
        held = Incident.objects.filter(institution=row.institution_id, action=action.value, imposed=True)
        (held.filter(person=row.key) if action in _PERSONAL else held).update(imposed=False)


def _limit(row: Measure, actor: Actor, as_of: datetime) -> None:
    allowed = row.allowed or 0
    quotas.set_limit(row.institution_id, Scope(row.scope), allowed, key=row.key, actor=actor, as_of=as_of)


def _unlimit(row: Measure, actor: Actor, as_of: datetime) -> None:
    quotas.allow(row.institution_id, Scope(row.scope), key=row.key, actor=actor, as_of=as_of)


def _suspend(row: Measure, actor: Actor, as_of: datetime) -> None:
    """What the watch suspended already is from now on suspended by this person, whatever becomes of that."""
    if institutions.get(row.institution_id).standing is not Standing.SUSPENDED:
        institutions.suspend(row.institution_id, actor=actor, as_of=as_of)


def _lift_incident(row: Measure, actor: Actor, as_of: datetime) -> None:
    incidents.lift(UUID(row.key), institution_id=row.institution_id, actor=actor, as_of=as_of)


_DO: Mapping[Act, Callable[[Measure, Actor, datetime], object]] = {
    Act.SUSPEND: _suspend,
    Act.REINSTATE: lambda row, actor, at: institutions.reinstate(row.institution_id, actor=actor, as_of=at),
    Act.CLOSE: lambda row, actor, at: institutions.close(row.institution_id, actor=actor, as_of=at),
    Act.REQUIRE_CASES: lambda row, actor, at: institutions.require_cases(
        row.institution_id, True, actor=actor, as_of=at
    ),
    Act.RELEASE_CASES: lambda row, actor, at: institutions.require_cases(
        row.institution_id, False, actor=actor, as_of=at
    ),
    Act.LIMIT: _limit,
    Act.UNLIMIT: _unlimit,
    Act.LIFT_INCIDENT: _lift_incident,
    Act.STEP_UP: lambda row, actor, at: step_ups.demand(row.institution_id, row.key, actor=actor, as_of=at),
    Act.DAILY_QUOTA: lambda row, actor, at: institutions.set_daily_quota(
        row.institution_id, row.allowed or 0, actor=actor, as_of=at
    ),
}


def _locked(measure: UUID, actor: Actor) -> Measure:
    if not actor.is_operator:
        raise NotTheOperators("只能由平台运营机构决定 this is the operator's to decide")
    row = Measure.objects.select_for_update(no_key=True).filter(pk=measure).first()
    if row is None:
        raise UnknownMeasure(f"没有编号为{measure}的措施 no such measure")
    if MeasureState(row.state) is not MeasureState.PROPOSED:
        raise MeasureOver(f"该措施已是“{MeasureState(row.state).label}” it is decided")
    return row


def _journal(row: Measure, *, actor: Actor, as_of: datetime) -> None:
    refs: dict[str, str | int] = {
        "measure": str(row.id),
        "institution": row.institution_id,
        "act": row.act,
        "state": row.state,
    }
    said = canonical.digest({"why": row.why, "scope": row.scope, "key": row.key, "allowed": row.allowed})
    kind = Kind.MEASURE_PROPOSED if row.state == MeasureState.PROPOSED else Kind.MEASURE_DECIDED
    entries.append(kind, actor=actor, refs=refs, commitments={"measure": said}, as_of=as_of)
