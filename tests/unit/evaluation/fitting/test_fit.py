"""A card fitted on invented borrowers: found again, explained, the same each time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

pytest.importorskip("optbinning", reason="the extra rongxin[fit] isn't installed")

from rongxin.evaluation.fitting import card, errors, fit, measures, scoring
from rongxin.evaluation.fitting.sample import Wish
from tests.unit.evaluation.fitting import invented

WISH = Wish("default", id="loan", directions={"years": 1, "debt": -1})


def fitted(path: Path, wish: Wish = WISH) -> fit.Fitted:
    return fit.fit(path, wish, seed=42, say=lambda line: None)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return invented.written(invented.borrowers(), tmp_path_factory.mktemp("fit") / "loans.csv")


@pytest.fixture(scope="module")
def made(data: Path) -> fit.Fitted:
    return fitted(data)


def test_higher_scores_are_better_on_rows_never_seen(made: fit.Fitted) -> None:
    fresh = invented.borrowers(4000, seed=9).rename({" years ": "years"})
    scores = scoring.scores(fresh, made.card)
    assert scores.dtype == np.int32
    assert measures.auc(fresh["default"].to_numpy(), -scores) > 0.78


def test_the_card_keeps_to_declared_directions(made: fit.Fitted) -> None:
    points = {column.name: [part.points for part in column.bins] for column in made.card.columns}
    assert points["years"] == sorted(points["years"])
    assert points["years"][0] < points["years"][-1]
    assert points["debt"] == sorted(points["debt"], reverse=True)


@pytest.mark.long
def test_the_same_data_and_seed_give_the_same_bytes(data: Path, made: fit.Fitted, tmp_path: Path) -> None:
    card.write(made.card, tmp_path / "one.json")
    card.write(fitted(data).card, tmp_path / "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert card.read(tmp_path / "one.json") == made.card


def test_the_report_has_every_figure_with_its_interval(made: fit.Fitted) -> None:
    for name in ("auc", "ks", "brier", "gap"):
        part = made.report[name]
        assert part["from"] <= part["value"] <= part["to"], name
    assert set(made.report["others_auc"]) == {"woe", "boosted", "blend", "trees"}
    assert "at random: " in made.report["held_back"]


def test_average_is_nought_and_the_unseen_is_neither_good_nor_bad(made: fit.Fitted) -> None:
    for column in made.card.columns:
        assert column.missing.rows or column.missing.points == 0, column.name
        parts = [*column.bins, column.missing, column.unknown]
        rows = sum(part.rows for part in parts)
        assert abs(sum(part.points * part.rows for part in parts)) <= rows, column.name


def test_foretold_and_observed_shares_agree(made: fit.Fitted, data: Path) -> None:
    frame = pl.read_csv(data).rename({" years ": "years"})
    chance = fit.exporting.probability(made.card.scale, scoring.scores(frame, made.card))
    assert abs(chance.mean() - frame["default"].mean()) < 0.01


def test_the_newest_rows_are_held_back_where_there_is_a_date(data: Path) -> None:
    drawn = fit.draw(data, Wish("default", id="loan", date="signed"))
    early, late, how = fit._held_back(drawn, 42)
    assert "out of time: " in how
    assert drawn.dates is not None
    assert drawn.dates[early].max() < drawn.dates[late].min()
    assert "signed" not in drawn.cells


def constant(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        same=pl.lit("x"), empty=pl.lit(None, dtype=pl.String), known=pl.col("default") * 100 + 1,
        name=pl.concat_str(pl.lit("firm "), pl.col("loan")),
    )  # fmt: skip


def test_what_says_nothing_or_too_much_is_left_out_by_name(tmp_path: Path) -> None:
    data = invented.written(constant(invented.borrowers(200)), tmp_path / "loans.csv")
    drawn = fit.draw(data, Wish("default", id="loan"))
    assert "constant" in drawn.left_out["same"]
    assert drawn.left_out["empty"] == "全部缺失 all missing"
    assert "tells the outcome by itself" in drawn.left_out["known"]
    assert "names the row" in drawn.left_out["name"]
    assert set(drawn.cells) == {"years", "debt", "trade", "noise", "signed"}
    assert "known" in fit.draw(data, Wish("default", id="loan", keep=("known",))).cells


def test_a_column_made_from_one_left_out_goes_with_it(tmp_path: Path) -> None:
    frame = invented.borrowers(300).with_columns(
        in_months=pl.col(" years ") * 12, sum=pl.col(" years ") + pl.col("noise")
    )
    data = invented.written(frame, tmp_path / "loans.csv")
    drawn = fit.draw(data, Wish("default", id="loan", leave_out=("years",)))
    assert {"years", "in_months"} <= set(drawn.left_out)
    assert len({"sum", "noise"} & set(drawn.left_out)) == 1


Change = Callable[[pl.DataFrame], pl.DataFrame]


@pytest.mark.parametrize(
    ("change", "wish", "error", "says"),
    [
        (lambda f: f.with_columns(default=pl.col("default") + pl.col(" years ") % 2), WISH,
         errors.TargetNotBinary, "3 different values"),
        (lambda f: f.with_columns(default=pl.col("default") + 1), WISH, errors.TargetNotBinary, "--bad"),
        (lambda f: f.with_columns(default=pl.lit(1)), WISH, errors.TargetNotBinary, "1 different values"),
        (lambda f: f.head(0), WISH, errors.TooLittleData, "no rows"),
        (lambda f: f.select("default", same=pl.lit("x"), empty=pl.lit(None, dtype=pl.String)),
         Wish("default"), errors.TooLittleData, "constant.*all missing"),
        (lambda f: f.head(12), WISH, errors.TooLittleData, "at least 10"),
        (lambda f: f, Wish("outcome"), errors.UnknownColumn, "there are: loan, years"),
        (lambda f: f, Wish("default", date="trade"), errors.UnknownColumn, "no dates"),
        (lambda f: f.select("loan", "default"), WISH, errors.UnknownColumn, "no column 'years'"),
        (lambda f: f.select("loan", "default"), Wish("default"), errors.TooLittleData, "no column is left"),
        (lambda f: f, Wish("default", directions={"trade": 1}), errors.BadDirections, "words"),
    ],
)  # fmt: skip
def test_bad_data_gets_a_clear_answer(
    change: Change, wish: Wish, error: type[Exception], says: str, tmp_path: Path
) -> None:
    data = invented.written(change(invented.borrowers(100)), tmp_path / "loans.csv")
    with pytest.raises(error, match=says):
        fit.draw(data, wish)


def test_rows_of_one_id_stay_on_one_side(tmp_path: Path) -> None:
    frame = invented.borrowers(200).with_columns(loan=pl.Series([f"L{n // 2}" for n in range(200)]))
    drawn = fit.draw(invented.written(frame, tmp_path / "loans.csv"), WISH)
    assert any("repeat an id" in note for note in drawn.notes)
    early, late, _ = fit._held_back(drawn, 42)
    assert not set(early // 2) & set(late // 2)
