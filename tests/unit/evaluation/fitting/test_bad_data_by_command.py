"""Bad data at the command: one line that says what is wrong, where, and what to do; never a stack trace."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

pytest.importorskip("optbinning", reason="the extra rongxin[fit] isn't installed")

from rongxin.entrypoints.cli import evaluate, evaluate_models
from rongxin.evaluation.fitting import errors, files, letters, scoring
from rongxin.evaluation.fitting.card import COLUMNS_MAX, read
from tests.unit.evaluation.fitting import invented

ROWS = invented.borrowers(300).rename({" years ": "years"})


def _run(*words: object) -> Result:
    return CliRunner().invoke(evaluate.command, [str(word) for word in words])


def _fit(data: Path, *more: object) -> Result:
    return _run("fit", data, "--target", "default", "--out", data.with_name("card.json"), *more)


def _refused(result: Result, *said: str) -> None:
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit), result.exception
    last = result.output.strip().splitlines()[-1]
    assert last.startswith("Error: ")
    assert re.search("[\u4e00-\u9fff].*[a-z]{3}", last), last
    for word in said:
        assert word in last, last


def _text(frame: pl.DataFrame) -> str:
    return frame.write_csv()


CONTENTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "an empty file": ("", ("loans.csv", "empty")),
    "a header alone": ("years,default\n", ("loans.csv", "no rows", "hand in")),
    "a target of three": (
        _text(ROWS.with_columns(default=pl.col("default") + pl.col("years") % 2)),
        (
            "loans.csv: 目标列 default 有 3 种取值",
            "default has 3 different values ('0', '1', '2')",
            "from the bad",
        ),
    ),
    "a target that is missing": (
        _text(ROWS.with_columns(default=pl.lit(None, dtype=pl.Int64))),
        ("default has 0 different values (all missing)",),
    ),
    "a target that names no bad one": (
        _text(ROWS.with_columns(default=pl.col("default") + 1)),
        ("default is '1' or '2'", "--bad"),
    ),
    "columns that say nothing": (
        _text(ROWS.select("default", same=pl.lit("x"), fixed=pl.lit(7), empty=pl.lit(None, dtype=pl.String))),
        (
            "没有可用的列",
            "no column is left",
            "same (恒为同值 constant: always 'x')",
            "fixed (恒为同值 constant: always 7)",
            "empty (全部缺失 all missing)",
        ),
    ),
    "too few rows": (_text(ROWS.head(12)), ("at least 10 of each are needed",)),
    "a name that stands twice": ("a,b, a\n1,2,0\n", ("column 'a' stands twice", "a name of its own")),
    "a row that is too short": (_text(ROWS) + "L9,3\n", ("line 302", "2 cells", "7 columns", "quotation")),
    "a row that is too long": (
        _text(ROWS.head(5)) + "1,2,3,4,5,6,7,8\n" + _text(ROWS).split("\n", 1)[1],
        ("line 7", "8 cells", "7 columns"),
    ),
    "a row that is too short, among cells in quotation marks": (
        _text(ROWS.with_columns(trade=pl.lit('a "b", c'))) + "L9,3\n",
        ("line 302", "2 cells"),
    ),
    "blank lines alone": ("\n\n", ("loans.csv", "文件是空的", "hand in one with data")),
    "lines that end in a carriage return alone": (
        _text(ROWS).replace("\n", "\r"),
        ("carriage return alone", "line feed"),
    ),
    "a quotation mark that is never closed": (
        _text(ROWS.head(5)) + '"L9,1\n' + _text(ROWS).split("\n", 1)[1],
        ("line 7", "7 columns"),
    ),
    "an empty line in the midst": (
        _text(ROWS.head(5)) + "\n" + _text(ROWS).split("\n", 1)[1],
        ("line 7", "is empty", "delete"),
    ),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_a_file_that_cannot_be_fitted_on_says_why(name: str, tmp_path: Path) -> None:
    content, said = CONTENTS[name]
    (tmp_path / "loans.csv").write_text(content)
    _refused(_fit(tmp_path / "loans.csv"), *said)
    assert not (tmp_path / "card.json").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--date", "trade"), ("trade holds no dates", "'", "2026-01-31")),
        (("--date", "drawn"), ("no column 'drawn'", "there are: loan, years")),
        (("--id", "number"), ("no column 'number'",)),
        (("--direction", "trade=+"), ("trade holds words",)),
        (("--direction", "years"), ("COLUMN=+",)),
    ],
)
def test_an_option_that_does_not_fit_the_file_says_why(
    options: tuple[str, ...], said: tuple[str, ...], tmp_path: Path
) -> None:
    _refused(_fit(invented.written(ROWS, tmp_path / "loans.csv"), *options), *said)


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("loans.csv", ("loans.csv", "would be overwritten")),
        ("signs.csv", ("signs.csv", "would be overwritten")),
        ("card.html", ("card.html", "name it card.json")),
        ("nowhere/card.json", ("no such folder",)),
    ],
)
def test_a_card_takes_nobodys_place_and_that_is_said_before_the_work(
    out: str, said: tuple[str, ...], tmp_path: Path
) -> None:
    data = invented.written(ROWS, tmp_path / "loans.csv")
    (tmp_path / "signs.csv").write_text("column,direction\nyears,+\n")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    given = ("--target", "default", "--directions", tmp_path / "signs.csv", "--out", tmp_path / out)
    _refused(_run("fit", data, *given), *said)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_more_columns_than_a_card_holds_are_refused_before_the_work(tmp_path: Path) -> None:
    wide = ROWS.with_columns(
        (pl.col("years") * n + pl.int_range(pl.len()) % 7).alias(f"c{n}") for n in range(COLUMNS_MAX)
    )
    _refused(_fit(invented.written(wide, tmp_path / "loans.csv")), str(COLUMNS_MAX), "take some out")


def test_empty_lines_at_the_end_are_no_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"a,b\r\n1,2\r\n3,4\r\n\r\n\r\n")
    (tmp_path / "b.arff").write_text(
        "@relation r\n@attribute a numeric\n@attribute b numeric\n@data\n\n1,2\n\n"
    )
    for name, rows in (("a.csv", [("1", "2"), ("3", "4")]), ("b.arff", [("1", "2")])):
        with files.opened(tmp_path / name) as table:
            assert table.collect().rows() == rows


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("fitted")
    frame = pl.concat([ROWS, ROWS.head(20)]).with_columns(
        same=pl.lit("x"), known=pl.col("default") * 7, signed=pl.when(pl.col("loan") == "L00003")
        .then(pl.lit("soon")).otherwise("signed"),
    )  # fmt: skip
    data = invented.written(frame, folder / "loans.csv")
    return data, _fit(data, "--id", "loan", "--date", "signed")


def test_what_was_left_out_or_is_odd_is_said_in_a_line_each(fitted: tuple[Path, Result]) -> None:
    _, result = fitted
    assert result.exit_code == 0, result.output
    for line in (
        "left out: same (恒为同值 constant: always 'x')",
        "left out: known (单凭此列就知道结果，很可能事后才有 tells the outcome by itself",
        "--keep known takes it in",
        "20 rows repeat an id (L00000, …); rows of one id stay on one side",
        "signed：2 格不是日期 2 cells are no date ('soon', …)",
        "held back: 按时间留出",
    ):
        assert line in result.output, result.output
    told = [line for line in result.output.splitlines() if re.match("未用|注意|留出", line)]
    assert len(told) > 4
    for line in told:
        assert re.search("[\u4e00-\u9fff].*[a-z]{3}", line.partition(": ")[2]), line


def test_scoring_counts_what_the_card_does_not_know_and_keeps_the_id(fitted: tuple[Path, Result]) -> None:
    data, _ = fitted
    frame = ROWS.with_columns(
        trade=pl.when(pl.col("loan") == "L00007").then(pl.lit("steel")).otherwise("trade")
    )
    odd, out = invented.written(frame, data.with_name("new.csv")), data.with_name("scores.csv")
    result = _run("score", odd, "--card", data.with_name("card.json"), "--out", out, "--id", "loan")
    assert result.exit_code == 0, result.output
    assert "trade: 1 行取值不在评分卡内" in result.output
    assert "'steel'" in result.output
    scores = pl.read_csv(out)
    assert scores["loan"].to_list() == frame["loan"].to_list()
    assert "missing in all rows" not in result.output
    again = data.with_name("again.csv")
    _run("score", odd, "--card", data.with_name("card.json"), "--out", again, "--id", "loan")
    assert again.read_bytes() == out.read_bytes()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("years,debt\n1,2\n3\n", ("line 3", "1 cells", "2 columns")),
        ("years,years\n1,2\n", ("column 'years' stands twice",)),
        ("shoe_size\n41\n", ("the card needs", "--absent-as-missing")),
        ("", ("empty",)),
    ],
)
def test_a_file_that_cannot_be_scored_says_why(
    content: str, said: tuple[str, ...], fitted: tuple[Path, Result], tmp_path: Path
) -> None:
    (tmp_path / "new.csv").write_text(content)
    card = fitted[0].with_name("card.json")
    _refused(_run("score", tmp_path / "new.csv", "--card", card, "--out", tmp_path / "s.csv"), *said)
    assert not list(tmp_path.glob("*s.csv*"))


def test_of_a_file_beyond_memory_rows_are_drawn_and_all_are_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ROWS_MAX", 400)
    data = invented.written(invented.borrowers(1000), tmp_path / "loans.csv")
    result = _fit(data, "--id", "loan")
    assert "the file has 1000 rows: 400 of them are used, drawn at random (seed 42)" in result.output
    card = read(tmp_path / "card.json")
    assert card.made_from["rows"] == 400
    assert scoring.score(data, card, tmp_path / "s.parquet", id=None).rows == 1000


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("nothing", [None, "NA"])
def test_a_column_that_is_missing_in_all_rows_is_named(
    kind: str, nothing: str | None, fitted: tuple[Path, Result], tmp_path: Path
) -> None:
    empty = pl.lit(nothing, dtype=pl.String)
    data = invented.written(ROWS.with_columns(years=empty, trade=empty), tmp_path / f"new.{kind}")
    result = _run("score", data, "--card", fitted[0].with_name("card.json"), "--out", tmp_path / "s.csv")
    assert result.exit_code == 0, result.output
    said = [line.split(":")[0] for line in result.output.splitlines() if "missing in all rows" in line]
    assert sorted(said) == ["trade", "years"]
    assert "not list" not in result.output


@pytest.mark.parametrize("block", [1, 7, 1 << 20])
def test_a_file_in_gb18030_reads_as_in_utf_8_wherever_it_is_cut(
    block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "_BLOCK", block)
    monkeypatch.setenv("RONGXIN_VAR", str(tmp_path / "var"))
    text = "行业,字号,default\n" + "茶叶,㐂𠮷堂,1\n,€,0\n" * 40
    (tmp_path / "a.csv").write_bytes(text.encode("gb18030"))
    (tmp_path / "b.csv").write_text(text)
    with files.opened(tmp_path / "a.csv") as one, files.opened(tmp_path / "b.csv") as two:
        assert len(list((tmp_path / "var/scratch").iterdir())) == 1
        assert one.collect().equals(two.collect())
    assert not list((tmp_path / "var/scratch").iterdir())


def _refusals(path: Path) -> Iterator[tuple[int, str]]:
    """Where each refusal of a module stands, and what of it is written there."""
    kinds = {*vars(errors), "ClickException", "ValueError"}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in kinds:
            constants = (one.value for one in ast.walk(node) if isinstance(one, ast.Constant))
            yield node.lineno, "".join(one for one in constants if isinstance(one, str))


def test_every_refusal_says_it_in_chinese_first_and_in_english() -> None:
    paths = (*Path(errors.__file__).parent.glob("*.py"), Path(evaluate_models.__file__))
    said = [(path.name, *refusal) for path in paths for refusal in _refusals(path)]
    own = [one for one in said if len(re.findall(r"\w", one[2])) > 5]  # others pass on what was said
    assert len(own) > 40
    assert not [one for one in own if not re.search("[\u4e00-\u9fff].*[a-z]{2}", one[2], re.DOTALL)]
