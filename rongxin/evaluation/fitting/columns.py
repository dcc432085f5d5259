"""What a column holds and how its cells are read: numbers (with currency marks too), dates, categories.

A `Column` is decided once, when a card is fitted, and stored in it; scoring reads with the same one. Every
cell ends as a value, as missing, or as unreadable: nothing turns into something else in silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from rongxin.evaluation.fitting import files

NUMBER, DATE, CATEGORY = "number", "date", "category"
PERCENT = "%"
_SAMPLE_ROWS = 20_000
_READABLE_MIN = 0.95  # of what isn't missing: below, a column of figures is text
_FORMATS: Final = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"),
    *("%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M:%SZ"),
    *("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%b %d, %Y"),
    *("%B %d, %Y", "%d %B %Y", "%m/%d/%y", "%d/%m/%y"),
)
_MARKS = r"[$¥￥€£元圆,，%\s'_]|^[A-Z]{3}\s|\b(?:USD|CNY|RMB|EUR)\b"
# Marks between digits are thousands' alone: a comma before decimals, taken for one, would change the figure.
_PARTED = r"[0-9][,，'_\s]+[0-9]"
_THOUSANDS = r"^[^0-9]*[1-9][0-9]{0,2}(?:[,，'_\s][0-9]{3})+(?:[^0-9,，'_].*)?$"
_DECIMAL_COMMA = r"^[-+]?[0-9]+[,，][0-9]+$"
_DAY_MICROSECONDS = 86_400_000_000


@dataclass(frozen=True)
class Column:
    """`form` is the format of a date, `%` where figures are written as percentages; empty otherwise.

    `12%` in a column of plain figures, or `0.12` in one of percentages, is read as neither: which scale was
    meant can't be known.
    """

    name: str
    kind: str
    form: str = ""


def infer(cells: pl.Series) -> Column | None:
    """Say what a column holds, from a sample of it; None for what can't be put into bins (lists, bytes)."""
    if cells.dtype.is_numeric() or cells.dtype in (pl.Boolean, pl.Null) or cells.dtype.is_decimal():
        return Column(cells.name, NUMBER)
    if cells.dtype.is_temporal():
        return Column(cells.name, DATE) if cells.dtype in (pl.Date, pl.Datetime) else None
    if cells.dtype not in (pl.String, pl.Categorical, pl.Enum):
        return None
    present = tidy(cells).drop_nulls()
    step = max(1, len(present) // _SAMPLE_ROWS)
    sample = present.gather_every(step)
    enough = _READABLE_MIN * len(sample)
    for form in ("", PERCENT):
        if len(_figures(sample, form).drop_nulls()) >= enough:
            return Column(cells.name, NUMBER, form)
    found = {form: len(_dates(sample, form).drop_nulls()) for form in _FORMATS}
    best = max(found, key=lambda form: found[form])  # the first of equals, so month first where both fit
    return Column(cells.name, DATE, best) if found[best] >= enough else Column(cells.name, CATEGORY)


def has_decimal_commas(text: pl.Series) -> bool:
    """Whether tidied text is of figures whose decimals a comma parts off: those are not read."""
    present = text.drop_nulls()
    with_comma = present.str.contains(_DECIMAL_COMMA)
    figures = with_comma | present.cast(pl.Float64, strict=False).is_not_null()
    return bool(with_comma.any()) and int(figures.sum()) >= _READABLE_MIN * len(present)


def mixes_percentages(text: pl.Series) -> bool:
    """Whether tidied text is of figures some of which are percentages and some are not."""
    plain, percent = (len(_figures(text, form).drop_nulls()) for form in ("", PERCENT))
    return min(plain, percent) > 0 and plain + percent >= _READABLE_MIN * len(text.drop_nulls())


def tidy(cells: pl.Series) -> pl.Series:
    """Text without the blanks around it; what stands for nothing is null."""
    text = cells.cast(pl.String).str.strip_chars()
    return text.set(text.is_in(list(files.NOTHING)), None)


def numbers(cells: pl.Series, column: Column) -> tuple[pl.Series, pl.Series | None]:
    """Return cells as Float64 (dates as days since 1970), null where missing; and which can't be read."""
    if column.form == PERCENT and (cells.dtype.is_numeric() or cells.dtype.is_decimal()):
        given = cells.cast(pl.Float64).fill_nan(None).is_not_null()
        return pl.Series(cells.name, [None] * len(cells), pl.Float64), given if given.any() else None
    if cells.dtype == pl.Float64:
        return cells.fill_nan(None), None
    if cells.dtype.is_numeric() or cells.dtype in (pl.Boolean, pl.Null) or cells.dtype.is_decimal():
        return cells.cast(pl.Float64).fill_nan(None), None
    if cells.dtype.is_temporal():
        return _days(cells), None
    plain = cells.cast(pl.String).cast(pl.Float64, strict=False).fill_nan(None)
    if column == Column(column.name, NUMBER) and plain.null_count() == cells.null_count():
        return plain, None
    text = tidy(cells)
    values = _figures(text, column.form) if column.kind == NUMBER else _dates(text, column.form)
    unreadable = values.is_null() & text.is_not_null()
    return values, unreadable if unreadable.any() else None


def _figures(text: pl.Series, form: str) -> pl.Series:
    text = text.set(text.str.contains(PERCENT, literal=True) != (form == PERCENT), None)
    plain = text.cast(pl.Float64, strict=False)
    if plain.null_count() > text.null_count():
        whole = text.set(text.str.contains(_PARTED) & ~text.str.contains(_THOUSANDS), None)
        bare = whole.str.replace_all(_MARKS, "").str.replace(r"^\((.*)\)$", "-$1").str.replace("^[-−]+", "-")
        plain = pl.select(pl.coalesce(plain, bare.cast(pl.Float64, strict=False))).to_series()
    return plain.rename(text.name).fill_nan(None)


def _dates(text: pl.Series, form: str) -> pl.Series:
    if not form:  # the column came typed when the card was fitted, and comes as text now
        return _days(text.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False))
    if "%H" in form:
        return _days(text.str.to_datetime(form, strict=False, time_unit="us", time_zone=None))
    return _days(text.str.to_date(form, strict=False, exact=True))


def _days(moments: pl.Series) -> pl.Series:
    if moments.dtype == pl.Date:
        return moments.cast(pl.Int32).cast(pl.Float64)
    naive = moments.dt.replace_time_zone(None) if moments.dtype == pl.Datetime else moments
    return naive.cast(pl.Datetime("us")).cast(pl.Int64).cast(pl.Float64) / _DAY_MICROSECONDS
