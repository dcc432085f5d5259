"""A file several times the memory that a process may have is drawn from and scored whole all the same.

The process really may have no more: the kernel refuses what goes beyond. What Polars reads at a time, and
memory that its allocator only keeps by, are made as small as the bound; else it would measure those.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

pytest.importorskip("optbinning", reason="the extra rongxin[fit] isn't installed")

from rongxin.evaluation.fitting import card
from tests.unit.evaluation.fitting import invented

MEMORY = 320 << 20
ROWS, WORDS = 5000, 4000
SMALL = {
    "POLARS_MAX_THREADS": "2",
    "POLARS_CSV_CHUNK_SIZE": str(2 << 20),
    "_RJEM_MALLOC_CONF": "retain:false,dirty_decay_ms:0,muzzy_decay_ms:0",
}
FIT = """
import sys
from pathlib import Path
from rongxin.evaluation.fitting import drawing, files
from rongxin.evaluation.fitting.sample import Wish
files.ROWS_MAX = files.ROWS_MIN = 2000
drawn = drawing.draw(Path(sys.argv[1]), Wish("default"))
print(drawn.rows, len(drawn.columns), *drawn.notes)
"""
SCORE = """
import sys
from pathlib import Path
from rongxin.evaluation.fitting import card, scoring
data = Path(sys.argv[1])
applied = card.read(data.with_name("card.json"))
print(scoring.score(data, applied, data.with_name("scores.parquet"), id=None).rows)
"""
STEPS = [{"points": 1, "below": 15.0}, {"points": 9, "below": None}]
RARE = {"missing": {"points": 0}, "unknown": {"points": 0}}
CARD = {
    "target": {"column": "default", "bad": "1", "good": "0"},
    "method": "by hand",
    "scale": {"base": 500},
    "columns": [{"name": "age", "kind": "number", "bins": STEPS, **RARE}],
}


@pytest.fixture(scope="module", params=[1 << 30, pytest.param(10 << 30, marks=pytest.mark.long)])
def large(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, int]]:
    """Loans with a long text in each row, and how many; a card for them lies beside."""
    folder = tmp_path_factory.mktemp("large")
    data, written = folder / "loans.csv", _written(folder / "loans.csv", request.param, "utf-8", "0")
    card.write(card.seal(card.Card.model_validate(CARD)), folder / "card.json")
    yield data, written
    shutil.rmtree(folder)


def _written(data: Path, size: int, encoding: str, word: str) -> int:
    words = pl.Series([word * (WORDS // len(word.encode())) + str(n) for n in range(ROWS)])
    rows = invented.curved(ROWS, 1).with_columns(words=words)
    body, written = rows.write_csv(include_header=False).encode(encoding), 0
    with data.open("wb") as file:
        file.write(rows.head(0).write_csv().encode())
        while file.tell() < size:
            file.write(body)
            written += ROWS
    return written


def _bounded(work: str, data: Path) -> str:
    environment = os.environ | SMALL | {"RONGXIN_VAR": str(data.parent / "var")}
    done = subprocess.run(
        [sys.executable, "-c", work, str(data)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY)),
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-600:]
    return done.stdout.strip()


def test_a_file_larger_than_memory_is_drawn_from(large: tuple[Path, int]) -> None:
    data, rows = large
    assert data.stat().st_size > 3 * MEMORY
    said = _bounded(FIT, data)
    assert said.startswith("2000 "), said
    assert f"the file has {rows} rows: 2000 of them are used, drawn at random" in said


def test_a_file_in_gb18030_larger_than_memory_is_drawn_from(tmp_path: Path) -> None:
    data = tmp_path / "loans.csv"
    rows = _written(data, MEMORY * 5 // 4, "gb18030", "茶")
    said = _bounded(FIT, data)
    assert f"the file has {rows} rows: 2000 of them are used, drawn at random" in said
    assert not list((tmp_path / "var/scratch").iterdir())
    data.unlink()


def test_a_file_larger_than_memory_is_scored_whole(large: tuple[Path, int]) -> None:
    data, rows = large
    assert _bounded(SCORE, data) == str(rows)
    scores = pl.scan_parquet(data.with_name("scores.parquet"))
    assert scores.select(pl.len()).collect().item() == rows
