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
from rongxin.financing.errors import FinancingError
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
class Matter:
    """One case with its line of life as it stands: corrected steps are gone from it."""

    number: str
    institution: str
    steps: Sequence[tuple[Told, datetime]]

    def shared_until(self, on: date) -> date | None:
        """Return the last day on which others may be shown it, by what holds `on` a day; None: no end yet."""
        held = sharing(on)
        return rules.shared_until(
            [told for told, _ in self.steps],
            ended_loan_months=held.ended_loan_months,
            declined_months=held.declined_months,
        )


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
            [(outcomes.step_of(row), row.told_at) for row in line],
        )
        for case, line in ((case, list(line)) for case, line in groupby(rows, key=attrgetter("case_id")))
    ]
    return sorted(found, key=lambda one: (one.steps[-1][0].on, one.number), reverse=True)


def number_of(case: UUID) -> str:
    """Return by what a case is told apart to others; neither the case's own number nor the institution's."""
    return f"R{sha256(b'matter:' + case.bytes).hexdigest()[:12].upper()}"


@cache
def _editions() -> tuple[Sharing, ...]:
    return edition.read(_PARAMETERS, "sharing_*.yaml", Sharing, broken=FinancingError)
