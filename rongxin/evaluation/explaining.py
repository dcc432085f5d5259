"""Why a score is what it is, from its stored inputs: the same for firm and institution （（七）).

An explanation is a function of the stored inputs and the version's frozen parameters alone, in canonical
JSON: whoever has both comes to the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from typing import Any

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Item
from rongxin.evaluation import compiling, lines, loading, packing, reasons, rules, scores, tiers
from rongxin.evaluation.errors import NotReproduced
from rongxin.evaluation.loading import Specification
from rongxin.evaluation.measuring import Subject
from rongxin.evaluation.rules import Pointed, Score, State, Told
from rongxin.evaluation.schema import Dimension
from rongxin.evaluation.scores import Stored
from rongxin.evaluation.tiers import Tier
from rongxin.proof import canonical

STATES = {
    packing.OBSERVED: State.OBSERVED,
    packing.OBSERVED_NONE: State.OBSERVED_NONE,
    packing.MISSING: State.MISSING,
    packing.NOT_APPLICABLE: State.NOT_APPLICABLE,
}


def recomputed(subject: int, uscc: str, *, day: date) -> bytes:
    """Return a subject's explanation, computed anew from the inputs of the score that counted on a day.

    Raises `NotScored`, and `NotReproduced` where inputs or result are not what they were.
    """
    return document(scores.of(subject, day=day), uscc)


def payload(stored: Stored, uscc: str) -> dict[str, Any]:
    """Return a score as the fields of the derived item `credit_evaluation`."""
    return {
        "uscc": uscc,
        "tier": stored.tier.value,
        "evaluated_on": stored.as_of.isoformat(),
        "parameters": stored.version,
        "score": stored.score,
        "grade": stored.grade,
        "coverage_permille": stored.coverage,
        "confidence": stored.confidence,
        "explanation": document(stored, uscc).decode(),
    }


@dataclass(frozen=True)
class Opened:
    """A stored score read again: its version, whom it is about, what it was computed from and told with."""

    spec: Specification
    subject: Subject
    inputs: Mapping[str, Any]
    told: Mapping[str, Told]
    newest: Mapping[str, str]
    score: Score


def opened(stored: Stored, uscc: str) -> Opened:
    """Read a stored score; raises `NotReproduced` where inputs or result are not what they were."""
    if sha256(stored.inputs.encode()).hexdigest() != stored.inputs_hash:
        raise NotReproduced(f"{uscc}: 存储的输入与其摘要不符 the stored inputs don't have their digest")
    spec = loading.load(stored.version)
    inputs = _named(stored)
    subject = Subject(inputs["kind"], inputs["industry"] or "", inputs["size_class"] or "")
    told = _told(spec, stored, inputs)
    made = rules.score(spec, stored.tier, told, subject)
    _check(stored, made, spec, uscc)
    newest = {item: inputs[f"{item}_on"] for item in program_of(stored).newest if inputs[f"{item}_on"]}
    return Opened(spec, subject, inputs, told, newest, made)


def document(stored: Stored, uscc: str) -> bytes:
    """Return the explanation of a stored score as canonical JSON (RFC 8785)."""
    found = opened(stored, uscc)
    spec, made = found.spec, found.score
    age = found.told[rules.AGE].value if rules.AGE in found.told else None
    return canonical.dumps(
        {
            "uscc": uscc,
            "tier": {"code": stored.tier.value, "label": stored.tier.label},
            "as_of": stored.as_of.isoformat(),
            "version": stored.version,
            "score": made.score,
            "score_before_veto": made.score_before_veto,
            "grade": made.grade,
            "public_grade": made.public_grade,
            "coverage_permille": made.coverage,
            "confidence": made.confidence,
            "inputs_hash": stored.inputs_hash,
            "reasons": reasons.document(reasons.of(spec, made, found.told, found.newest)),
            "dimensions": list(_dimensions(spec, made.indicators)),
            "segment_median_permille": rules.median(spec, stored.tier, found.subject, age),
            "indicators": [_line(spec, one) for one in made.indicators],
            "consent_would_add": _would_add(spec, found.inputs["kind"]) if stored.tier is Tier.PUBLIC else [],
        }
    )


def codes(stored: Stored, uscc: str) -> list[str]:
    """Return the codes of a score's reasons, in their order: what may stay when its inputs are gone."""
    found = opened(stored, uscc)
    return [one.code for one in reasons.of(found.spec, found.score, found.told, found.newest)]


def _check(stored: Stored, made: Score, spec: Specification, uscc: str) -> None:
    """Hold the result against what the run stored: the two were computed by different engines."""
    bits = sum(1 << spec.vetoes.codes.index(code) for code in made.vetoes)
    now = (made.score, made.grade, made.public_grade, made.coverage, made.confidence, bits)
    held = stored
    then = (held.score, held.grade, held.public_grade, held.coverage, held.confidence, held.vetoes)
    if now != then:
        raise NotReproduced(
            f"{uscc}: 由存储的输入得到{now}，存储的结果为{then} the inputs give another result"
        )


def _named(stored: Stored) -> dict[str, Any]:
    values = json.loads(stored.inputs)
    names = lines.inputs_of(program_of(stored))
    if len(values) != len(names):
        raise NotReproduced(
            f"存储的输入有{len(values)}项，版本{stored.version}要求{len(names)}项："
            " indicators were changed under the same version"
        )
    return dict(zip(names, values, strict=True))


def program_of(stored: Stored) -> compiling.Program:
    return _program(stored.version, stored.tier)


@cache
def _program(version: str, tier: Tier) -> compiling.Program:
    """What a program of a version names is the same on every day."""
    day = loading.load(version).weights.effective_from
    return compiling.program(version, tier, as_of=day, narrow=False)


def _told(spec: Specification, stored: Stored, inputs: Mapping[str, Any]) -> dict[str, Told]:
    """Read indicators and signals as they were told; a signal's state is no input of a score."""
    told = {
        code: Told(STATES[inputs[f"{code}_state"]], inputs[f"{code}_value"])
        for code in program_of(stored).codes
    }
    for name in spec.vetoes.signals:
        value = inputs.get(f"{name}_value")
        told[name] = Told(State.MISSING if value is None else State.OBSERVED, value)
    return told


def _line(spec: Specification, one: Pointed) -> dict[str, Any]:
    return {
        "code": one.code,
        "label": spec.indicators[one.code].label,
        "state": one.told.state.value,
        "value": one.told.value,
        "points": one.points,
        "weight": one.weight,
    }


def _dimensions(spec: Specification, pointed: tuple[Pointed, ...]) -> Iterator[dict[str, Any]]:
    """How much of each dimension's observed weight is won; None where nothing of it is known."""
    for dimension in Dimension:
        own = [one for one in pointed if spec.indicators[one.code].dimension is dimension]
        applies = sum(one.weight for one in own if one.told.state is not State.NOT_APPLICABLE)
        seen = [one for one in own if one.points is not None]
        observed = sum(one.weight for one in seen)
        won = sum(one.weight * (one.points or 0) for one in seen)
        if applies:
            yield {
                "dimension": dimension.value,
                "label": dimension.label,
                "weight_applicable": applies,
                "weight_observed": observed,
                "won_permille": won * 10 // observed if observed else None,
            }


def _would_add(spec: Specification, kind: str) -> list[dict[str, Any]]:
    """What the subject's consent could add to what is known, the heaviest first."""
    added = [
        (spec.bins(code).weight, one)
        for code, one in spec.indicators.items()
        if not tiers.is_public(one) and not one.not_held
        if kind in {applies.value for applies in one.applies_to}
    ]
    ordered = sorted(added, key=lambda pair: (-pair[0], pair[1].code))
    return [
        {"code": one.code, "label": one.label, "weight": weight, "items": [_item(i).label for i in one.items]}
        for weight, one in ordered
    ]


def _item(name: str) -> Item:
    return loader.load().item(name)
