"""A card applied: CSV, Parquet and ARFF alike, in order, with a word on what it doesn't know."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from rongxin.evaluation.fitting import card, errors, scoring
from tests.unit.evaluation.fitting import invented


def bins(*points: int, below: tuple[float, ...]) -> list[dict[str, object]]:
    return [{"points": n, "below": edge} for n, edge in zip(points, [*below, None], strict=True)]


@pytest.fixture
def made() -> card.Card:
    words = [{"points": 7, "values": ["grain", "pumps"]}, {"points": -9, "values": ["tea"]}]
    return card.seal(
        card.Card.model_validate(
            {
                "target": {"column": "default", "bad": "1", "good": "0"},
                "method": "by hand",
                "id": "loan",
                "scale": {"base": 500},
                "columns": [
                    {"name": "years", "kind": "number", "bins": bins(-20, 0, 20, below=(5, 15)),
                     "missing": {"points": -1}, "unknown": {"points": 0}},
                    {"name": "debt", "kind": "number", "bins": bins(30, -30, below=(50_000,)),
                     "missing": {"points": -2}, "unknown": {"points": 0}},
                    {"name": "signed", "kind": "date", "form": "%Y/%m/%d",
                     "bins": bins(1, 2, below=(19_000,)), "missing": {"points": -3},
                     "unknown": {"points": 0}},
                    {"name": "trade", "kind": "category", "bins": words, "missing": {"points": -4},
                     "unknown": {"points": 3}},
                ],
            }
        )
    )  # fmt: skip


def by_hand(row: dict[str, object]) -> int:
    years, debt = int(str(row[" years "])), float(str(row["debt"]).replace("$", "").replace(",", ""))
    signed = (pl.Series([row["signed"]]).str.to_date("%Y/%m/%d").cast(pl.Int32))[0]
    trade = {"grain": 7, "pumps": 7, "tea": -9}[str(row["trade"])]
    return 500 + (-20 if years < 5 else 0 if years < 15 else 20) + (30 if debt < 50_000 else -30) + trade + (
        1 if signed < 19_000 else 2
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "parquet", "arff"])
@pytest.mark.parametrize("out", ["csv", "parquet"])
def test_each_kind_of_file_gets_the_sum_of_its_points(
    kind: str, out: str, made: card.Card, tmp_path: Path
) -> None:
    frame = invented.borrowers(400)
    data = invented.written(frame, tmp_path / f"loans.{kind}")
    tally = scoring.score(data, made, tmp_path / f"s.{out}", id=None)
    read = pl.read_csv if out == "csv" else pl.read_parquet
    scores = read(tmp_path / f"s.{out}")
    assert scores.columns == ["loan", "score"]
    assert scores["loan"].to_list() == frame["loan"].to_list()
    assert scores["score"].to_list() == [by_hand(row) for row in frame.iter_rows(named=True)]
    assert (tally.rows, dict(tally.unknown)) == (400, {})


def test_missing_and_unknown_have_points_of_their_own_and_are_counted(
    made: card.Card, tmp_path: Path
) -> None:
    (tmp_path / "d.csv").write_text("years,debt,signed,trade\n,NA,,\nmany,$1,2020/13/40,steel\n", "utf-8")
    tally = scoring.score(tmp_path / "d.csv", made, tmp_path / "s.csv", id=None)
    assert pl.read_csv(tmp_path / "s.csv")["score"].to_list() == [500 - 1 - 2 - 3 - 4, 500 + 30 + 3]
    assert dict(tally.unknown) == {"years": 1, "signed": 1, "trade": 1}
    assert tally.examples["trade"] == "steel"


def test_a_lacking_column_is_named_and_counts_as_missing_only_when_asked(
    made: card.Card, tmp_path: Path
) -> None:
    (tmp_path / "d.csv").write_text("years,trade\n20,tea\n")
    with pytest.raises(errors.UnknownColumn, match="debt, signed"):
        scoring.score(tmp_path / "d.csv", made, tmp_path / "s.csv", id=None)
    scoring.score(tmp_path / "d.csv", made, tmp_path / "s.csv", id=None, absent_as_missing=True)
    assert pl.read_csv(tmp_path / "s.csv")["score"].to_list() == [500 + 20 - 2 - 3 - 9]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("none.csv", None, "no such file"),
        ("empty.csv", b"", "empty"),
        ("x.xlsx", b"PK", "hand in .csv, .parquet or .arff"),
        ("x.parquet", b"no parquet at all", "x.parquet"),
        ("x.csv", b"a,b\n\0\0", "zero bytes"),
        ("x.csv", b"a, a\n1,2\n", "twice"),
        ("x.arff", b"@relation r\n@attribute a numeric\n1\n", "no line @data"),
        ("x.arff", b"@attribute a numeric\n@data\n{0 1}\n", "sparse"),
        ("x.arff", b"@attribute a numeric\n@data\n1,2\n", "2 values, but 1 attributes"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    name: str, content: bytes | None, says: str, made: card.Card, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(errors.UnreadableData, match=says):
        scoring.score(tmp_path / name, made, tmp_path / "s.csv", id=None)


def test_a_card_that_was_changed_is_refused(made: card.Card, tmp_path: Path) -> None:
    card.write(made, tmp_path / "card.json")
    content = json.loads((tmp_path / "card.json").read_text())
    assert card.read(tmp_path / "card.json") == made
    content["columns"][0]["bins"][0]["points"] = 900
    with pytest.raises(errors.BadCard, match="digest"):
        card.parse(json.dumps(content).encode())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"columns": [{"name": "a", "kind": "number", "bins": bins(1, 2, 3, below=(5, 4)),
                       "missing": {"points": 0}, "unknown": {"points": 0}}]}, "aren't in order"),
        ({"columns": [{"name": "a", "kind": "number", "bins": [], "missing": {"points": 0},
                       "unknown": {"points": 0}}]}, "at least 1"),
        ({"columns": [{"name": "a", "kind": "number", "direction": "+", "bins": bins(2, 1, below=(5,)),
                       "missing": {"points": 0}, "unknown": {"points": 0}}]}, "keep to it"),
        ({"scale": {"base": 1.5}}, "valid integer"),
        ({"pickle": "gASV"}, "Extra inputs"),
        ({"format": "card-0"}, "rongxin-card-1"),
    ],
)  # fmt: skip
def test_a_card_of_a_stranger_is_checked_part_by_part(
    change: dict[str, object], says: str, made: card.Card
) -> None:
    content = json.loads(made.model_dump_json()) | change
    with pytest.raises(errors.BadCard, match=says):
        card.parse(json.dumps(content).encode())


def test_a_card_has_a_size_it_may_not_exceed() -> None:
    with pytest.raises(errors.BadCard, match="at most"):
        card.parse(b" " * (card.BYTES_MAX + 1))
