"""Cells that the annex prints as one and the catalogue holds as two: 有效期 (from, until), 分值和等级.

Only what can be told apart without a guess is split; anything else is a fault of its row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import polars as pl

from rongxin.catalogue import field_type

_DATE: Final = r"\d{4}(?:年\d{1,2}月\d{1,2}日|[-/.]\d{1,2}[-/.]\d{1,2}|\d{4})"
_TWO_DATES: Final = re.compile(
    rf"\s*自?\s*({_DATE})\s*(?:至|到|起至|—+|–|-{{1,2}}|~|～|、|,|，)\s*({_DATE})\s*止?\s*"
)
_ONE_DATE: Final = re.compile(rf"\s*(?:至|截至)?\s*({_DATE}|\d{{5}})\s*止?\s*")
_NUMBER_THEN_TEXT: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*分?\s*(?:[,，、/／;；|（(]\s*)?([^\d\s].*?)?\s*")


def split(texts: pl.Series, kinds: Sequence[str]) -> tuple[list[pl.Series], dict[int, str]]:
    """Split a column into as many as `kinds` (types of the fields, in the item's order); faults by row."""
    parts: dict[str, tuple[str | None, ...] | None] = {}
    for text in texts.drop_nulls().unique().to_list():
        parts[text] = _split(text, tuple(kinds))
    nothing: tuple[str | None, ...] = (None,) * len(kinds)
    columns: list[list[str | None]] = [[] for _ in kinds]
    faults: dict[int, str] = {}
    for row, text in enumerate(texts.to_list()):
        found = nothing if text is None else parts[text]
        if found is None:
            faults[row] = f"{text[:40]} 无法拆分，请分列填写"
            found = nothing
        for column, part in zip(columns, found, strict=True):
            column.append(part)
    return [pl.Series(column, dtype=pl.String) for column in columns], faults


def _split(text: str, kinds: tuple[str, ...]) -> tuple[str | None, ...] | None:
    if field_type.is_blank(text):
        return (None,) * len(kinds)
    if kinds == ("date", "date"):
        return _period(text)
    if kinds == ("quantity", "text"):
        return _score_and_grade(text)
    return None


def _period(text: str) -> tuple[str | None, ...] | None:
    """Two dates are from and until; a single one is the day on which a 有效期 ends."""
    if both := _TWO_DATES.fullmatch(text):
        return both.group(1), both.group(2)
    if one := _ONE_DATE.fullmatch(text):
        return None, one.group(1)
    return None


def _score_and_grade(text: str) -> tuple[str | None, ...] | None:
    """85分（A级） has both; a grade alone or a score alone is one of them."""
    if match := _NUMBER_THEN_TEXT.fullmatch(text):
        score, grade = match.groups()
        return score, grade.rstrip("）)") if grade else None
    if not re.search(r"\d", text):
        return None, text
    return None
