"""冻结: what a full run shows becomes the frozen numbers of another version (docs/decisions/0071).

From the scores of a published full run: the median of every segment, and the cut-offs that give each grade
its share. What only a consent lets the node see (medians of the authorised tier, quantiles of taxes and
capital) may not be gathered from everybody; it is carried over. The same run gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from django.db import connection, transaction

from rongxin.evaluation import explaining, loading, rules, scores
from rongxin.evaluation.cards import Grades
from rongxin.evaluation.errors import EvaluationError, NotFrozen
from rongxin.evaluation.facts import Progress
from rongxin.evaluation.loading import Specification
from rongxin.evaluation.models import Run
from rongxin.evaluation.states import RunKind, RunState
from rongxin.evaluation.tiers import Tier
from rongxin.vocabulary import edition

#: So many files give a median to less than a point; of more, this many are taken.
SAMPLE_MAX = 200_000
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}[a-z]?")
_BATCH = 5_000
# Which subjects are taken rests on their numbers and the run's alone.
_TAKEN = f"""
SELECT {scores.COLUMNS}
FROM evaluation_score s JOIN evaluation_run r ON r.id = s.run_id
WHERE s.run_id = %(run)s
  AND abs(hashint8extended(s.subject_id, %(run)s) %% 1000000) < %(millionths)s
ORDER BY s.subject_id
"""  # noqa: S608


class Shares(edition.Edition):
    """目标占比 of grades in 1/1000, from the highest; where public grades begin; files a median needs."""

    shares: Mapping[str, int]
    public_from: Mapping[str, str]
    coverage_min: int
    segment_min: int


@dataclass(frozen=True)
class File:
    """One file: its segment, and what its score is made of."""

    segment: int
    points: int  # in hundredths
    observed: int
    weight: int

    @property
    def raw(self) -> int:
        """The share of the observed weight that is won, in 1/1000."""
        return self.points * 10 // self.observed


@dataclass(frozen=True)
class Frozen:
    """A new version's numbers beside those it was made from, and the text of its files by their names."""

    version: str
    run: int
    of: str
    subjects: int
    taken: int
    medians: Sequence[Mapping[str, Any]]
    grades: Mapping[str, int]
    grades_before: Mapping[str, int]
    files: Mapping[str, str]

    def document(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "run": self.run,
            "of": self.of,
            "subjects": self.subjects,
            "files_that_count": self.taken,
            "medians": list(self.medians),
            "grades": dict(self.grades),
            "grades_before": dict(self.grades_before),
            "carried_over": ["medians.authorised", "quantiles", "card", "vetoes", "relief"],
        }

    def write(self, folder: Path) -> list[Path]:
        """Write the version's files where a node's own versions lie; none is ever replaced."""
        there = [name for name in self.files if (folder / name).exists()]
        if there:
            raise NotFrozen(
                f"{folder}：已有 {'、'.join(there)}，未改动；请用新的版本号 (take another version)"
            )
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in self.files.items():
            (folder / name).write_text(text, "utf-8")
        return [folder / name for name in self.files]


def freeze(version: str, *, effective_from: date, run: int | None = None, progress: Progress) -> Frozen:
    """Return a new version by what a published full run shows, the latest by default; raises `NotFrozen`."""
    if not _VERSION.fullmatch(version) or version in loading.versions():
        raise NotFrozen(f"版本 {version}：应为新的日期，如 2027-01-01 (a new version is named by a day)")
    made = _run(run)
    spec, wanted = loading.load(made.version), shares(effective_from)
    files = list(_files(made, spec, wanted.coverage_min, progress))
    if len(files) < wanted.segment_min:
        raise NotFrozen(
            f"评价 {made.id} 中覆盖足够的主体 {len(files)} 户，不足 {wanted.segment_min} 户"
            f" (only {len(files)} files of which enough is known)"
        )
    medians, of_file = _medians(spec, files, wanted.segment_min)
    grades = _cuts(spec, [_score(spec.grades, one, of_file[one.segment]) for one in files], wanted)
    said = (
        f"全覆盖评价 {made.id}（版本 {made.version}，截至 {made.as_of.isoformat()}，"
        f"{made.subjects} 户，取覆盖足够的 {len(files)} 户）"
    )
    return Frozen(
        version, made.id, made.version, made.subjects, len(files), medians, grades, spec.grades.grades,
        dict(_texts(version, effective_from, made.version, medians, grades, wanted, said)),
    )  # fmt: skip


def shares(on: date) -> Shares:
    """Return the shares of a day."""
    found = edition.read(loading.PARAMETERS, "grade_shares_*.yaml", Shares, broken=EvaluationError)
    return edition.in_force(found, on)


def _run(wanted: int | None) -> Run:
    published = Run.objects.filter(kind=RunKind.FULL, tier=Tier.PUBLIC, state=RunState.PUBLISHED)
    if wanted is not None:
        published = published.filter(pk=wanted)
    found = published.order_by("as_of", "facts_at").last()
    if found is None:
        raise NotFrozen("没有已发布的全覆盖评价，请先运行 rongxin evaluate run (no published full run)")
    return found


def _files(run: Run, spec: Specification, least: int, progress: Progress) -> Iterator[File]:
    """Read the files of which enough is observed, all or a sample; each is held against its score."""
    done = 0
    given = {"run": run.id, "millionths": -(-1_000_000 * SAMPLE_MAX // max(run.subjects, 1))}
    total = min(run.subjects, SAMPLE_MAX)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DECLARE frozen NO SCROLL CURSOR FOR {_TAKEN}", given)
        while True:
            cursor.execute(f"FETCH {_BATCH} FROM frozen")
            rows = cursor.fetchall()
            for row in rows:
                stored = scores.read(row)
                one = _file(spec, stored)
                if one is not None and 1000 * one.observed >= least * one.weight:
                    yield one
            done += len(rows)
            progress("读取 reading", min(done, total), total)
            if len(rows) < _BATCH:
                return


def _file(spec: Specification, stored: scores.Stored) -> File | None:
    found = explaining.opened(stored, str(stored.subject))
    seen = [one for one in found.score.indicators if one.points is not None]
    if not seen:
        return None
    applies = [one for one in found.score.indicators if one.told.state is not rules.State.NOT_APPLICABLE]
    age = found.told[rules.AGE].value if rules.AGE in found.told else None
    own = {"industry": found.subject.industry, "size_class": found.subject.size_class}
    rows = spec.segments.medians[Tier.PUBLIC]
    return File(
        segment=next(n for n, row in enumerate(rows) if row.fits(**own, age_months=age)),
        points=sum(one.weight * (one.points or 0) for one in seen),
        observed=sum(one.weight for one in seen),
        weight=sum(one.weight for one in applies),
    )


def _medians(
    spec: Specification, files: Sequence[File], least: int
) -> tuple[list[dict[str, Any]], list[int]]:
    """Return the rows of the new table, and the median of each old segment's files.

    A segment of too few files is left out: they fall to the last row, which is of everybody.
    """
    everybody, rows, of_file = _middle([one.raw for one in files]), [], []
    for number, row in enumerate(spec.segments.medians[Tier.PUBLIC]):
        whose = row.model_dump(mode="json", exclude_none=True, exclude={"median"})
        own = [one.raw for one in files if one.segment == number]
        counts = bool(whose) and len(own) >= least
        of_file.append(_middle(own) if counts else everybody)
        if counts or not whose:
            rows.append({**whose, "median": of_file[-1]})
    return rows, of_file


def _middle(values: Sequence[int]) -> int:
    return sorted(values)[(len(values) - 1) // 2]


def _score(grades: Grades, one: File, median: int) -> int:
    parts = {"points": one.points, "observed": one.observed, "weight": one.weight}
    return rules.raw(grades, parts, median)


def _cuts(spec: Specification, made: Sequence[int], wanted: Shares) -> dict[str, int]:
    """Return where each grade begins, so that it has its share as nearly as whole scores let it."""
    if set(wanted.shares) != set(spec.grades.grades) or sum(wanted.shares.values()) != 1000:
        raise NotFrozen("各等级的目标占比与等级不符，或合计不是 1000‰ (the shares don't fit the grades)")
    ordered, cuts, above, last = sorted(made, reverse=True), {}, 0, 1001
    names = list(spec.grades.grades)
    for name in names[:-1]:
        above += wanted.shares[name]
        better = above * len(ordered) // 1000
        cuts[name] = last = min(ordered[better - 1] if better else ordered[0] + 1, last - 1)
    cuts[names[-1]] = 0
    if last <= 0:
        raise NotFrozen("分数过于集中，无法区分各等级 (the scores lie too close together for these shares)")
    return cuts


def _texts(
    version: str,
    effective_from: date,
    of: str,
    medians: Sequence[Mapping[str, Any]],
    grades: Mapping[str, int],
    wanted: Shares,
    said: str,
) -> Iterator[tuple[str, str]]:
    """Write the files of the version: what isn't frozen anew is carried over as it stands."""
    for name in ("card", "vetoes", "relief"):
        yield f"{name}_{version}.yaml", _dated(_text(name, of), version, effective_from)
    public = {label: grades[grade] for label, grade in wanted.public_from.items()}
    for name, change in (
        ("grades", {"grades": dict(grades), "public_grades": public}),
        ("segments", {"medians": {"public": [dict(row) for row in medians]}}),
    ):
        content = yaml.safe_load(_text(name, of))
        before = content["citation"]
        content |= {"version": version, "effective_from": effective_from}
        content["citation"] = f"由{said}冻结；其余沿用版本 {of}：{before}"
        for key, value in change.items():
            content[key] = {**content[key], **value} if key == "medians" else value
        yield (
            f"{name}_{version}.yaml",
            yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=110),
        )


def _text(name: str, version: str) -> str:
    return (loading.folder_of(version) / f"{name}_{version}.yaml").read_text("utf-8")


def _dated(text: str, version: str, effective_from: date) -> str:
    text = re.sub(r"(?m)^version:.*$", f'version: "{version}"', text, count=1)
    return re.sub(r"(?m)^effective_from:.*$", f"effective_from: {effective_from.isoformat()}", text, count=1)
