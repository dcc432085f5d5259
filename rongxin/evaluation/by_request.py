"""授权评价: the score of one request, from what its release holds by consent （（七）, 附件注2)..

What was told of everybody stands; what was missing there is told by what the release holds, way by way. So a
further consent only ever adds. Inputs and result are those of a stored score: it is explained like one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from rongxin.catalogue import loader
from rongxin.evaluation import calendar, consistency, explaining, lines, preparing, rules
from rongxin.evaluation.explaining import Opened
from rongxin.evaluation.measuring import Facts
from rongxin.evaluation.rules import Score, State, Told
from rongxin.evaluation.schema import Measure
from rongxin.evaluation.scores import Stored
from rongxin.evaluation.tiers import Tier
from rongxin.vocabulary.sharing_mode import SharingMode

_STATES = {state: code for code, state in explaining.STATES.items()}


@dataclass(frozen=True)
class Held:
    """What a release holds of one item by one way; no rows: its source said that there are none."""

    item: str
    channel: SharingMode
    rows: Sequence[Mapping[str, Any]] = ()
    #: 数据核验: whether the provider confirmed all that was claimed; None where nothing was.
    verified: bool | None = None
    #: Where a consent opens a span of dated facts: its first day. What lies before is not in view.
    since: date | None = None


def made(
    base: Stored, held: Sequence[Held], *, uscc: str, name: str, day: date, facts_at: datetime
) -> Stored | None:
    """Return the score of a request on a day; None where the release tells nothing that wasn't told before.

    `base` is the subject's public score; raises `NotReproduced` where it isn't what its inputs come to.
    """
    opened = explaining.opened(base, uscc)
    facts = {way: _facts(opened, held, way, name) for way in SharingMode}
    since = {(one.item, one.channel): one.since for one in held if one.since is not None}
    told = dict(opened.told)
    added: set[str] = set()
    for code, formula in opened.spec.formulas.items():
        if code not in told or told[code].state is State.MISSING:
            found = Told(State.NOT_APPLICABLE if formula.not_held else State.MISSING)
            if all(_in_view(m, since.get((m.item, formula.channel)), day) for m in formula.measures.values()):
                found = rules.told_one(opened.spec, formula, facts[formula.channel], as_of=day)
            told[code] = found
            added |= {code} if found.value is not None else set()
    if not added:
        return None
    newest = dict(opened.newest)
    for own in facts.values():
        for item, on in rules.newest(opened.spec, Tier.AUTHORISED, own, as_of=day).items():
            newest[item] = max(on, newest.get(item, on))
    score = rules.score(opened.spec, Tier.AUTHORISED, told, opened.subject)
    inputs = _inputs(opened, base, score, told, newest)
    return replace(
        base,
        tier=Tier.AUTHORISED,
        as_of=day,
        facts_at=facts_at,
        score=score.score,
        grade=score.grade,
        public_grade=score.public_grade,
        coverage=score.coverage,
        confidence=score.confidence,
        vetoes=sum(1 << opened.spec.vetoes.codes.index(code) for code in score.vetoes),
        inputs=inputs,
        inputs_hash=sha256(inputs.encode()).hexdigest(),
    )


def _in_view(measure: Measure, since: date | None, day: date) -> bool:
    """Return whether all that a measure looks back at lies in the span that the consent opens.

    Less than all would count too few, for good or for bad. The newest row is in view where any is, and the
    row of one year is there or is not.
    """
    if since is None or measure.aggregate == "newest":
        return True
    for test in measure.where:
        if test.years_back is not None:
            return True
        if test.within_months is not None:
            return calendar.months_before(as_of=day, months=test.within_months) >= since
        if test.within_years is not None:
            return date(calendar.due_year(as_of=day) - test.within_years + 1, 1, 1) >= since
    return False


def _facts(opened: Opened, held: Sequence[Held], way: SharingMode, name: str) -> Facts:
    rows: dict[str, list[dict[str, Any]]] = {}
    for one in held:
        if one.channel is way:
            typed = (_typed(one.item, row) for row in one.rows)
            rows.setdefault(one.item, []).extend(
                preparing.row(one.item, row, subject=name, verified=one.verified) for row in typed
            )
    known = frozenset((one.item, one.channel.value) for one in held if one.channel is way)
    return Facts(opened.subject, known, rows)


def _typed(item: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row's values as facts have them; a value that isn't one (a masked one) says nothing."""
    known, made = loader.load().item(item), {}
    for name, value in row.items():
        kind = consistency.kind_of(known, name)
        try:
            if kind == "date":
                value = date.fromisoformat(str(value))
            elif kind in ("year", "integer"):
                value = int(value)
        except ValueError:
            continue
        made[name] = value
    return made


def _inputs(
    opened: Opened, base: Stored, score: Score, told: Mapping[str, Told], newest: Mapping[str, str]
) -> str:
    """Write what the score was computed from as a run writes it, in the order of the tier's program."""
    program = explaining.program_of(replace(base, tier=Tier.AUTHORISED))
    points = {one.code: one.points for one in score.indicators}
    given = dict(_of_subject(opened))
    given["score_before_veto"] = score.score_before_veto
    for code, one in told.items():
        given |= {f"{code}_state": _STATES[one.state], f"{code}_value": one.value}
        given[f"{code}_points"] = points.get(code)
    given |= {f"{item}_on": newest.get(item) for item in program.newest}
    values = [given[name] for name in lines.inputs_of(program)]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _of_subject(opened: Opened) -> Iterator[tuple[str, Any]]:
    for name in lines.ABOUT:
        yield name, opened.inputs[name]
