"""What institutions told of a firm's loan cases, on its way out by the firm's consent （（七）（九））.

Two items of the catalogue's own: what became of the cases, and who told it. Decided like every item, by
channel and consent; read after the intent is committed, as it stands then: a correction shows at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from rongxin.catalogue.loader import PLATFORM
from rongxin.consent.rules import business_day
from rongxin.disclosure import plan
from rongxin.disclosure.plan import ItemPlan
from rongxin.disclosure.release import ReleasedItem, SubjectCard
from rongxin.financing import history, outcomes
from rongxin.financing.history import Matter, Step
from rongxin.financing.rules import Told
from rongxin.parties import institutions
from rongxin.records.rules import EndedWhy
from rongxin.vocabulary.availability import Availability

OUTCOME, INSTITUTION = outcomes.ITEM, "financing_institution"
ITEMS = frozenset({OUTCOME, INSTITUTION})
Behind = history.Behind


@dataclass(frozen=True)
class Row:
    """A step or a case as `plan` takes what is stored; who told it is no part of where it is from."""

    payload: Mapping[str, Any]
    observed_on: date
    received_at: datetime
    id: int
    provider: str = PLATFORM


@dataclass(frozen=True)
class Over:
    """A row that counts no more, as `received` and a correction notice take what is over."""

    subject: int
    record: int
    item: str
    filed_at: datetime
    ended_at: datetime
    ended_why: EndedWhy
    ended_by: str = ""
    versions: tuple[int, ...] = ()


def released(
    entry: ItemPlan, subject: SubjectCard, *, as_of: datetime, told_until: datetime | None = None
) -> ReleasedItem:
    """Return what was told of the subject's cases as it leaves; to others no longer than its time.

    With `told_until`, what was told later stays back: a repeat gives nothing more than was given before.
    """
    day = business_day(as_of)
    rows = _outcomes if entry.item.item == OUTCOME else _institutions
    found = [
        row
        for matter in history.of_subject(subject.id)
        if entry.context.own or _may_be_shown(matter, day)
        for row in rows(matter, subject.uscc)
        if told_until is None or row.received_at <= told_until
    ]
    return plan.answer(entry, found, (), connected=True, day=day)


def as_now(items: Sequence[ReleasedItem], subject_id: int) -> tuple[ReleasedItem, ...]:
    """Return what was read before as it may leave now: without what institutions have corrected since."""
    return tuple(_as_now(item, subject_id) if item.item in ITEMS and item.rows else item for item in items)


def over(outcome_id: UUID, *, at: datetime) -> list[Over]:
    """Return the rows that were over when an institution corrected a step or took it back: its own, and where
    no such day stands now, the one that named the institution by that day.
    """
    found = history.over(outcome_id)
    same_day = found.now is not None and found.now.on == found.step.told.on
    why = EndedWhy.CORRECTED if found.now else EndedWhy.WITHDRAWN
    return [
        Over(found.subject, _number(item, found.step), item, found.step.told_at, at, why)
        for item in ((OUTCOME,) if same_day else (OUTCOME, INSTITUTION))
    ]


def behind(subject_id: int, record: int) -> Behind | None:
    """Return what stands behind a row of `OUTCOME`, for an objection to it; None where there is none."""
    return history.behind(subject_id, record)


def _as_now(item: ReleasedItem, subject_id: int) -> ReleasedItem:
    of = _outcomes if item.item == OUTCOME else _institutions
    stands = [row.payload for matter in history.of_subject(subject_id) for row in of(matter, "")]
    rows = tuple(
        row
        for row in item.rows
        if {**{name: field.value for name, field in row.fields.items()}, "uscc": ""} in stands
    )
    if rows:
        return replace(item, rows=rows)
    return replace(item, rows=(), availability=Availability.NO_RECORD)


def _may_be_shown(matter: Matter, day: date) -> bool:
    until = matter.shared_until(day)
    return until is None or day <= until


def _outcomes(matter: Matter, uscc: str) -> Iterator[Row]:
    kind = institutions.get(matter.institution).kind.label
    for step in reversed(matter.steps):
        told = step.told
        head = {"uscc": uscc, "matter": matter.number, "institution_kind": kind, "stage": told.stage.label}
        values = {**head, "occurred_on": told.on.isoformat(), **_values(told)}
        yield Row(values, told.on, step.told_at, _number(OUTCOME, step))


def _values(told: Told) -> dict[str, Any]:
    values = {
        "amount_cny": _plain(told.amount_cny),
        "rate_percent": None if told.rate_bp is None else _plain(Decimal(told.rate_bp) / 100),
        "term_months": told.term_months,
        "security": told.security.label if told.security else None,
        "rejection": told.rejection.label if told.rejection else None,
        "outstanding_cny": _plain(told.outstanding_cny),
        "overdue_days": told.overdue_days,
        "overdue_cny": _plain(told.overdue_cny),
    }
    return {name: value for name, value in values.items() if value is not None}


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:.2f}"


def _institutions(matter: Matter, uscc: str) -> Iterator[Row]:
    last = matter.steps[-1]
    name = institutions.get(matter.institution).name
    on = last.told.on
    values = {"uscc": uscc, "matter": matter.number, "institution": name, "last_on": on.isoformat()}
    yield Row(values, on, last.told_at, _number(INSTITUTION, last))


def _number(item: str, step: Step) -> int:
    """Return a row's number: two items have a row each of one step, and each is corrected by itself."""
    return step.record ^ (item == INSTITUTION)
