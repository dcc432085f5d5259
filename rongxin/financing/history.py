"""融资经历: a firm's cases as institutions told them, for the door alone ((七)(九)).

Only `disclosure` reads here (pyproject.toml): what leaves goes through the gate, by the firm's consent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from uuid import UUID

from pydantic import Field

from rongxin.financing import outcomes, rules
from rongxin.financing.errors import FinancingError, UnknownOutcome
from rongxin.financing.models import Outcome
from rongxin.financing.rules import Told
from rongxin.vocabulary import edition
from rongxin.vocabulary.edition import Edition

_PARAMETERS = Path(__file__).parent / "parameters"


class Sharing(Edition):
    """For how long what became of a case may be shown to others."""

    ended_loan_months: int = Field(ge=1)
    declined_months: int = Field(ge=1)


@dataclass(frozen=True)
class Step:
    """One step as it was told, when, and the number by which an answer's row and a notice name it."""

    told: Told
    told_at: datetime
    record: int


@dataclass(frozen=True)
class Over:
    """A step that was corrected or taken back: whose it was, and what stands in its place, if anything."""

    subject: int
    step: Step
    now: Told | None


@dataclass(frozen=True)
class Matter:
    """One case with its line of life as it stands: corrected steps are gone from it."""

    number: str
    institution: str
    steps: Sequence[Step]

    def shared_until(self, on: date) -> date | None:
        """Return the last day on which others may be shown it, by what holds `on` a day; None: no end yet."""
        held = sharing(on)
        return rules.shared_until(
            [step.told for step in self.steps],
            ended_loan_months=held.ended_loan_months,
            declined_months=held.declined_months,
        )


@dataclass(frozen=True)
class Behind:
    """What stands behind a row by its number: the step, who told it, and whether it still counts."""

    outcome: UUID
    institution: str
    told: Told
    stands: bool


def behind(subject_id: int, record: int) -> Behind | None:
    """Return what stands behind a row of a firm's; None where it has no such row."""
    rows = Outcome.objects.filter(case__subject=subject_id).select_related("case")
    row = next((row for row in rows if outcomes.record_of(row.pk) == record), None)
    if row is None:
        return None
    return Behind(row.pk, row.case.institution_id, outcomes.step_of(row), row.corrected_by_id is None)


def sharing(on: date) -> Sharing:
    """Return the parameters of a day."""
    return edition.in_force(_editions(), on)


def of_subject(subject_id: int) -> list[Matter]:
    """Return a firm's cases of which anything was told, the one with the latest step first."""
    rows = (
        Outcome.objects.filter(case__subject=subject_id, corrected_by=None)
        .select_related("case")
        .order_by("case_id", "place")
    )
    found = [
        Matter(
            number_of(case),
            line[0].case.institution_id,
            [_step(row) for row in line],
        )
        for case, line in ((case, list(line)) for case, line in groupby(rows, key=attrgetter("case_id")))
    ]
    return sorted(found, key=lambda one: (one.steps[-1].told.on, one.number), reverse=True)


def number_of(case: UUID) -> str:
    """Return by what a case is told apart to others; neither the case's own number nor the institution's."""
    return f"R{sha256(b'matter:' + case.bytes).hexdigest()[:12].upper()}"


def over(outcome_id: UUID) -> Over:
    """Return a step that was corrected or taken back; raises `UnknownOutcome`, for one that stands too."""
    row = (
        Outcome.objects.filter(pk=outcome_id, corrected_by__isnull=False)
        .select_related("case", "corrected_by")
        .first()
    )
    if row is None:
        raise UnknownOutcome(f"没有被更正的结果反馈 {outcome_id}")
    after = row.corrected_by
    assert after is not None  # asked for above
    return Over(row.case.subject_id, _step(row), None if after.pk == row.pk else outcomes.step_of(after))


def _step(row: Outcome) -> Step:
    return Step(outcomes.step_of(row), row.told_at, outcomes.record_of(row.pk))


@cache
def _editions() -> tuple[Sharing, ...]:
    return edition.read(_PARAMETERS, "sharing_*.yaml", Sharing, broken=FinancingError)
