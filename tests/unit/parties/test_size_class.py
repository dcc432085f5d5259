"""中小企业划型, row by row (工信部联企业〔2011〕300号)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.parties import size_classes
from rongxin.parties.rules.size_class import Figure, Indicator, Row, SizeClass, Why, classify, row_of

X, Y, Z = Indicator.EMPLOYEES, Indicator.REVENUE_10K_CNY, Indicator.ASSETS_10K_CNY
TABLE = size_classes.in_force(date(2026, 3, 2))
ORDER = [SizeClass.MICRO, SizeClass.SMALL, SizeClass.MEDIUM, SizeClass.LARGE]


def figures(**values: int | Decimal) -> dict[Indicator, Figure]:
    names = {"x": X, "y": Y, "z": Z}
    return {names[k]: Figure(Decimal(v), "annual_report", date(2025, 12, 31)) for k, v in values.items()}


def test_the_table_has_all_sixteen_rows() -> None:
    assert [row.number for row in TABLE.rows] == list(range(1, 17))
    assert (TABLE.edition, TABLE.effective_from) == ("2011-300", date(2011, 6, 18))


@pytest.mark.parametrize("row", TABLE.rows, ids=lambda row: row.label)
def test_each_bound_is_where_its_class_begins(row: Row) -> None:
    industry = sorted(row.codes)[0]
    for position, reached in enumerate((SizeClass.LARGE, SizeClass.MEDIUM, SizeClass.SMALL)):
        at = {name: Figure(bounds[position], "s", date(2025, 12, 31)) for name, bounds in row.bounds.items()}
        assert classify(TABLE, industry, at).size_class is reached
        for name in row.bounds:
            below = {**at, name: Figure(at[name].value - Decimal("0.01"), "s", date(2025, 12, 31))}
            assert ORDER.index(classify(TABLE, industry, below).size_class) < ORDER.index(reached)


@pytest.mark.parametrize(
    ("industry", "given", "expected"),
    [
        ("C13", {"x": 1200, "y": 1000}, SizeClass.SMALL),  # not medium: revenue below 2000
        ("C", {"x": 1000, "y": 40000}, SizeClass.LARGE),
        ("C1310", {"x": 19, "y": 90000}, SizeClass.MICRO),
        ("C13", {"y": 299}, SizeClass.MICRO),  # one figure below small settles it
        ("E47", {"y": 80000, "z": 80000}, SizeClass.LARGE),
        ("L72", {"x": 100, "z": 8000}, SizeClass.MEDIUM),
        ("M73", {"x": 99}, SizeClass.SMALL),
        ("K7010", {"y": 1000, "z": 5000}, SizeClass.MEDIUM),
        ("K7020", {"x": 100, "y": 500}, SizeClass.SMALL),
    ],
)
def test_it_sizes_these_firms_as_the_standard_does(
    industry: str, given: dict[str, int], expected: SizeClass
) -> None:
    sizing = classify(TABLE, industry, figures(**given))
    assert sizing.size_class is expected
    assert all(figure.source == "annual_report" for figure in sizing.figures.values())


@pytest.mark.parametrize(
    ("industry", "given", "why"),
    [
        ("", {"x": 10, "y": 10}, Why.INDUSTRY_LACKING),
        ("J66", {"x": 10, "y": 10}, Why.INDUSTRY_NOT_DEFINED),
        ("P83", {"x": 10}, Why.INDUSTRY_NOT_DEFINED),
        ("G53", {"x": 10}, Why.INDUSTRY_NOT_DEFINED),
        ("F", {"x": 10}, Why.INDUSTRY_NOT_DEFINED),  # wholesale or retail?
        ("K70", {"x": 10}, Why.INDUSTRY_NOT_DEFINED),
        ("nonsense", {"x": 10}, Why.INDUSTRY_NOT_DEFINED),
        ("C13", {"x": 500}, Why.FIGURES_LACKING),
        ("C13", {}, Why.FIGURES_LACKING),
    ],
)
def test_it_stays_unknown_rather_than_guess(industry: str, given: dict[str, int], why: Why) -> None:
    sizing = classify(TABLE, industry, figures(**given))
    assert (sizing.size_class, sizing.why) == (SizeClass.UNKNOWN, why)


def test_the_longest_code_decides() -> None:
    warehouse, haulage = row_of(TABLE, "G592"), row_of(TABLE, "591")
    assert (warehouse and warehouse.number, haulage and haulage.number) == (7, 6)


@given(
    st.sampled_from(TABLE.rows),
    st.integers(0, 250_000),
    st.integers(0, 250_000),
    st.integers(0, 250_000),
    st.integers(0, 50_000),
)
def test_a_firm_that_grows_never_gets_a_smaller_class(row: Row, x: int, y: int, z: int, more: int) -> None:
    industry = sorted(row.codes)[0]
    before = classify(TABLE, industry, figures(x=x, y=y, z=z)).size_class
    after = classify(TABLE, industry, figures(x=x + more, y=y + more, z=z + more)).size_class
    assert ORDER.index(before) <= ORDER.index(after)


def test_a_table_with_a_code_twice_is_refused_by_name(tmp_path: Path) -> None:
    good = (size_classes.PARAMETERS / "size_class_2011-300.yaml").read_text()
    faulty = tmp_path / "size_class_x.yaml"
    faulty.write_text(good.replace('codes: ["52"]', 'codes: ["51"]'))
    with pytest.raises(size_classes.InvalidStandard, match=r"(?s)size_class_x.yaml.*51"):
        size_classes.load(faulty)


def test_no_table_was_in_force_before_the_first() -> None:
    with pytest.raises(size_classes.InvalidStandard, match="2010-01-01"):
        size_classes.in_force(date(2010, 1, 1))
