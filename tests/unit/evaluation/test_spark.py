"""Spark gives the bytes that DuckDB gives, over the same files of a bucket （（七））."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from rongxin.evaluation import compiling, engines, one_machine
from rongxin.evaluation.measuring import Facts
from rongxin.evaluation.spans import Span
from rongxin.evaluation.tiers import Tier
from tests.unit.evaluation import invented
from tests.unit.evaluation.invented import AS_OF


def scored(engine: str, tier: Tier, subjects: Mapping[int, Facts], folder: Path) -> bytes:
    """The lines that an engine writes of one bucket, laid down as a run lays it."""
    program = compiling.program(None, tier, as_of=AS_OF, dialect=engines.dialect(engine), narrow=False)
    folder.mkdir()
    with one_machine.connected(folder) as duck:
        files = invented.lay(duck, folder, subjects)
    for view in ("subject", *program.items):
        (folder / view).mkdir()
        files[view].rename(folder / view / "0.parquet")
    with engines.opened(engine, program, folder) as opened:
        return opened.score(Span(0, min(subjects), max(subjects), len(subjects))).path.read_bytes()


def both(tier: Tier, count: int, folder: Path) -> tuple[bytes, bytes]:
    subjects = {number: invented.facts(number) for number in range(count)}
    first, second = (scored(engine, tier, subjects, folder / engine) for engine in ("duckdb", "spark"))
    assert first.count(b"\n") == count
    return first, second


@pytest.mark.usefixtures("spark")
def test_a_bucket_of_the_public_tier_has_the_same_bytes_by_spark(tmp_path: Path) -> None:
    first, second = both(Tier.PUBLIC, 60, tmp_path)
    assert sha256(second).hexdigest() == sha256(first).hexdigest()


@pytest.mark.long
@pytest.mark.usefixtures("spark")
def test_a_thousand_subjects_by_all_indicators_have_the_same_bytes_by_spark(tmp_path: Path) -> None:
    first, second = both(Tier.AUTHORISED, 1000, tmp_path)
    assert second.splitlines() == first.splitlines()
