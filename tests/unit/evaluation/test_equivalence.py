"""The statement over everybody says of each subject what the single path says, to the last bit （（七））."""

from __future__ import annotations

import random
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongxin.evaluation import compiling, loading, measuring, packing, rules
from rongxin.evaluation.compiling import Program
from rongxin.evaluation.measuring import Facts
from rongxin.evaluation.rules import Score
from rongxin.evaluation.tiers import Tier
from tests.unit.evaluation import invented
from tests.unit.evaluation.invented import AS_OF

STATES = {"missing": 0, "observed": 1, "observed_none": 2, "not_applicable": 3}


def expected(number: int, score: Score, program: Program) -> dict[str, object]:
    """A score of the single path as the wide row of the statement."""
    made: dict[str, object] = {
        "_subject": number,
        "score": score.score,
        "grade": score.grade,
        "public_grade": score.public_grade,
        "coverage": score.coverage,
        "confidence": score.confidence,
        "vetoes": sum(1 << program.veto_codes.index(code) for code in score.vetoes),
        "score_before_veto": score.score_before_veto,
        "reasons": packing.pack_reasons(score.reasons, program.codes),
    }
    for one in score.indicators:
        made[f"{one.code}_state"] = STATES[one.told.state.value]
        made[f"{one.code}_value"] = one.told.value
        made[f"{one.code}_points"] = one.points
    return made


def signal(spec: loading.Specification, name: str, facts: Facts) -> int | None:
    """What a veto rests on besides indicators, by the single path."""
    rows = {i: measuring.counting(i, own, spec.relief, as_of=AS_OF) for i, own in facts.rows.items()}
    return rules.tell(spec.formulas[name], facts, rows, spec, as_of=AS_OF).value


def compare(folder: Path, subjects: dict[int, Facts], tier: Tier) -> None:
    program = compiling.program(None, tier, as_of=AS_OF, narrow=False)
    with duckdb.connect() as duck:
        invented.lay(duck, folder, subjects)
        found = invented.run(duck, program)
    spec = loading.load()
    for row, (number, facts) in zip(found, sorted(subjects.items()), strict=True):
        told = expected(number, rules.evaluate(spec, tier, facts, as_of=AS_OF), program)
        told |= {f"{name}_value": signal(spec, name, facts) for name in spec.vetoes.signals}
        differs = {key: (row[key], told[key]) for key in row if row[key] != told[key]}
        assert not differs, (number, facts.subject, differs)


@pytest.mark.parametrize("tier", Tier)
def test_a_thousand_subjects_score_the_same_by_both_paths(tmp_path: Path, tier: Tier) -> None:
    compare(tmp_path, {number: invented.facts(number) for number in range(1000)}, tier)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1_000, 2**31), min_size=1, max_size=20, unique=True), st.sampled_from(list(Tier)))
def test_any_subjects_score_the_same_by_both_paths(tmp_path: Path, seeds: list[int], tier: Tier) -> None:
    compare(tmp_path, {place: invented.facts(seed) for place, seed in enumerate(seeds)}, tier)


def test_narrow_says_what_wide_says(tmp_path: Path) -> None:
    narrow, wide = (compiling.program(None, "authorised", as_of=AS_OF, narrow=n) for n in (True, False))
    with duckdb.connect() as duck:
        invented.lay(duck, tmp_path, {number: invented.facts(number) for number in range(300)})
        few, many = invented.run(duck, narrow), invented.run(duck, wide)
    assert few == [{key: row[key] for key in narrow.columns} for row in many]


def test_the_order_of_rows_never_matters(tmp_path: Path) -> None:
    program = compiling.program(None, "authorised", as_of=AS_OF, narrow=False)
    subjects = {number: invented.facts(number) for number in range(300)}
    shuffled = {}
    for number, facts in random.Random(1).sample(sorted(subjects.items()), len(subjects)):
        rows = {item: random.Random(number).sample(own, len(own)) for item, own in facts.rows.items()}
        shuffled[number] = Facts(facts.subject, facts.known, rows)
    with duckdb.connect() as duck:
        invented.lay(duck, tmp_path, subjects)
        before = invented.run(duck, program)
        invented.lay(duck, tmp_path, shuffled)
        assert invented.run(duck, program) == before
