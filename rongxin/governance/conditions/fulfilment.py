"""落实: conditions of an approval are imposed, reported as met, accepted or sent back ((十)).

What is not met in time ends the service by a date on the institution's row, as a lapsed assessment does: no
task has to run for it, and an acceptance lifts it at once (decision 0080).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from rongxin.catalogue import redaction
from rongxin.catalogue.attachments import File
from rongxin.governance.conditions import rules
from rongxin.governance.conditions.rules import Act, Condition, ExtensionState, State
from rongxin.governance.errors import (
    ConditionNotPossible,
    ConditionRefused,
    NotTheirInstitution,
    UnknownCondition,
)
from rongxin.governance.models import ApprovalCondition as Row
from rongxin.governance.models import ConditionExtension as Extension
from rongxin.governance.onboarding import documents, parameters
from rongxin.journal import entries, windows
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties import institutions, memberships, second_person
from rongxin.parties.errors import NotAllowed
from rongxin.parties.rules.membership import PartyKind
from rongxin.parties.rules.standing import Standing
from rongxin.proof import canonical
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.zone import business_day

_WHAT = "接入条件的验收"
_SAID_MAX = 1000
_MOVED = [
    "state",
    "statement",
    "evidence_sha256",
    "reported_at",
    "reported_by",
    "answer",
    "answered_at",
    "answered_by",
]


@dataclass(frozen=True)
class Card:
    """A condition as it stands; `served_until` is the last day of service while nothing more is done."""

    id: UUID
    application: UUID
    institution: str
    number: int
    text: str
    due_on: date | None
    state: State
    served_until: date | None
    statement: str
    evidence_sha256: str
    reported_at: datetime | None
    reported_by: str
    answer: str
    answered_at: datetime | None
    answered_by: str

    @property
    def owed(self) -> bool:
        """Whether the institution has to act."""
        return self.state in rules.OWED

    def overdue(self, on: date) -> bool:
        """Whether it is past its day."""
        reported = business_day(self.reported_at) if self.reported_at else None
        return rules.overdue(self.state, self.due_on, reported, on)

    def told(self, *, on: date) -> dict[str, Any]:
        """What the institution sees of it: no names of the operator's people."""
        return {
            "condition": str(self.id),
            "application": str(self.application),
            "institution": self.institution,
            "number": self.number,
            "text": self.text,
            "due_on": _plain(self.due_on),
            "state": self.state.value,
            "state_label": self.state.label,
            "overdue": self.overdue(on),
            "served_until": _plain(self.served_until),
            "statement": self.statement or None,
            "evidence_sha256": self.evidence_sha256 or None,
            "reported_at": _plain(self.reported_at),
            "answer": self.answer or None,
            "answered_at": _plain(self.answered_at),
        }

    def document(self, *, on: date) -> dict[str, Any]:
        """What the operator sees of it, JSON-ready."""
        people = {"reported_by": self.reported_by or None, "answered_by": self.answered_by or None}
        return self.told(on=on) | people


def impose(
    application: UUID,
    institution: str,
    conditions: Sequence[Condition],
    *,
    edition: str,
    actor: Actor,
    as_of: datetime,
) -> None:
    """Put the conditions of an approval in force, in the caller's transaction."""
    for number, condition in enumerate(conditions, start=1):
        row = Row(
            id=uuid4(),
            application_id=application,
            institution=institution,
            number=number,
            text=condition.text,
            due_on=condition.due_on,
            edition=edition,
        )
        row.save(force_insert=True)
        journal(row, "imposed", actor=actor, as_of=as_of)
    if conditions:
        hold(institution, actor=actor, as_of=as_of)


def report(
    institution: str, condition: UUID, statement: str, evidence: File, *, actor: Actor, as_of: datetime
) -> Card:
    """Say as the institution's administrator that a condition is met, with the file that shows it."""
    if actor.party != f"institution:{institution}" or actor.kind is not ActorKind.ACCOUNT:
        raise NotTheirInstitution("接入条件只能由该机构的管理员登录报告")
    if not (said := statement.strip()):
        raise ConditionRefused("请写明落实情况")
    with transaction.atomic():
        row = _open(institution, condition, Act.REPORT)
        documents.add(row.application_id, evidence, as_of=as_of)
        row.statement, row.evidence_sha256 = redaction.redact(said)[:_SAID_MAX], evidence.sha256
        row.reported_at, row.reported_by = as_of, f"{actor.kind}:{actor.id}"
        return _moved(row, Act.REPORT, actor=actor, as_of=as_of)


def accept(institution: str, condition: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Accept that a condition is met, as a person of the operator's who doesn't work there."""
    return _answer(institution, condition, Act.ACCEPT, "", actor=actor, as_of=as_of)


def send_back(institution: str, condition: UUID, reason: str, *, actor: Actor, as_of: datetime) -> Card:
    """Send a report back with what is lacking; the day on which it was due stays."""
    if not (said := reason.strip()):
        raise ConditionRefused("请写明退回的理由，机构会看到")
    return _answer(institution, condition, Act.SEND_BACK, said, actor=actor, as_of=as_of)


def of_institution(institution: str) -> list[Card]:
    """Return an institution's conditions: those of the newest approval first, each as it was numbered."""
    rows = _rows().filter(institution=institution)
    return [_card(row) for row in rows.order_by("-application__decided_at", "application_id", "number")]


def get(institution: str, condition: UUID) -> Card:
    """Return an institution's condition; raises `UnknownCondition`."""
    row = _rows().filter(institution=institution, pk=condition).first()
    if row is None:
        raise UnknownCondition(f"该机构没有编号为{condition}的接入条件")
    return _card(row)


def part_of(
    window: Window, *, find: str = "", state: State | None = None, everything: bool = False
) -> Part[Card]:
    """Return a part of the conditions, the first due first; those accepted only where they are asked for.

    `find`: of institutions with this in their name, or of this id, or with this in the condition's text.
    """
    rows = _rows()
    if find:
        rows = rows.filter(Q(application__name__contains=find) | Q(institution=find) | Q(text__contains=find))
    if state is not None:
        rows = rows.filter(state=state.value)
    elif not everything:
        rows = rows.exclude(state=State.ACCEPTED.value)
    # Those without a date come last; no index could do that and go on behind a row, and they are few.
    found = sorted(rows, key=_place)
    behind = [row for row in found if window.after is None or _place(row) > window.after]
    return windows.cut(behind[: window.rows_max + 1], window, _place).of(_card)


def reported() -> int:
    """Return how many conditions wait for the operator."""
    return Row.objects.filter(state=State.REPORTED.value).count()


def tend(*, as_of: datetime) -> int:
    """Tell once that a condition is due soon, and once that it is overdue; returns how many were told."""
    today, told = timezone.localdate(as_of), 0
    with transaction.atomic():
        rows = Row.objects.select_for_update(skip_locked=True, no_key=True)
        waiting = rows.exclude(state=State.ACCEPTED.value).filter(due_on__isnull=False, overdue_entry=None)
        for row in waiting.order_by("due_on", "id"):
            told += _tell(row, today, as_of)
    return told


def _place(row: Row) -> tuple[str, ...]:
    return (_plain(row.due_on) or "9999-12-31", str(row.id))


def _tell(row: Row, today: date, as_of: datetime) -> bool:
    if institutions.get(row.institution).standing is Standing.CLOSED or row.due_on is None:
        return False
    if rules.overdue(State(row.state), row.due_on, _reported_on(row), today):
        row.overdue_entry = entries.append(
            Kind.CONDITION_OVERDUE, actor=SYSTEM, refs=_refs(row), as_of=as_of
        ).id
        row.save(update_fields=["overdue_entry"])
        return True
    ahead = timedelta(days=parameters.edition(row.edition).condition_remind_days)
    if row.reminded_at is None and State(row.state) in rules.OWED and row.due_on - ahead <= today:
        row.reminded_at = as_of
        row.save(update_fields=["reminded_at"])
        journal(row, "due", actor=SYSTEM, as_of=as_of)
        return True
    return False


def _answer(institution: str, condition: UUID, act: Act, said: str, *, actor: Actor, as_of: datetime) -> Card:
    get(institution, condition)
    person = person_of_operator(institution, _WHAT, actor=actor, as_of=as_of)
    with transaction.atomic():
        row = _open(institution, condition, act)
        row.answer, row.answered_at, row.answered_by = redaction.redact(said)[:500], as_of, person
        return _moved(row, act, actor=actor, as_of=as_of)


def person_of_operator(institution: str, what: str, *, actor: Actor, as_of: datetime) -> str:
    """Return the operator's person behind an actor, who must not work at the institution; else NotAllowed."""
    person = second_person.of_operator(actor=actor, what=what)
    roles = memberships.of_account(int(actor.id), on=timezone.localdate(as_of))
    if any((one.party_kind, one.party) == (PartyKind.INSTITUTION, institution) for one in roles):
        raise NotAllowed(f"在该机构任职的人不得办理{what}")
    return person


def locked(institution: str, condition: UUID) -> Row:
    """Lock all of an institution's conditions, so that its last day is counted by one after the other."""
    rows = _rows().select_for_update(of=["self"], no_key=True)
    found = {row.id: row for row in rows.filter(institution=institution).order_by("id")}
    row = found.get(condition)
    if row is None:
        raise UnknownCondition(f"该机构没有编号为{condition}的接入条件")
    return row


def _open(institution: str, condition: UUID, act: Act) -> Row:
    row = locked(institution, condition)
    if act not in rules.TRANSITIONS[State(row.state)]:
        raise ConditionNotPossible(f"该条件{State(row.state).label}，不能进行此操作")
    return row


def _moved(row: Row, act: Act, *, actor: Actor, as_of: datetime) -> Card:
    row.state = rules.TRANSITIONS[State(row.state)][act].value
    row.save(update_fields=_MOVED)
    if act is Act.ACCEPT:
        row.extensions.filter(state__in=rules.EXTENSION_OPEN).update(state=ExtensionState.LAPSED.value)
    journal(row, row.state, actor=actor, as_of=as_of)
    hold(row.institution, actor=actor, as_of=as_of)
    return _card(row)


def hold(institution: str, *, actor: Actor, as_of: datetime) -> None:
    """Write on the institution's row through which day it is served while its conditions stand as they do."""
    rows = Row.objects.filter(institution=institution).exclude(state=State.ACCEPTED.value)
    days = [day for row in rows if (day := _served_until(row)) is not None]
    institutions.serve_until(institution, min(days, default=None), actor=actor, as_of=as_of)


def _served_until(row: Row) -> date | None:
    grace = parameters.edition(row.edition).condition_grace_days
    return rules.served_until(State(row.state), row.due_on, _reported_on(row), grace)


def _reported_on(row: Row) -> date | None:
    return business_day(row.reported_at) if row.reported_at else None


def _rows() -> QuerySet[Row]:
    return Row.objects.select_related("application")


def _refs(row: Row) -> Mapping[str, str | int]:
    due = {"due_on": row.due_on.isoformat()} if row.due_on else {}
    return {"institution": row.institution, "condition": str(row.id), **due}


def journal(
    row: Row, change: str, *, actor: Actor, as_of: datetime, extension: Extension | None = None
) -> None:
    """Write down what became of a condition, or of a request for a later day."""
    asked = {"extension": str(extension.id)} if extension else {}
    words = [extension.reason, extension.answer, extension.due_wanted.isoformat()] if extension else []
    entries.append(
        Kind.CONDITION_CHANGED,
        actor=actor,
        refs={**_refs(row), "application": str(row.application_id), "change": change, **asked},
        commitments={
            "condition": canonical.digest(row.text),
            "evidence": canonical.digest(row.evidence_sha256),
            "said": canonical.digest([row.statement, row.answer, *words]),
        },
        as_of=as_of,
    )


def _plain(moment: date | datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _card(row: Row) -> Card:
    return Card(
        id=row.id,
        application=row.application_id,
        institution=row.institution,
        number=row.number,
        text=row.text,
        due_on=row.due_on,
        state=State(row.state),
        served_until=_served_until(row),
        statement=row.statement,
        evidence_sha256=row.evidence_sha256,
        reported_at=row.reported_at,
        reported_by=row.reported_by,
        answer=row.answer,
        answered_at=row.answered_at,
        answered_by=row.answered_by,
    )
