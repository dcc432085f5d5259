"""模型月报: what a month showed of the version in use, frozen once the month is over ((七), facts 5.3)."""

from __future__ import annotations

import json
import re
from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from rongxin.evaluation import loading
from rongxin.evaluation.errors import BadMonth, NotScored, UnknownModelReport
from rongxin.evaluation.loading import Specification
from rongxin.evaluation.models import Baseline, ModelReport, Run, ShadowRun, Version
from rongxin.evaluation.monitoring import fairness, parameters, register, rules, spread, vintages
from rongxin.evaluation.monitoring.parameters import Limits
from rongxin.evaluation.monitoring.rules import State
from rongxin.evaluation.monitoring.spread import Spread, Where
from rongxin.evaluation.states import RunKind, RunState
from rongxin.financing import aggregates
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.proof import canonical
from rongxin.vocabulary.actor import SYSTEM, Actor

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


def checked_month(text: str | None, *, as_of: datetime) -> str:
    """Return a month as written; without one the last that is over. Raises `BadMonth`."""
    today = timezone.localdate(as_of)
    if text is None:
        return _written(today.replace(day=1) - timedelta(days=1))
    found = _MONTH.fullmatch(text)
    if found is None or text > _written(today):
        raise BadMonth(f"{text!r}：月份应写成 2026-10 这样的年和月，且不在将来 (a month that has begun)")
    return text


def of(month: str, *, actor: Actor, as_of: datetime) -> dict[str, Any]:
    """Return the report of a month: as it was frozen, or made now and, once the month is over, frozen.

    Raises `NotScored` where nobody had been scored by the month's end.
    """
    if ModelReport.objects.filter(pk=month).exists():
        return held(month)
    made = _made(month, actor=actor, as_of=as_of)
    if _last_day(month) < timezone.localdate(as_of):
        _freeze(month, made, actor=actor, as_of=as_of)
        return held(month)
    return made


def held(month: str) -> dict[str, Any]:
    """Return a report that is frozen; raises `UnknownModelReport`."""
    found: dict[str, Any] = json.loads(frozen(month))
    return found


def frozen(month: str) -> str:
    """Return the canonical JSON of a frozen report, as it was hashed; raises `UnknownModelReport`."""
    row = ModelReport.objects.filter(pk=month).first()
    if row is None:
        raise UnknownModelReport(f"还没有 {month} 的模型月报：月末后由后台生成 (made after the month's end)")
    return row.content


def months() -> list[dict[str, Any]]:
    """Return which reports there are, the newest first."""
    rows = ModelReport.objects.order_by("-month").values_list("month", "version", "made_at", "sha256")
    return [
        {"month": month, "version": version, "made_at": made_at.isoformat(), "sha256": sha256}
        for month, version, made_at, sha256 in rows
    ]


def make_due(*, as_of: datetime) -> int:
    """Make the report of the last month, once it is over and anybody was scored in it; returns how many."""
    month = checked_month(None, as_of=as_of)
    if ModelReport.objects.filter(pk=month).exists():
        return 0
    try:
        of(month, actor=SYSTEM, as_of=as_of)
    except NotScored:
        return 0
    return 1


def _made(month: str, *, actor: Actor, as_of: datetime) -> dict[str, Any]:
    day = min(_last_day(month), timezone.localdate(as_of))
    limits, tellable = parameters.in_force(day), aggregates.limits(day)
    version = _version_of(day)
    spec = loading.load(version)
    groups = fairness.expressions(limits, day)
    found = spread.count(version, Where(day=day), groups=groups, below=spec.grades.grades[limits.cut_grade])
    if not found.subjects:
        raise NotScored(f"截至 {day} 没有按版本 {version} 发布的评价，无从报告 (nobody was scored by then)")
    baseline = _baseline(version, actor=actor, as_of=as_of)
    outcomes = vintages.of(version, until=day, limits=limits, groups=tuple(groups.values()))
    loans = outcomes.pop("scored")
    return {
        "month": month,
        "as_of": day.isoformat(),
        "made_at": as_of.isoformat(),
        "model": _model(version),
        "population": _population(found, limits),
        "baseline": {"as_of": baseline.as_of.isoformat(), "sha256": baseline.sha256},
        "score": _score(found, baseline, limits),
        "indicators": _indicators(found, baseline, spec, limits),
        "outcomes": outcomes,
        "calibration": _calibration(version, outcomes["grades"]),
        "fairness": fairness.of(found.groups, loans, limits, tellable),
        "challengers": [_challenger(row, day, limits) for row in Version.objects.filter(state=State.SHADOW)],
        "parameters": limits.model_dump(mode="json"),
        "tellable": tellable.model_dump(mode="json"),
    }


def _version_of(day: date) -> str:
    """Return by which version the scores that count on a day were made."""
    runs = Run.objects.filter(kind=RunKind.FULL, state=RunState.PUBLISHED, as_of__lte=day)
    version = runs.order_by("as_of", "facts_at").values_list("version", flat=True).last()
    if version is None:
        raise NotScored(
            f"截至 {day} 没有已发布的全覆盖评价：请先运行 rongxin evaluate run (no full run by then)"
        )
    return version


def _model(version: str) -> dict[str, Any]:
    row = Version.objects.filter(pk=version).first()
    if row is None:
        return {"version": version, "registered": False}
    return {"version": version, "registered": True, **register.document(row)}


def _population(found: Spread, limits: Limits) -> dict[str, Any]:
    rated = int(found.scores[:1001].sum())
    total = int((found.scores[:1001] * range(1001)).sum())
    return {
        "subjects": found.subjects,
        "rated": rated,
        "mean_score": round(total / rated) if rated else None,
        "grades": {
            grade: count if count >= limits.group_min else None
            for grade, count in sorted(found.grades.items())
        },
    }


def _baseline(version: str, *, actor: Actor, as_of: datetime) -> Baseline:
    """Return the frozen baseline of a version; freezes it of its first published full run, once."""
    held = Baseline.objects.filter(pk=version).first()
    if held is not None:
        return held
    runs = Run.objects.filter(kind=RunKind.FULL, state=RunState.PUBLISHED, version=version)
    first = runs.order_by("as_of", "facts_at").first()
    assert first is not None  # scores of the version count
    found = spread.count(version, Where(run=first.id), groups={}, below=0)
    edges = found.deciles()
    content: dict[str, Any] = {
        "subjects": found.subjects,
        "edges": edges,
        "scores": found.by_edges(edges),
        "indicators": {code: own.counts.tolist() for code, own in found.indicators.items()},
    }
    digest = canonical.digest(content)
    with transaction.atomic():
        row, is_new = Baseline.objects.get_or_create(
            version=version,
            defaults={
                "run_id": first.id,
                "as_of": first.as_of,
                "frozen_at": as_of,
                "content": content,
                "sha256": digest,
            },
        )
        if is_new:
            entries.append(
                Kind.EVALUATION_MODEL_CHANGED,
                actor=actor,
                refs={"version": version, "change": "baseline_frozen", "run": first.id},
                commitments={"baseline": digest},
                as_of=as_of,
            )
    return row


def _score(found: Spread, baseline: Baseline, limits: Limits) -> dict[str, Any]:
    edges, before = baseline.content["edges"], baseline.content["scores"]
    now = found.by_edges(edges)
    value = rules.psi(before, now)
    return {
        "psi_hundred_thousandths": round(100_000 * value),
        "signal": _signal(rules.signal(value, watch=limits.psi_watch, act=limits.psi_act)),
        "edges": edges,
        "baseline_permille": _permille(before),
        "now_permille": _permille(now),
    }


def _indicators(
    found: Spread, baseline: Baseline, spec: Specification, limits: Limits
) -> list[dict[str, Any]]:
    """Return of each indicator how far it has moved, the farthest first."""
    lines = []
    for code, own in found.indicators.items():
        before = baseline.content["indicators"].get(code)
        if before is None:
            continue
        was = spread.missing_permille(before)
        now = spread.missing_permille(own.counts.tolist())
        value = rules.psi(before, own.counts.tolist())
        lines.append(
            {
                "code": code,
                "label": spec.indicators[code].label,
                "psi_hundred_thousandths": round(100_000 * value),
                "signal": _signal(rules.signal(value, watch=limits.psi_watch, act=limits.psi_act)),
                "missing_permille": {"baseline": was, "now": now},
                "missing_signal": _signal(
                    rules.signal(
                        abs(now - was), watch=limits.missing_watch_permille, act=limits.missing_act_permille
                    )
                ),
            }
        )
    return sorted(lines, key=lambda line: (-line["psi_hundred_thousandths"], line["code"]))


def _calibration(version: str, grades: dict[str, Any]) -> dict[str, Any]:
    """Lay expected shares of bad loans, where the register has any, beside the observed ones."""
    row = Version.objects.filter(pk=version).first()
    expected = row.expected_bad if row else {}
    for line in grades["lines"]:
        share = expected.get(line["grade"])
        line["expected_permille"] = None if share is None else round(1000 * share)
        is_told = "bad_permille" in line and share is not None
        line["within"] = (
            line["from_permille"] <= line["expected_permille"] <= line["to_permille"] if is_told else None
        )
    return {"has_expected": bool(expected), **grades}


def _challenger(row: Version, day: date, limits: Limits) -> dict[str, Any]:
    latest = ShadowRun.objects.filter(version=row.version).order_by("-done_at").first()
    outcomes = vintages.of(row.version, until=day, limits=limits)
    return {
        "version": row.version,
        "made_from": row.made_from,
        "comparison": latest.comparison if latest else None,
        "compared_at": latest.done_at.isoformat() if latest else None,
        "discrimination": outcomes["all"],
    }


def _freeze(month: str, made: dict[str, Any], *, actor: Actor, as_of: datetime) -> None:
    content = canonical.dumps(made)
    digest = canonical.sha256(content).hex()
    with transaction.atomic():
        _, is_new = ModelReport.objects.get_or_create(
            month=month,
            defaults={
                "version": made["model"]["version"],
                "made_at": as_of,
                "content": content.decode(),
                "sha256": digest,
            },
        )
        if is_new:
            entries.append(
                Kind.EVALUATION_MODEL_REPORTED,
                actor=actor,
                refs={"month": month, "version": made["model"]["version"]},
                commitments={"report": digest},
                as_of=as_of,
            )


def _signal(found: rules.Signal) -> dict[str, str]:
    return {"code": found.value, "label": found.label, "label_en": found.label_en}


def _permille(counts: list[int]) -> list[int]:
    total = sum(counts)
    return [round(1000 * count / total) if total else 0 for count in counts]


def _written(day: date) -> str:
    return f"{day:%Y-%m}"


def _last_day(month: str) -> date:
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, monthrange(year, number)[1])
