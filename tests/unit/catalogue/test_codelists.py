"""Dated code lists: complete where they claim to be, found by code, name and alias."""

from __future__ import annotations

from datetime import date

import pytest

from rongxin.catalogue import codelists, regions
from rongxin.catalogue.errors import UnknownCodeList
from rongxin.vocabulary import industry, region
from rongxin.vocabulary.region import RegionLevel


@pytest.mark.parametrize("name", codelists.names())
def test_every_list_is_dated_cited_and_free_of_double_names(name: str) -> None:
    codes = codelists.get(name)
    assert codes.name == name
    assert isinstance(codes.effective_from, date)
    assert codes.source
    assert codes.standard
    for entry in codes.codes:
        assert codes.resolve(entry.code) == entry.code
        assert codes.label(entry.code) == entry.label


def test_industries_are_20_sections_and_97_divisions_without_a_gap() -> None:
    codes = [entry.code for entry in codelists.get("gbt_4754_2017").codes]
    assert [code for code in codes if industry.is_section(code)] == list("ABCDEFGHIJKLMNOPQRST")
    assert [code for code in codes if code.isdigit()] == [f"{n:02d}" for n in range(1, 98)]


FIRST_DIVISIONS = {
    "A": 1,
    "B": 6,
    "C": 13,
    "D": 44,
    "E": 47,
    "F": 51,
    "G": 53,
    "H": 61,
    "I": 63,
    "J": 66,
    "K": 70,
    "L": 71,
    "M": 73,
    "N": 76,
    "O": 80,
    "P": 83,
    "Q": 84,
    "R": 86,
    "S": 91,
    "T": 97,
}


def test_each_division_lies_in_the_section_that_began_last() -> None:
    section = ""
    by_first = {f"{first:02d}": letter for letter, first in FIRST_DIVISIONS.items()}
    for entry in codelists.get("gbt_4754_2017").codes:
        if entry.code.isdigit():
            section = by_first.get(entry.code, section)
            assert entry.parent == section, entry


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("C", "C"),
        ("13", "13"),
        ("C13", "13"),
        ("制造业", "C"),
        ("零售业", "52"),
        ("1310", "1310"),
        ("A1310", None),
        ("98", None),
        ("9810", None),
        ("教育", "P"),
    ],
)
def test_an_industry_is_found_by_what_people_write(text: str, code: str | None) -> None:
    assert codelists.get("gbt_4754_2017").resolve(text) == code


def test_a_finer_industry_is_named_by_its_division() -> None:
    assert codelists.get("gbt_4754_2017").label("C1310") == "农副食品加工业"


def test_regions_are_34_provinces_and_333_prefectures() -> None:
    codes = [entry.code for entry in codelists.get("gbt_2260").codes]
    levels = [region.level(code) for code in codes]
    assert levels.count(RegionLevel.PROVINCE) == 34
    assert levels.count(RegionLevel.PREFECTURE) == 333
    assert all(region.province(code) in codes for code in codes if code != region.NATION)


def test_the_invented_city_has_no_code_that_exists() -> None:
    invented = codelists.get("invented_city")
    assert invented.invented
    real = {code.code for code in codelists.get("gbt_2260").codes}
    assert not {region.province(entry.code) for entry in invented.codes} & real
    assert not any(codelists.get(name).invented for name in codelists.names() if name != "invented_city")


def test_a_region_is_named_from_province_to_county() -> None:
    assert regions.label("330100") == "浙江省杭州市"
    assert regions.label("990101") == "云岭省云州市云溪区"
    assert regions.label("330106") == "浙江省杭州市"
    assert regions.known("990101")
    assert not regions.known("330106")


def test_brackets_and_commas_as_people_type_them_do_not_matter() -> None:
    states = codelists.get("registration_states")
    assert states.resolve("存续(在营、开业、在册)") == "存续"
    assert states.resolve("吊销,未注销") == "吊销"


def test_an_unknown_list_names_close_ones() -> None:
    with pytest.raises(UnknownCodeList, match="id_types"):
        codelists.get("id_type")
