"""处置案卷: opened by the watch, explained by the institution, decided by the operator ((十): 及时处置).

What the rule calls for is done in the transaction that opens the incident. A decision that clears it takes
the measure back, one that confirms it leaves it standing until two people of the
operator's lift it (`governance.measures`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from rongxin.catalogue import redaction
from rongxin.governance.errors import GovernanceError, IncidentOver, NotTheOperators, UnknownIncident
from rongxin.governance.models import Incident
from rongxin.governance.watching import parameters, rules
from rongxin.governance.watching.rules import LIVE, TRANSITIONS, Action, Finding, Rule, State
from rongxin.journal import entries, windows
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties import institutions, quotas, step_ups
from rongxin.parties.rules import quota
from rongxin.parties.rules.quota import Scope
from rongxin.parties.rules.standing import Standing
from rongxin.vocabulary.actor import SYSTEM, Actor

_TEXT_MAX = 2000


@dataclass(frozen=True)
class Card:
    """An incident as operator and institution see it."""

    id: UUID
    institution: str
    rule: Rule
    person: str
    action: Action
    figures: Mapping[str, int]
    edition: str
    seen_from: datetime
    seen_until: datetime
    opened_at: datetime
    statement_due_on: date
    decision_due_on: date
    state: State
    statement: str
    decision: str

    def overdue(self, on: date) -> bool:
        """Whether what is owed next should have come before a day."""
        due = {State.OPEN: self.statement_due_on, State.STATED: self.decision_due_on}.get(self.state)
        return due is not None and due < on

    def document(self, *, on: date) -> dict[str, Any]:
        """Return it JSON-ready, with what is overdue on a day."""
        return {
            "incident": str(self.id),
            "institution": self.institution,
            "rule": self.rule.value,
            "rule_label": self.rule.label,
            "rule_label_en": self.rule.label_en,
            "person": self.person or None,
            "action": self.action.value,
            "figures": dict(self.figures),
            "parameters": self.edition,
            "seen_from": self.seen_from.isoformat(),
            "seen_until": self.seen_until.isoformat(),
            "opened_at": self.opened_at.isoformat(),
            "statement_due_on": self.statement_due_on.isoformat(),
            "decision_due_on": self.decision_due_on.isoformat(),
            "state": self.state.value,
            "state_label": self.state.label,
            "overdue": self.overdue(on),
            "statement": self.statement or None,
            "decision": self.decision or None,
        }


def open_incident(
    institution_id: str, finding: Finding, *, seen: tuple[datetime, datetime], as_of: datetime
) -> Card | None:
    """Open an incident and do at once what its rule calls for.

    None where one of its kind is live, or was decided on the same facts; `seen` is the span of the day.
    """
    today = timezone.localdate(as_of)
    given = parameters.in_force(today)
    statement_due, decision_due = rules.deadlines(today, given)
    alike = {
        "institution_id": institution_id,
        "rule": finding.rule.value,
        "person": quota.named(finding.person),
    }
    since = rules.settled_since(finding.rule, seen[0], given)
    if Incident.objects.filter(**alike, decided_at__gte=since).exists():
        return None
    with transaction.atomic():
        row, new = Incident.objects.get_or_create(
            **alike,
            state__in=[state.value for state in LIVE],
            defaults={
                "id": uuid4(),
                "action": finding.action.value,
                "figures": dict(finding.figures),
                "edition": given.edition,
                "seen_from": seen[0],
                "seen_until": seen[1],
                "opened_at": as_of,
                "statement_due_on": statement_due,
                "decision_due_on": decision_due,
                "state": State.OPEN.value,
            },
        )
        if not new:
            return None
        _do(row, as_of=as_of)
        _journal(Kind.INCIDENT_OPENED, row, actor=SYSTEM, as_of=as_of)
    return _card(row)


def state_case(
    incident_id: UUID, statement: str, *, institution_id: str, actor: Actor, as_of: datetime
) -> Card:
    """Take an institution's explanation, once."""
    text = _text(statement)
    with transaction.atomic():
        row = _locked(incident_id, institution_id=institution_id)
        _move(row, State.STATED)
        row.statement, row.stated_at, row.stated_by = text, as_of, str(actor)
        row.save()
        _journal(Kind.INCIDENT_STATED, row, actor=actor, as_of=as_of)
    return _card(row)


def decide(incident_id: UUID, *, cleared: bool, why: str, actor: Actor, as_of: datetime) -> Card:
    """Decide as the operator, with the reason; a cleared incident takes its measure back."""
    if not actor.is_operator:
        raise NotTheOperators("处置案卷只能由平台运营机构决定")
    text = _text(why)
    with transaction.atomic():
        row = _locked(incident_id)
        _move(row, State.CLEARED if cleared else State.CONFIRMED)
        row.decision, row.decided_at, row.decided_by = text, as_of, str(actor)
        row.save()
        if cleared:
            _undo(row, actor=actor, as_of=as_of)
        _journal(Kind.INCIDENT_DECIDED, row, actor=actor, as_of=as_of)
    return _card(row)


def check_liftable(number: str, *, institution_id: str) -> None:
    """Refuse what names no confirmed incident of the institution: `UnknownIncident`, `IncidentOver`."""
    try:
        row = Incident.objects.filter(pk=UUID(number), institution=institution_id).first()
    except ValueError:
        row = None
    if row is None:
        raise UnknownIncident(f"没有编号为{number}的案卷")
    if State.LIFTED not in TRANSITIONS[State(row.state)]:
        raise IncidentOver(f"案卷状态为“{State(row.state).label}”，只能撤销已认定的案卷")


def lift(incident_id: UUID, *, institution_id: str, actor: Actor, as_of: datetime) -> Card:
    """Take back what a confirmed incident imposed; two people stand behind it (`governance.measures`)."""
    with transaction.atomic():
        row = _locked(incident_id, institution_id=institution_id)
        _move(row, State.LIFTED)
        row.save(update_fields=["state"])
        _undo(row, actor=actor, as_of=as_of)
        _journal(Kind.INCIDENT_DECIDED, row, actor=actor, as_of=as_of)
    return _card(row)


def every(*, institution_id: str | None = None, live_only: bool = False) -> list[Card]:
    """Return the incidents, the newest first: all, or one institution's."""
    rows = Incident.objects.order_by("-opened_at", "id")
    if institution_id is not None:
        rows = rows.filter(institution=institution_id)
    if live_only:
        rows = rows.filter(state__in=[state.value for state in LIVE])
    return [_card(row) for row in rows[:500]]


def get(incident_id: UUID) -> Card:
    """Return an incident; raises `UnknownIncident`."""
    row = Incident.objects.filter(pk=incident_id).first()
    if row is None:
        raise UnknownIncident(f"没有编号为{incident_id}的案卷")
    return _card(row)


def part_of(
    window: Window, *, institution_id: str | None = None, live_only: bool = False, rule: Rule | None = None
) -> Part[Card]:
    """Return a part of the incidents, the newest first: of all, or of one institution's; by one rule."""
    rows = Incident.objects.all()
    if institution_id is not None:
        rows = rows.filter(institution=institution_id)
    if rule is not None:
        rows = rows.filter(rule=rule.value)
    found = rows.filter(state__in=[state.value for state in LIVE]) if live_only else rows
    return windows.part(found, window, "-opened_at", "id").of(_card)


def mark_overdue(*, as_of: datetime) -> int:
    """Journal, once for each, which incidents are past a deadline; returns how many."""
    today = timezone.localdate(as_of)
    late = Incident.objects.filter(overdue_entry=None).filter(
        state__in=[state.value for state in LIVE], decision_due_on__lt=today
    )
    for row in late:
        with transaction.atomic():
            held = Incident.objects.select_for_update(no_key=True).get(pk=row.pk)
            if held.overdue_entry is None and State(held.state) in LIVE:
                held.overdue_entry = _journal(Kind.INCIDENT_OVERDUE, held, actor=SYSTEM, as_of=as_of)
                held.save(update_fields=["overdue_entry"])
    return len(late)


def suspended() -> int:
    """Return how many institutions or persons an incident keeps from asking at present."""
    stopping = [Action.SUSPEND.value, Action.BAR_PERSON.value]
    return Incident.objects.filter(action__in=stopping, imposed=True).count()


def _do(row: Incident, *, as_of: datetime) -> None:
    """Do what the rule calls for, unless it is so already: then it is somebody else's measure."""
    institution, action = institutions.get(row.institution_id), Action(row.action)
    if action is Action.SUSPEND and institution.standing is Standing.ACTIVE:
        institutions.suspend(institution.id, actor=SYSTEM, as_of=as_of)
    elif action is Action.REQUIRE_CASES and not institution.cases_required:
        institutions.require_cases(institution.id, True, actor=SYSTEM, as_of=as_of)
    elif action is Action.STEP_UP and not step_ups.is_demanded(institution.id, row.person):
        step_ups.demand(institution.id, row.person, actor=SYSTEM, as_of=as_of)
    elif action is Action.BAR_PERSON and row.person not in quotas.barred(institution.id):
        row.former_limit = quotas.own_limit(institution.id, Scope.PERSON, row.person)
        quotas.set_limit(institution.id, Scope.PERSON, 0, key=row.person, actor=SYSTEM, as_of=as_of)
    else:
        return
    row.imposed = True
    row.save(update_fields=["imposed", "former_limit"])


def _undo(row: Incident, *, actor: Actor, as_of: datetime) -> None:
    """Take back what this incident imposed. Where another one that calls for the same still stands, it is
    that one's now; what a person imposed or decided since is that person's (`governance.measures`).
    """
    if not row.imposed:
        return
    row.imposed = False
    row.save(update_fields=["imposed"])
    action, standing = Action(row.action), [state.value for state in (*LIVE, State.CONFIRMED)]
    others = Incident.objects.filter(
        institution=row.institution_id, action=row.action, person=row.person, state__in=standing
    )
    if (heir := others.order_by("opened_at").first()) is not None:
        heir.imposed, heir.former_limit = True, row.former_limit
        heir.save(update_fields=["imposed", "former_limit"])
    elif action is Action.SUSPEND and institutions.get(row.institution_id).standing is Standing.SUSPENDED:
        institutions.reinstate(row.institution_id, actor=actor, as_of=as_of)
    elif action is Action.REQUIRE_CASES:
        institutions.require_cases(row.institution_id, False, actor=actor, as_of=as_of)
    elif action is Action.STEP_UP:
        step_ups.lift(row.institution_id, row.person, actor=actor, as_of=as_of)
    elif action is Action.BAR_PERSON and row.former_limit is not None:
        former = row.former_limit
        quotas.set_limit(row.institution_id, Scope.PERSON, former, key=row.person, actor=actor, as_of=as_of)
    elif action is Action.BAR_PERSON and row.person in quotas.barred(row.institution_id):
        quotas.allow(row.institution_id, Scope.PERSON, key=row.person, actor=actor, as_of=as_of)


def _locked(incident_id: UUID, *, institution_id: str | None = None) -> Incident:
    row = Incident.objects.select_for_update(no_key=True).filter(pk=incident_id).first()
    if row is None or institution_id not in (None, row.institution_id):
        raise UnknownIncident(f"没有编号为{incident_id}的案卷")
    return row


def _move(row: Incident, to: State) -> None:
    if to not in TRANSITIONS[State(row.state)]:
        raise IncidentOver(f"案卷状态为“{State(row.state).label}”，不能再变为“{to.label}”")
    row.state = to.value


def _text(given: str) -> str:
    text = redaction.redact(given).strip()[:_TEXT_MAX]
    if not text:
        raise GovernanceError("请写明情况 say what happened and why")
    return text


def _journal(kind: Kind, row: Incident, *, actor: Actor, as_of: datetime) -> UUID:
    refs: dict[str, str | int] = {
        "incident": str(row.id),
        "institution": row.institution_id,
        "rule": row.rule,
        "action": row.action,
        "state": row.state,
    }
    return entries.append(kind, actor=actor, refs=refs, as_of=as_of).id


def _card(row: Incident) -> Card:
    return Card(
        row.id,
        row.institution_id,
        Rule(row.rule),
        row.person,
        Action(row.action),
        row.figures,
        row.edition,
        row.seen_from,
        row.seen_until,
        row.opened_at,
        row.statement_due_on,
        row.decision_due_on,
        State(row.state),
        row.statement,
        row.decision,
    )
