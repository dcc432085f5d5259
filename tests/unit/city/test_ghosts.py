"""Nobody of a faulty row is anybody of the city, at any size: by construction, and looked at."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.catalogue import loader
from rongxin.city import departments, faults, generation, people, stories, subjects, words
from rongxin.city.streams import Stream
from rongxin.vocabulary import uscc
from rongxin.vocabulary.subject_kind import SubjectKind

ITEMS = loader.load().items
LAST_GHOST = faults.FIRST_GHOST + len(departments.senders()) * faults.GHOST_ROWS


def test_subjects_ghosts_and_nobody_have_numbers_of_their_own_below_the_number_of_codes() -> None:
    assert stories.MOST <= faults.FIRST_GHOST
    assert LAST_GHOST <= stories.NOBODY
    assert stories.NOBODY + stories.MOST <= subjects.BODIES
    assert math.gcd(subjects.BODY_STEP, subjects.BODIES) == 1, "so different numbers have different codes"
    assert faults.GHOST_ROWS >= 20 * stories.MOST, "rows of one item's file, with room"


@given(st.integers(0, 2**31), st.integers(0, subjects.BODIES - 1), st.integers(0, subjects.BODIES - 1))
def test_two_numbers_have_two_organisation_codes(seed: int, one: int, other: int) -> None:
    codes = [
        uscc.organisation_code(subjects.code(seed, number, SubjectKind.COMPANY, "990101"))
        for number in (one, other)
    ]
    assert (codes[0] == codes[1]) == (one == other)


def test_no_ghost_is_a_subject_or_another_ghost_even_where_every_row_goes_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "SHARE", 1.0)
    found = generation.generate(tmp_path / "city", subjects=400, seed=7)

    with (tmp_path / "city" / found.truth).open(encoding="utf-8") as truth:
        codes = [row["uscc"] for row in csv.DictReader(truth)]
    licences = found.file("business_licence")
    with (tmp_path / "city" / licences.path).open(encoding="utf-8-sig") as text:
        sent = dict(enumerate(csv.DictReader(text), start=2))
    opened = [
        sent[line["line"]]["统一社会信用代码"]
        for line in map(json.loads, (tmp_path / "city" / found.faults).read_text("utf-8").splitlines())
        if line.get("path") == licences.path and line["kind"] == "bad_inner_check_digit"
    ]

    assert len(opened) > 10
    bodies = [code[8:16] for code in (*codes, *opened)]
    assert len(set(bodies)) == len(bodies)


@given(st.integers(0, people.NUMBERS - 1), st.integers(0, people.NUMBERS - 1))
def test_two_persons_have_two_identity_numbers(one: int, other: int) -> None:
    numbers = [people.invent(Stream(7), "990101", place).id_number for place in (one, other)]
    assert (numbers[0] == numbers[1]) == (one == other)


def test_subjects_representatives_pledgees_and_litigants_have_places_of_their_own() -> None:
    assert math.gcd(people._STEP, people.NUMBERS) == 1, "so different places have different numbers"
    assert stories.MOST <= people.PLEDGEES
    assert people.PLEDGEES + stories.MOST <= people.LITIGANTS
    assert people.LITIGANTS + 9 * stories.MOST <= people.NUMBERS
    with pytest.raises(ValueError, match="too high"):
        people.invent(Stream(7), "990101", people.NUMBERS)


@pytest.mark.parametrize("item", ["dishonest_judgment_debtor", "administrative_penalty"])
def test_no_person_of_a_faulty_row_has_anybodys_number(item: str) -> None:
    (kind,) = (kind for kind in faults.fitting(ITEMS[item]) if kind.name == "natural_person")
    field = "judgment_debtor_identifier" if item.startswith("dishonest") else "counterpart_id_number"
    first = faults.FIRST_GHOST + list(departments.senders()).index(item) * faults.GHOST_ROWS
    numbers = []
    for ghost in range(first, first + 2_000):
        cells: faults.Cells = {}
        kind.spoil(cells, ITEMS[item], Stream(ghost), ghost)
        numbers.append(str(cells[field]))

    assert len(set(numbers)) == len(numbers)
    assert {number[:6] for number in numbers} == {f"9901{50 + (first - faults.FIRST_GHOST) // 25_000_000}"}
    assert not set(words.DISTRICTS) & {number[:6] for number in numbers}
    if item.startswith("dishonest"):
        assert not any(uscc.examine(number).acceptable for number in numbers)
