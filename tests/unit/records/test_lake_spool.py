"""A spool gives its rows out in lots that the sort of a file has memory for, whatever the texts."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
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
