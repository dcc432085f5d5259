"""What is invented about subjects is what the catalogue asks for, clean under its types."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Item
from rongxin.city import generation, invention, stories
from rongxin.city.city import City
from rongxin.city.facts import registration
from rongxin.city.spelling import spell
from rongxin.city.streams import Stream
from rongxin.city.subjects import Subject

ITEMS = loader.load().items
CITY = City(7, generation.AS_OF)
#: Rows of all kinds: the city's first subjects as they are, then as very sick and as very sound ones; and the
#: last ones of the largest city, whose numbers are the longest.
NUMBERS = (*range(900), *range(stories.MOST - 200, stories.MOST))


def _subjects() -> Iterator[Subject]:
    for subject in map(CITY.subject, NUMBERS):
        yield subject
        if not subject.story:
            yield dataclasses.replace(subject, health=-4.5)
            yield dataclasses.replace(subject, health=2.5)


@pytest.fixture(scope="module")
def rows() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in ITEMS}
    for subject in _subjects():
        for name in ITEMS:
            found[name] += invention.rows(CITY, subject, name)
    return found


def test_it_invents_every_item_of_the_catalogue() -> None:
    assert set(invention.ITEMS) == set(ITEMS)


@pytest.mark.parametrize("name", ITEMS)
def test_it_fills_every_field_of_the_item_and_no_other(
    name: str, rows: dict[str, list[dict[str, Any]]]
) -> None:
    item = ITEMS[name]
    known = item.field_names | {column.name for column in item.source_columns}
    filled = {field for row in rows[name] for field, value in row.items() if value is not None}

    assert filled <= known
    assert filled >= item.field_names


@pytest.mark.parametrize("name", ITEMS)
def test_it_writes_values_that_the_field_takes_clean(
    name: str, rows: dict[str, list[dict[str, Any]]]
) -> None:
    item = ITEMS[name]
    for row in rows[name]:
        for field, value in row.items():
            if value is not None:
                item.column(field).clean(str(spell(value, "iso")), today=CITY.today)
        assert all(row.get(field.name) is not None for field in item.fields if field.required)


@pytest.mark.parametrize("name", [name for name, item in ITEMS.items() if item.record_key])
def test_it_gives_each_record_of_a_subject_a_key_of_its_own(name: str) -> None:
    item = ITEMS[name]
    for subject in map(CITY.subject, NUMBERS):
        keys = [_key(item, row) for row in invention.rows(CITY, subject, name)]
        assert len(keys) == len(set(keys)), subject.name


def _key(item: Item, row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(row.get(field)) for field in item.record_key)


@pytest.mark.parametrize("name", [name for name, item in ITEMS.items() if item.not_applicable_to])
def test_it_invents_nothing_for_kinds_to_which_an_item_does_not_apply(name: str) -> None:
    for subject in map(CITY.subject, NUMBERS):
        if subject.kind in ITEMS[name].not_applicable_to:
            assert not list(invention.rows(CITY, subject, name)), subject.name


def test_branches_of_subjects_a_hundred_thousand_apart_have_codes_of_their_own() -> None:
    firm = next(subject for subject in map(CITY.subject, NUMBERS) if subject.size.step == "large")
    found = [
        row["branch_uscc"]
        for number in range(5, stories.MOST, 100_000)
        for topic in range(40)  # the same draws, so the same districts
        for row in registration.branch(CITY, dataclasses.replace(firm, number=number), Stream(7, topic))
        if row["branch_uscc"].startswith("91990101")
    ]
    assert len({code[8:15] for code in found}) == 10


def test_the_fifth_digit_of_a_patents_number_says_its_type() -> None:
    rows = [
        row
        for subject in map(CITY.subject, NUMBERS)
        for row in invention.rows(CITY, dataclasses.replace(subject, health=2.0), "patent")
    ]
    found = {(row["patent_type"], row["patent_application_number"][6]) for row in rows}
    assert found == {("发明专利", "1"), ("实用新型", "2"), ("外观设计", "3")}
