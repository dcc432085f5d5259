"""A spool gives its rows out in lots that the sort of a file has memory for, whatever the texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongxin.records import lake_files, lake_spool
from rongxin.records.lake_columns import LakeColumn
from rongxin.records.lake_spool import Spool

COLUMNS = (
    LakeColumn("_id", "BIGINT"),
    LakeColumn("_subject", "BIGINT"),
    LakeColumn("_observed_on", "DATE"),
    LakeColumn("facts", "VARCHAR"),
)


def frame(first: int, rows: int, text: int) -> pl.DataFrame:
    ids = pl.int_range(first, first + rows, eager=True)
    return pl.DataFrame(
        {"_id": ids.cast(pl.String), "_subject": (ids * 7919 % 300_007).cast(pl.String)}
    ).select(
        "_id",
        "_subject",
        pl.lit("2026-03-01").alias("_observed_on"),
        pl.concat_str(
            [(pl.col("_id").hash(seed) % 10**9).cast(pl.String) for seed in range(text // 9)]
        ).alias("facts"),
    )


@pytest.mark.parametrize(("parts", "rows", "text"), [(20, 20_000, 900), (1, 30_000, 9_000)])
def test_texts_of_twice_the_memory_of_the_sort_are_written(
    tmp_path: Path, settings: object, parts: int, rows: int, text: int
) -> None:
    settings.RONGXIN_VAR = tmp_path  # type: ignore[attr-defined]
    spool = Spool(tmp_path / "rows.spool")
    for part in range(parts):
        spool.add(frame(part * rows, rows, text))
    written = []
    for number, lot in enumerate(spool.lots()):
        target = tmp_path / f"{number}.parquet"
        lake_files.type_rows(lot, target, COLUMNS)
        written.append(pl.read_parquet(target, columns=["_id", "_subject"]))
        assert written[-1]["_subject"].is_sorted()
    assert len(written) > 1
    assert pl.concat(written)["_id"].n_unique() == parts * rows


@given(
    frames=st.lists(st.lists(st.text(max_size=40), max_size=9), max_size=9),
    most=st.integers(1, 99),
    rows=st.integers(1, 9),
)
def test_every_row_is_in_one_lot_and_no_lot_of_several_parts_is_too_large(
    tmp_path_factory: pytest.TempPathFactory, frames: list[list[str]], most: int, rows: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lake_spool, "LOT_BYTES", most)
        patch.setattr(lake_spool, "LOT_ROWS", rows)
        spool = Spool(tmp_path_factory.mktemp("spool"))
        for texts in frames:
            spool.add(pl.DataFrame({"text": texts}, schema={"text": pl.String}))
        lots = spool.lots()
        lying = [[pl.read_parquet(part)["text"].to_list() for part in lot.parts] for lot in lots]
        assert [text for lot in lying for part in lot for text in part] == [
            text for texts in frames for text in texts
        ]
        for lot in lying:
            texts = [text for part in lot for text in part]
            assert len(lot) == 1 or (sum(len(text.encode()) for text in texts) <= most and len(texts) <= rows)
        assert [lot.full for lot in lots] == [True] * (len(lots) - 1) + [False] * bool(lots)
        assert spool.rows == sum(map(len, frames))
        spool.clear()
        assert spool.is_empty


TYPED = (
    LakeColumn("_id", "BIGINT"),
    LakeColumn("_subject", "BIGINT"),
    LakeColumn("_observed_on", "DATE"),
    LakeColumn("amount", "DECIMAL(30,6)"),
    LakeColumn("year", "SMALLINT"),
    LakeColumn("listed", "BOOLEAN"),
    LakeColumn("text", "VARCHAR"),
    LakeColumn("texts", "VARCHAR[]"),
)
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=9)
DECIMALS = st.decimals(-(10**18), 10**18, places=6, allow_nan=False)
VALUES = st.tuples(
    st.none() | st.dates(),
    st.none() | DECIMALS,
    st.none() | st.integers(1, 9999),
    st.none() | st.booleans(),
    st.none() | WORDS,
    st.none() | st.lists(st.none() | WORDS, max_size=3),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(files=st.lists(st.lists(VALUES, min_size=1, max_size=5), min_size=1, max_size=4), gone=st.data())
def test_what_is_put_together_says_what_its_files_said(
    tmp_path: Path, var: Path, files: list[list[tuple[object, ...]]], gone: st.DataObject
) -> None:
    ids = iter(range(1, 99))
    rows = [[(next(ids), 7, *values) for values in file] for file in files]
    paths = [typed(tmp_path / f"{number}.parquet", file) for number, file in enumerate(rows)]
    everything = [row for file in rows for row in file]
    ended = gone.draw(st.lists(st.sampled_from([row[0] for row in everything]), unique=True))
    made = lake_files.put_together("item", TYPED, paths, gone=ended)
    found = said([lake_files.directory() / one.name for one in made])
    assert found == [row for row in said(paths) if row[0] not in ended]
    assert len(said(paths)) == len(everything)
    assert [one.rows for one in made] == [len(found)] * bool(found)
    assert not list(lake_files.directory().glob("*.part"))


@pytest.fixture
def var(tmp_path: Path, settings: object) -> Path:
    settings.RONGXIN_VAR = tmp_path  # type: ignore[attr-defined]
    lake_files.directory().mkdir()
    return tmp_path


def typed(path: Path, rows: Sequence[tuple[object, ...]]) -> Path:
    """Write rows as the test types them, and not as the lake does."""
    with duckdb.connect() as duck:
        described = ", ".join(f'"{column.name}" {column.sql_type}' for column in TYPED)
        duck.execute(f"CREATE TABLE given ({described})")
        duck.executemany(f"INSERT INTO given VALUES ({', '.join('?' * len(TYPED))})", rows)
        duck.execute(f"COPY given TO '{path}' (FORMAT parquet)")
    return path


def said(paths: Sequence[Path]) -> list[tuple[object, ...]]:
    if not paths:
        return []
    with duckdb.connect() as duck:
        return duck.execute(
            'SELECT * FROM read_parquet($paths) ORDER BY "_id"', {"paths": [str(path) for path in paths]}
        ).fetchall()
