"""`12%` is not twelve hundredths to one row and twelve to the next: what is written two ways is not read."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

pytest.importorskip("optbinning", reason="the extra rongxin[fit] isn't installed")

from rongxin.evaluation.fitting import card, columns, drawing, scoring
from rongxin.evaluation.fitting.sample import Wish
from tests.unit.evaluation.fitting import invented

RARE = {"missing": {"points": -1}, "unknown": {"points": -7}}


def made(form: str) -> card.Card:
    column = {"name": "share", "kind": "number", "form": form, **RARE}
    column["bins"] = [{"points": 1, "below": 10.0}, {"points": 2}]
    whole = {"target": {"column": "default", "bad": "1", "good": "0"}, "method": "by hand"}
    return card.seal(card.Card.model_validate(whole | {"scale": {"base": 500}, "columns": [column]}))


@pytest.mark.parametrize("form", ["", columns.PERCENT])
@pytest.mark.parametrize(
    ("cell", "written"), [("12%", columns.PERCENT), ("12 %", columns.PERCENT), ("0.12", "")]
)
def test_a_percentage_among_figures_and_a_figure_among_percentages_are_unreadable(
    cell: str, written: str, form: str
) -> None:
    column = columns.Column("v", columns.NUMBER, form)
    cells = pl.Series("v", [cell, None])
    for typed in (cells, cells.cast(pl.Float64)) if not written else (cells,):
        values, unreadable = columns.numbers(typed, column)
        assert (values[0] is not None, unreadable is None) == (form == written, form == written)
        assert values[1] is None


def test_what_is_no_number_is_missing_among_percentages_too() -> None:
    values, unreadable = columns.numbers(pl.Series("v", [float("nan")]), columns.Column("v", "number", "%"))
    assert (values[0], unreadable) == (None, None)


def test_percentages_are_read_as_they_are_written_and_a_mixture_is_left_out_with_why(tmp_path: Path) -> None:
    row, share = pl.int_range(pl.len()), (pl.col("years") / 50).round(2)
    percent = (share * 100).cast(pl.String) + "%"
    odd = {
        "percent": percent,
        "mixed": pl.when(row % 3 == 0).then(percent).otherwise(share.cast(pl.String)),
        "few": pl.when(row % 50 == 0).then(share.cast(pl.String)).otherwise(percent),
    }
    frame = invented.borrowers(300).rename({" years ": "years"}).with_columns(**odd)
    path = invented.written(frame, tmp_path / "a.csv")
    drawn = drawing.draw(path, Wish("default"))
    assert "all one way" in drawn.left_out["mixed"]
    assert [drawn.columns[name].form for name in ("percent", "few")] == [columns.PERCENT] * 2
    assert any(note.startswith("few：6 格不是数字") for note in drawn.notes)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("form", ["", columns.PERCENT])
@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_card_reads_its_own_writing_alone(suffix: str, form: str, late: bool, tmp_path: Path) -> None:
    """Neither text nor typed figures of the other: they might be a hundred times what they say."""
    cells = ["12%"] * 3 + ["12.5"] * 3 if late else ["12.5"] * 3 + ["12%"] * 3
    mixed = pl.DataFrame({"share": [*cells, None], "row": range(7)})
    typed = pl.DataFrame({"share": [12.5] * 6 + [None], "row": range(7)})
    for frame, strange in ((mixed, 3), (typed, 6 if form else 0)):
        path, out = invented.written(frame, tmp_path / f"a.{suffix}"), tmp_path / "s.csv"
        tally = scoring.score(path, made(form), out, id="row")
        points = pl.read_csv(out)["score"].to_list()
        assert (points.count(493), points.count(502), points[-1]) == (strange, 6 - strange, 499)
        assert tally.unknown["share"] == strange
