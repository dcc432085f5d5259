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

from rongxin.catalogue.loader import PLATFORM
from rongxin.consent.rules import business_day
from rongxin.disclosure import plan
from rongxin.disclosure.plan import ItemPlan
from rongxin.disclosure.release import ReleasedItem, SubjectCard
from rongxin.financing import history
from rongxin.financing.history import Matter
from rongxin.financing.rules import Told
from rongxin.parties import institutions
from rongxin.vocabulary.availability import Availability

OUTCOME, INSTITUTION = "financing_outcome", "financing_institution"
ITEMS = frozenset({OUTCOME, INSTITUTION})


@dataclass(frozen=True)
class Row:
    """A step or a case as `plan` takes what is stored; who told it is no part of where it is from."""

    payload: Mapping[str, Any]
    observed_on: date
    received_at: datetime
    id: int = 0
    provider: str = PLATFORM


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
    for told, at in reversed(matter.steps):
        head = {"uscc": uscc, "matter": matter.number, "institution_kind": kind, "stage": told.stage.label}
        yield Row({**head, "occurred_on": told.on.isoformat(), **_values(told)}, told.on, at)


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
    told, at = matter.steps[-1]
    name = institutions.get(matter.institution).name
    values = {"uscc": uscc, "matter": matter.number, "institution": name, "last_on": told.on.isoformat()}
    yield Row(values, told.on, at)
