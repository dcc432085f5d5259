"""Which record a row is: its natural key, folded, so that two spellings of one 文号 are one record. Pure.

京云罚〔2026〕3号 and 京云罚[2026] 3号 differ in brackets and blanks only. The row itself keeps the spelling
that it came with.
"""

from __future__ import annotations

import hashlib

import polars as pl

KEY_BYTES_MAX = 400  # a key is part of two indexes; a longer one (facts of a case) stands by its hash
# What NFKC, the blanks' going and capitals leave as it is: most files hold no other key.
_FOLDED_BUT_BRACKETS = r"^[\x{4e00}-\x{9fff}!-`{-~〔〕【】]*$"
_BRACKETS = {"〔": "(", "〕": ")", "【": "(", "】": ")", "[": "(", "]": ")", "{": "(", "}": ")"}


def keyed(accepted: pl.DataFrame) -> pl.DataFrame:
    """Return rows that passed validation as they are staged: the key folded, the day of the fact as text."""
    return accepted.with_columns(
        pl.col("observed_on").cast(pl.Utf8), record_key=folded(accepted["record_key"])
    )


def folded(keys: pl.Series) -> pl.Series:
    """Return the keys in the form in which keys are compared."""
    text = pl.col("key")
    if not keys.str.contains(_FOLDED_BUT_BRACKETS).all():
        text = text.str.normalize("NFKC").str.replace_all(r"\s+", "").str.to_uppercase()
    text = text.str.replace_many(list(_BRACKETS), list(_BRACKETS.values()))
    plain = keys.alias("key").to_frame().select(text)["key"]
    long = (plain.str.len_bytes() > KEY_BYTES_MAX).fill_null(False)
    if not long.any():
        return plain
    short = [
        f"#{hashlib.sha256(key.encode()).hexdigest()}" if is_long else key
        for key, is_long in zip(plain, long, strict=True)
    ]
    return pl.Series("key", short, dtype=pl.Utf8)
