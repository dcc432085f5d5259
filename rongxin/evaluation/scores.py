"""Which score of a subject counts: that of the latest published run, by its day, then by its facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from rongxin.evaluation.errors import NotScored
from rongxin.evaluation.tiers import Tier


@dataclass(frozen=True)
class Stored:
    """A score as a run made it, with all that it was computed from."""

    run: int
    subject: int
    tier: Tier
    version: str
    as_of: date
    facts_at: datetime
    score: int | None
    grade: str
    public_grade: str
    coverage: int
    confidence: str
    vetoes: int
    inputs: str
    inputs_hash: str


COLUMNS = """
    r.id, s.subject_id, r.tier, r.version, r.as_of, r.facts_at,
    s.score, s.grade, s.public_grade, s.coverage, s.confidence, s.vetoes, s.inputs, s.inputs_hash
"""
#: The score that counts of subject %(subject)s on %(day)s.
ONE = f"""
SELECT {COLUMNS}
FROM evaluation_score s JOIN evaluation_run r ON r.id = s.run_id
WHERE s.subject_id = %(subject)s AND r.tier = 'public' AND r.state = 'published' AND r.as_of <= %(day)s
ORDER BY r.as_of DESC, r.facts_at DESC, r.id DESC LIMIT 1
"""  # noqa: S608
# All scores that count on a day, of one moment: the latest full run's, and what was touched since.
ALL = """
SELECT DISTINCT ON (s.subject_id) s.*
FROM evaluation_score s JOIN evaluation_run r ON r.id = s.run_id
WHERE r.tier = 'public' AND r.state = 'published' AND r.as_of <= %(day)s AND (r.as_of, r.facts_at) >= (
    SELECT f.as_of, f.facts_at FROM evaluation_run f
    WHERE f.kind = 'full' AND f.tier = 'public' AND f.state = 'published' AND f.as_of <= %(day)s
    ORDER BY f.as_of DESC, f.facts_at DESC LIMIT 1
)
ORDER BY s.subject_id, r.as_of DESC, r.facts_at DESC, r.id DESC
"""


def of(subject: int, *, day: date) -> Stored:
    """Return the score that counted on a day; raises `NotScored`."""
    with connection.cursor() as cursor:
        cursor.execute(ONE, {"subject": subject, "day": day})
        row = cursor.fetchone()
    if row is None:
        raise NotScored(
            f"截至{day}没有已发布的评价：请先运行 rongxin evaluate run --as-of {day}"
            f" (no published score as of {day}: run it first)"
        )
    return read(row)


def read(row: tuple[Any, ...]) -> Stored:
    """Read a row of `COLUMNS`."""
    run, subject, tier, *rest = row
    return Stored(run, subject, Tier(tier), *rest)
