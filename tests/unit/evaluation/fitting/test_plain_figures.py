"""What is read in the quick way, figures of a CSV and words, gets the points that reading with care gives."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rongxin.evaluation.fitting import card, files, scoring

RARE = {"missing": {"points": -1}, "unknown": {"points": -7}}
EDGES = (-1e300, -3.0, 0.0, 0.5, 1.0, 7.0, 1000.0, 1e300, None)
STEPS = [{"points": 10 * n, "below": edge} for n, edge in enumerate(EDGES)]
WORDS = ["tea", " grain", "未知", *(f"trade {n}" for n in range(9))]
MADE = card.seal(
    card.Card.model_validate(
        {
            "target": {"column": "default", "bad": "1", "good": "0"},
            "method": "by hand",
            "scale": {"base": 500},
            "columns": [
                {"name": "debt", "kind": "number", "bins": STEPS, **RARE},
                {"name": "trade", "kind": "category", **RARE,
                 "bins": [{"points": n + 1, "values": [word]} for n, word in enumerate(WORDS)]},
            ],
        }
    )
)  # fmt: skip
#: What a cell may hold that somebody takes for a figure, and what only looks like one.
ODD = ("NA", "NaN", "NAN", "-nan", "?", "未知", '""', '" 7"', '"1,000"', "(3)", "inf", "1e999", "--1", "")
CELLS = st.one_of(
    st.floats().map(repr),
    st.integers(-(10**30), 10**30).map(str),
    st.text("0123456789+-.eE infNaA$_%'x¥−（", max_size=8),
    st.sampled_from(ODD),
)


def _scored(content: str) -> tuple[scoring.Tally, list[int]]:
    with TemporaryDirectory() as folder:
        path, out = Path(folder) / "loans.csv", Path(folder) / "scores.parquet"
        path.write_text(content, "utf-8")
        tally = scoring.score(path, MADE, out, id=None)
        return tally, pl.read_parquet(out)["score"].to_list()


@given(cells=st.lists(CELLS, min_size=1, max_size=6), is_late=st.booleans())
@example(cells=["NAN"], is_late=True)
@example(cells=["-nan"], is_late=False)
@example(cells=["$1"], is_late=True)
def test_a_cell_gets_the_points_of_its_text(cells: list[str], is_late: bool) -> None:
    rows = ["7"] * 3 * is_late + cells
    content = "debt,trade\n" + "".join(f"{cell},tea\n" for cell in rows)
    frame = pl.read_csv(content.encode(), infer_schema=False)
    expected = scoring.Tally()
    points = scoring.scores(frame, MADE, expected).tolist()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_LOOKED_AT_ROWS", 2)  # what comes later isn't foreseen
        tally, found = _scored(content)
    assert found == points
    assert (tally.rows, tally.unknown) == (len(rows), expected.unknown)


def test_plain_figures_are_read_as_figures_and_others_as_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(" debt ,paid,trade\n1,$2,tea\n,3,tea\n")
    with files.opened(tmp_path / "a.csv", figures={"debt", "paid"}) as table:
        assert table.collect_schema() == {"debt": pl.Float64, "paid": pl.String, "trade": pl.String}


def test_words_are_found_tidied_or_not_and_nothing_stays_nothing() -> None:
    cells = [*WORDS[3:], "tea", " tea ", "", "未知", "grain", " grain", "steel"]
    tally, found = _scored("debt,trade\n" + "".join(f"5,{cell}\n" for cell in cells))
    points = [found[0] - 4 + n for n in (*range(4, 13), 1, 1, -1, -1, -7, -7, -7)]
    assert found == points
    assert tally.unknown == Counter(trade=3)
