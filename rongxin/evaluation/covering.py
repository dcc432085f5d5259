"""全覆盖: how many of the registered subjects are scored, by region, industry and size （（七）)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from rongxin.evaluation import scores

#: By what the coverage is told apart, and the column's expression.
GROUPS = {
    "region": "coalesce(nullif(left(s.region, 4), ''), 'unknown')",
    "industry": "coalesce(nullif(left(s.industry, 1), ''), 'unknown')",
    "size": "s.size_class",
    "kind": "s.kind",
}
THIN = 400  # of 1000: below, a file is thin (薄档案)
_COUNT = """
WITH counting AS ({all})
SELECT {group} AS word, count(*), count(c.subject_id), count(c.score),
       coalesce(round(avg(c.coverage)), 0)::int, count(*) FILTER (WHERE c.coverage < %(thin)s),
       coalesce(round(avg(c.score)), 0)::int
FROM parties_subject s LEFT JOIN counting c ON c.subject_id = s.id
WHERE s.uscc IS NOT NULL AND s.registration_status <> 'unregistered'
GROUP BY word ORDER BY word
"""
_GRADES = "WITH counting AS ({all}) SELECT grade, count(*) FROM counting GROUP BY grade"


@dataclass(frozen=True)
class Group:
    """One region, industry or size: figures of it."""

    word: str
    subjects: int
    scored: int
    rated: int
    coverage_mean: int
    thin: int
    score_mean: int

    def document(self) -> dict[str, Any]:
        return {
            "group": self.word,
            "subjects": self.subjects,
            "scored": self.scored,
            "rated": self.rated,
            "coverage_mean_permille": self.coverage_mean,
            "thin_files": self.thin,
            "score_mean": self.score_mean,
        }


def report(*, day: date) -> dict[str, Any]:
    """Return the coverage of the scores that count on a day, JSON-ready."""
    groups = {name: _groups(expression, day) for name, expression in GROUPS.items()}
    subjects = sum(group.subjects for group in groups["kind"])
    scored = sum(group.scored for group in groups["kind"])
    with connection.cursor() as cursor:
        cursor.execute(_GRADES.format(all=scores.ALL), {"day": day})
        grades = dict(cursor.fetchall())
    return {
        "as_of": day.isoformat(),
        "subjects": subjects,
        "scored_subjects": scored,
        "unscored_subjects": subjects - scored,
        "coverage": round(scored / subjects, 6) if subjects else 0.0,
        "grades": grades,
        **{f"by_{name}": [group.document() for group in found] for name, found in groups.items()},
    }


def _groups(expression: str, day: date) -> list[Group]:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT.format(all=scores.ALL, group=expression), {"day": day, "thin": THIN})
        return [Group(*row) for row in cursor.fetchall()]
