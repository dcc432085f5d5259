"""Rows as the text that COPY reads. Pure."""

from __future__ import annotations

from io import BytesIO

import polars as pl


def of(rows: pl.DataFrame) -> bytes:
    """Write staged rows as COPY text.

    A bytea begins with \\x, and of a text only four characters need an escape.
    Canonical JSON holds no tab and no line end, so of its texts only the backslash does.
    """
    key = pl.col("record_key").str.replace_many(["\\", "\t", "\n", "\r"], ["\\\\", "\\t", "\\n", "\\r"])
    escaped = [
        pl.col(name).str.replace_all("\\", "\\\\", literal=True)
        for name in ("payload", "source")
        if rows[name].str.contains("\\", literal=True).any()
    ]
    octets = [pl.concat_str(pl.lit("\\\\x"), name).alias(name) for name in ("digest", "sealed")]
    text = BytesIO()
    rows.with_columns(key, *escaped, *octets).write_csv(
        text,
        separator="\t",
        include_header=False,
        quote_style="never",
        null_value="\\N",
        date_format="%Y-%m-%d",
    )
    return text.getvalue()
