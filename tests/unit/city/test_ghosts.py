"""Nobody of a faulty row is anybody of the city, at any size: by construction, and looked at."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.city import departments, faults, generation, stories, subjects
from rongxin.vocabulary import uscc
from rongxin.vocabulary.subject_kind import SubjectKind

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
