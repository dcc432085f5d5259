"""Give a subject's public score to a committed intent that names it: the gate's only way to them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from rongxin.evaluation import scores
from rongxin.evaluation.scores import Stored
from rongxin.journal import plans

_SCORE = """
SELECT run, subject_id, tier, version, as_of, facts_at,
       score, grade, public_grade, coverage, confidence, vetoes, inputs, inputs_hash, overtaken
FROM gate_score(%s)
"""


@dataclass(frozen=True)
class Given:
    """A score, and whether a record that it may rest on has been taken out since: then it is not shown."""

    stored: Stored
    overtaken: bool


def of(intent: UUID) -> Given | None:
    """Return the score of the intent's subject; None where no published run has one."""
    found = plans.rows(_SCORE, [intent])
    if not found:
        return None
    *row, overtaken = found[0]
    return Given(scores.read(tuple(row)), bool(overtaken))
