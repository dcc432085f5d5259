"""统一社会信用代码 per GB 32100-2015, held to published codes and to its own arithmetic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.vocabulary import uscc
from rongxin.vocabulary.subject_kind import SubjectKind

PUBLISHED = ("91100000100003962T", "91330100799655058B", "9144030071526726XG", "914403001922038216")
BODIES = st.text(st.sampled_from(uscc.ALPHABET), min_size=8, max_size=8)
REGIONS = st.from_regex(r"[1-9][0-9]{5}", fullmatch=True)
CLASSES = st.sampled_from(["91", "92", "93", "N1", "N2", "N3", "11", "51", "Y1"])


@pytest.mark.parametrize("code", PUBLISHED)
def test_it_finds_nothing_wrong_with_published_codes(code: str) -> None:
    assert uscc.examine(code) == uscc.Examination(True, True, True, "")


@pytest.mark.parametrize("code", PUBLISHED)
def test_it_computes_the_published_check_digits(code: str) -> None:
    assert uscc.check_digit(code[:17]) == code[17]
    assert uscc.organisation_check_digit(code[8:16]) == code[16]


@given(CLASSES, REGIONS, BODIES)
def test_a_composed_code_is_a_code(front: str, region: str, body: str) -> None:
    code = uscc.compose(front, region, body)
    assert uscc.examine(code) == uscc.Examination(True, True, True, "")
    assert uscc.region(code) == region
    assert uscc.organisation_code(code).startswith(body)


@given(CLASSES, REGIONS, BODIES, st.integers(0, 17), st.sampled_from(uscc.ALPHABET))
def test_one_changed_character_is_always_noticed(
    front: str, region: str, body: str, position: int, character: str
) -> None:
    code = uscc.compose(front, region, body)
    changed = code[:position] + character + code[position + 1 :]
    assert uscc.examine(changed).acceptable == (changed == code)


@given(CLASSES, REGIONS, BODIES, st.integers(0, 16))
def test_two_swapped_neighbours_are_always_noticed(front: str, region: str, body: str, at: int) -> None:
    code = uscc.compose(front, region, body)
    swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
    assert uscc.examine(swapped).acceptable == (swapped == code)


@given(st.text(max_size=40))
def test_it_examines_any_text_without_falling(text: str) -> None:
    found = uscc.examine(uscc.clean(text))
    assert found.acceptable or found.message


@pytest.mark.parametrize(
    ("front", "kind"),
    [
        ("91", SubjectKind.COMPANY),
        ("92", SubjectKind.INDIVIDUAL_BUSINESS),
        ("93", SubjectKind.FARMER_COOPERATIVE),
        ("N1", SubjectKind.VILLAGE_COLLECTIVE),
        ("N2", SubjectKind.VILLAGE_COLLECTIVE),
        ("N3", SubjectKind.VILLAGE_COLLECTIVE),
        ("N9", None),
        ("52", None),
    ],
)
def test_it_tells_the_kind_of_subject_letters_included(front: str, kind: SubjectKind | None) -> None:
    code = uscc.compose(front, "990101", "12345678")
    assert uscc.examine(code).acceptable
    assert uscc.kind(code) is kind


def test_a_wrong_inner_digit_is_only_a_warning() -> None:
    inner = uscc.organisation_check_digit("12345678")
    wrong = "0" if inner != "0" else "1"
    first17 = "91990101" + "12345678" + wrong
    found = uscc.examine(first17 + uscc.check_digit(first17))
    assert found.acceptable
    assert not found.inner_ok
    assert "第9至17位" in found.message


def test_a_wrong_outer_digit_is_an_error() -> None:
    found = uscc.examine("91100000100003962X")
    assert found.well_formed
    assert not found.outer_ok
    assert not found.acceptable


@pytest.mark.parametrize("letter", "IOZSV")
def test_it_refuses_letters_outside_the_alphabet(letter: str) -> None:
    assert not uscc.examine(f"9110000010000396{letter}T").well_formed


def test_it_refuses_a_letter_in_the_region() -> None:
    assert not uscc.examine("91A00000100003962T").well_formed


@pytest.mark.parametrize("length", [0, 15, 17, 19])
def test_it_names_a_wrong_length(length: int) -> None:
    assert f"实为{length}位" in uscc.examine("9" * length).message


def test_it_cleans_full_width_blanks_and_lower_case() -> None:
    assert uscc.clean("  ９１１０００００ 10000396２t\u3000") == "91100000100003962T"


def test_it_composes_nothing_from_parts_that_make_no_code() -> None:
    with pytest.raises(ValueError, match="no code"):
        uscc.compose("91", "A00000", "12345678")
