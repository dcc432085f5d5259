"""The statement over everybody says of each subject what the single path says, to the last bit （（七））."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from rongxin.evaluation import compiling, loading, measuring, rules
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


@dataclass
class Laid:
    """Subjects laid out once; each program is run over them once."""

    duck: duckdb.DuckDBPyConnection
    subjects: dict[int, Facts]
    _found: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def by(self, tier: Tier, *, narrow: bool = False) -> list[dict[str, Any]]:
        program = compiling.program(None, tier, as_of=AS_OF, narrow=narrow)
        if program.sql not in self._found:
            self._found[program.sql] = invented.run(self.duck, program)
        return self._found[program.sql]


def same(laid: Laid, tier: Tier) -> None:
    """Hold each row of the statement to what the single path says of that subject."""
    program, spec = compiling.program(None, tier, as_of=AS_OF, narrow=False), loading.load()
    for row, (number, facts) in zip(laid.by(tier), sorted(laid.subjects.items()), strict=True):
        told = expected(number, rules.evaluate(spec, tier, facts, as_of=AS_OF), program)
        told |= {f"{name}_value": signal(spec, name, facts) for name in spec.vetoes.signals}
        days = rules.newest(spec, tier, facts, as_of=AS_OF)
        told |= {f"{item}_on": days.get(item) for item in program.newest}
        differs = {key: (row[key], told[key]) for key in row if row[key] != told[key]}
        assert not differs, (number, facts.subject, differs)


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laid]:
    """A thousand subjects that are always the same and three hundred that nobody has seen before."""
    fresh = random.SystemRandom().sample(range(1_000, 2**31), 300)
    subjects = {number: invented.facts(number) for number in [*range(1000), *fresh]}
    with duckdb.connect() as duck:
        invented.lay(duck, tmp_path_factory.mktemp("laid"), subjects)
        yield Laid(duck, subjects)


@pytest.mark.parametrize("tier", Tier)
def test_subjects_score_the_same_by_both_paths(laid: Laid, tier: Tier) -> None:
    same(laid, tier)


EXTREMES = [
    Decimal(x) for x in ("0", "0.01", "-0.01", "-3333.33", "90000000000000.01", "9999999999999999.99")
]


def test_amounts_beyond_all_bounds_score_the_same_by_both_paths(tmp_path: Path) -> None:
    """Amounts are rounded down and cut to what ten-thousandths of them still fit 64 bits with."""
    draw, subjects = random.Random(7), {number: invented.facts(number) for number in range(400)}
    for facts in subjects.values():
        for item, rows in facts.rows.items():
            for row in rows:
                decimals = [name for name in row if invented.kind_of(item, name) == "decimal"]
                row.update({name: draw.choice(EXTREMES) for name in decimals})
    with duckdb.connect() as duck:
        invented.lay(duck, tmp_path, subjects)
        same(Laid(duck, subjects), Tier.AUTHORISED)


def test_narrow_says_what_wide_says(laid: Laid) -> None:
    few, many = laid.by(Tier.AUTHORISED, narrow=True), laid.by(Tier.AUTHORISED)
    assert few == [{key: row[key] for key in few[0]} for row in many]


def test_the_order_of_rows_never_matters(laid: Laid, tmp_path: Path) -> None:
    shuffled = {}
    for number, facts in random.Random(1).sample(sorted(laid.subjects.items()), len(laid.subjects)):
        rows = {item: random.Random(number).sample(own, len(own)) for item, own in facts.rows.items()}
        shuffled[number] = Facts(facts.subject, facts.known, rows)
    program = compiling.program(None, Tier.AUTHORISED, as_of=AS_OF, narrow=False)
    with duckdb.connect() as duck:
        invented.lay(duck, tmp_path, shuffled)
        assert invented.run(duck, program) == laid.by(Tier.AUTHORISED)
