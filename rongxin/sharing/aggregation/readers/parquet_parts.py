"""Turn a Parquet file into Arrow files of text. Runs in the child process only.

Text as exact as the type: decimals with all their digits, dates in ISO form, no number through a float that
was none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl
import polars.selectors as cs

from rongxin.sharing.aggregation import limits
from rongxin.sharing.aggregation.readers.json_lines import LIST_SEPARATOR
from rongxin.sharing.aggregation.readers.refusals import Refusal

_MIDNIGHT: Final = " 00:00:00"


def unpack(path: Path, directory: Path) -> dict[str, object]:
    """Write the rows as text, `CHUNK_ROWS` at a time."""
    try:
        lazy = pl.scan_parquet(path, low_memory=True)
        schema = lazy.collect_schema()
        rows = int(lazy.select(pl.len()).collect().item())
    except (pl.exceptions.PolarsError, OSError) as error:
        raise Refusal("parquet_broken", detail=str(error).splitlines()[0][:120]) from None
    if len(schema) > limits.MAX_COLUMNS:
        raise Refusal("too_many_columns", where=f"{len(schema)} 列", limit=limits.MAX_COLUMNS)
    if rows > limits.MAX_ROWS:
        raise Refusal("too_many_rows", where=f"{rows} 行", limit=limits.MAX_ROWS)
    columns = [_as_text(name, dtype) for name, dtype in schema.items()]
    parts = 0
    for at in range(0, rows, limits.CHUNK_ROWS):
        try:
            part = lazy.slice(at, limits.CHUNK_ROWS).select(columns).collect()
        except pl.exceptions.PolarsError as error:
            raise Refusal("parquet_broken", detail=str(error).splitlines()[0][:120]) from None
        _check_cells(part, at)
        part.write_ipc(directory / f"{parts:06d}.arrow", compression="uncompressed")
        parts += 1
    return {"headers": list(schema), "parts": parts, "rows": rows}


def _as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if dtype == pl.String:
        return column
    if isinstance(dtype, pl.List) and dtype.inner == pl.String:
        return column.list.join(LIST_SEPARATOR)
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object):
        raise Refusal("nested_column", where=name[:80], column=name[:80], dtype=str(dtype)[:80])
    if isinstance(dtype, pl.Datetime):
        text = column.dt.replace_time_zone(None).dt.to_string("%Y-%m-%d %H:%M:%S")
        return pl.when(text.str.ends_with(_MIDNIGHT)).then(text.str.head(10)).otherwise(text).alias(name)
    return column.cast(pl.String)


def _check_cells(part: pl.DataFrame, offset: int) -> None:
    longest = part.select(cs.string().str.len_bytes())
    for column in longest:
        at = (column > limits.MAX_FIELD_BYTES).arg_true()
        if len(at):
            raise Refusal("field_too_long", where=f"第{offset + int(at[0]) + 1}行，列“{column.name}”")
