"""A column is read as its cells are: the vectorised readers and the catalogue's types say the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import partial

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rongxin.catalogue import field_type, loader, types
from rongxin.catalogue.errors import Unclean
from rongxin.sharing.aggregation import checkdigits
from rongxin.sharing.aggregation.columns import CellRule, ColumnRule, Columns
from rongxin.vocabulary import uscc

TODAY = date(2026, 3, 1)
CODE = uscc.compose("91", "990101", "MA000001")
INNER_WRONG = "91990101MA0000010"
INNER_WRONG += uscc.check_digit(INNER_WRONG)
RESIDENT = "110101199003071233"


NASTY = st.text(
    st.one_of(
        st.sampled_from(
            "09AZ甲〇元万年月日-/.,:+=@（）()〔〕*＝１Ａ　 \t\r\n\u200b\ufeff\u2028\x00\x07\"'\\是否ＸXNUL"
        ),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=24,
)
SHAPED = st.one_of(
    NASTY,
    st.sampled_from(
        [CODE, CODE.lower(), INNER_WRONG, RESIDENT, "NULL", "null", "—", "/", "1.0", "0.00", "46082"]
    ),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(str),
    st.dates().map(str),
    st.dates().map(lambda day: f"{day.year}年{day.month}月{day.day}日"),
    st.integers(0, 99999).map(str),
    st.text(uscc.ALPHABET, min_size=18, max_size=18),
    st.from_regex(checkdigits.WELL_FORMED, fullmatch=True),
)


def rules_of(name: str) -> list[CellRule]:
    """A cell rule of that type: bare, and with what fields of the catalogue add to it."""
    item = loader.load().item("administrative_penalty")
    kind = types.get(name).name
    template = item.field("penalty_content")
    plain = template.model_copy(update={"type": kind})
    bounded = plain.model_copy(update={"min": 0})
    listed = plain.model_copy(update={"values": ("A", "甲", "0")})
    scaled = CellRule(plain, factor=Decimal(10_000), today=TODAY) if kind == "money_cny" else None
    rules = [CellRule(member, today=TODAY) for member in (plain, bounded, listed)]
    return [*rules, scaled] if scaled else rules


def outcome(read: Callable[[], object]) -> tuple[str, object]:
    """What a cell becomes: a value, or the rule it breaks."""
    try:
        return "value", read()
    except Unclean as unclean:
        return "rule", unclean.rule


@pytest.mark.parametrize("name", types.names())
@given(texts=st.lists(st.none() | SHAPED, min_size=1, max_size=12))
@settings(max_examples=30, deadline=None)
def test_a_column_is_read_as_its_cells_are(name: str, texts: list[str | None]) -> None:
    for rule in rules_of(name):
        name = rule.member.name
        read = Columns([ColumnRule(rule)]).read(pl.DataFrame({name: texts}, schema={name: pl.String}))
        faults = read.faults.get(name, {})
        for row, text in enumerate(texts):
            what, expected = ("value", None) if text is None else outcome(partial(rule.read, text))
            fault, got = faults.get(row), read.values[name][row]
            if what == "rule":
                assert (fault and fault.rule, got) == (expected, None), text
            else:
                assert fault is None, text
                assert (json.loads(got) if isinstance(expected, list) else got) == expected, text


@pytest.mark.parametrize("name", types.names())
@given(text=SHAPED)
@settings(max_examples=20, deadline=None)
def test_a_cell_is_what_the_catalogue_says_but_for_formulas(name: str, text: str) -> None:
    for rule in rules_of(name)[:3]:
        got = outcome(partial(rule.read, text))
        if got == ("rule", "formula"):
            continue
        if got == ("value", None):
            assert field_type.is_blank(text)
            continue
        what, value = outcome(partial(rule.member.clean, text, today=TODAY))
        assert got == (what, rule.type.json(value) if what == "value" else value)


@given(st.lists(st.from_regex(checkdigits.WELL_FORMED, fullmatch=True), max_size=20))
@settings(max_examples=200)
def test_check_digits_by_column_are_those_of_the_standard(codes: list[str]) -> None:
    codes = [code.strip() for code in codes] + [CODE, INNER_WRONG]
    octets = checkdigits.octets_of(pl.Series(codes))
    found = [uscc.examine(code) for code in codes]
    assert checkdigits.outer_right(octets).tolist() == [examination.outer_ok for examination in found]
    assert checkdigits.inner_right(octets).tolist() == [examination.inner_ok for examination in found]
