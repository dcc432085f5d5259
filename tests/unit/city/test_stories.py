"""The planted stories stand in the files as they are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rongxin.city import generation, invention, stories
from rongxin.city.city import City
from rongxin.city.manifest import DepartmentFile, Manifest, faults

CITY = City(7, generation.AS_OF)
Read = Callable[[DepartmentFile], dict[int, dict[str, str]]]


def _rows(story: str, role: str, item: str) -> list[dict[str, Any]]:
    (part,) = (
        part for told in stories.tell() for part in told.parts if (part.story, part.role) == (story, role)
    )
    return list(invention.rows(CITY, CITY.subject(part.number), item))


def test_the_manifest_names_every_story_and_its_cast(manifest: Manifest) -> None:
    assert [story["id"] for story in manifest.stories if not story["chapter"]] == [
        "noodle_shop",
        "small_manufacturer",
        "sliding_firm",
        "guarantee_circle",
        "dishonest_debtor",
        "name_clash",
        "repaired_firm",
        "cooperative",
        "village_collective",
        "wound_up_firm",
    ]
    for story in manifest.stories:
        assert all("（虚构" in part["name"] for part in story["parts"].values())


def test_stories_are_told_again_a_few_times_in_a_small_city_and_not_often_in_a_large_one() -> None:
    for size, times in ((stories.RESERVED, 0), (700, 3), (10_000, 7), (1_000_000, 14)):
        again = [story for story in stories.within(size) if story.chapter]
        assert {story.id for story in again} == (set(stories.REPEATED) if times else set())
        assert len(again) == times * len(stories.REPEATED)


def test_a_chapter_shares_no_name_code_account_or_document_with_another() -> None:
    original, *chapters = (story for story in stories.within(2_000) if story.id == "sliding_firm")
    firms = [CITY.subject(story.parts[0].number) for story in (original, *chapters)]
    bills = [next(iter(invention.rows(CITY, firm, "electricity_fee"))) for firm in firms]
    cases = [row["case_number"] for firm in firms for row in invention.rows(CITY, firm, "court_judgment")]

    assert len({firm.name for firm in firms}) == len({firm.uscc for firm in firms}) == len(firms) > 3
    assert [bill["account_number"] for bill in bills] == [f"E9901{firm.number:08d}" for firm in firms]
    assert len(set(cases)) == len(cases)


def test_each_circle_closes_within_its_own_chapter() -> None:
    for story in stories.within(1_000_000):
        if story.id == "guarantee_circle":
            names = {CITY.subject(part.number).name for part in story.parts}
            for part in story.parts:
                (pledge,) = invention.rows(CITY, CITY.subject(part.number), "equity_pledge")
                assert {pledge["pledgor"], pledge["pledgee"]} < names


def test_the_rows_of_a_story_stand_in_the_lines_that_the_manifest_names(
    out: Path, manifest: Manifest, read: Read
) -> None:
    rows = {entry.path: read(entry) for entry in manifest.files}
    faulty = {(entry.path, fault.line) for entry in manifest.files for fault in faults(out, entry)}
    for story in manifest.stories:
        for part in story["parts"].values():
            assert part["lines"]["departments/business_licence.csv"]
            for path, lines in part["lines"].items():
                for line in lines:
                    assert part["uscc"] in rows[path][line].values(), f"{path}:{line}"
                    assert (path, line) not in faulty


def test_the_hero_is_sound_and_has_one_old_small_fine() -> None:
    (tax,) = _rows("small_manufacturer", "firm", "tax_payment")
    (fine,) = _rows("small_manufacturer", "firm", "administrative_penalty")
    grades = [
        row["taxpayer_credit_grade"] for row in _rows("small_manufacturer", "firm", "taxpayer_credit_rating")
    ]

    assert tax["vat_paid_cny_12m"] == tax["vat_payable_cny_12m"]
    assert fine["published_until"] < CITY.today
    assert grades == ["B", "A", "A"]
    assert not _rows("small_manufacturer", "firm", "dishonest_judgment_debtor")


def test_the_sliding_firm_slides_in_every_source() -> None:
    revenue = [row["total_operating_revenue_cny"] for row in _rows("sliding_firm", "firm", "annual_report")]
    (power,) = _rows("sliding_firm", "firm", "electricity_fee")
    (owed,) = _rows("sliding_firm", "firm", "tax_arrears")

    (water,) = _rows("sliding_firm", "firm", "water_fee")
    (insured,) = _rows("sliding_firm", "firm", "social_insurance")

    assert revenue == sorted(revenue, reverse=True)
    assert [text[:7] for text in water["water_payment_details"]] == [f"2025-{12}"] + [
        f"2026-{month:02d}" for month in range(1, 6)
    ]
    assert insured["last_normal_pension_contribution_month"] == "2025-12"
    assert power["electricity_charge_cny_avg_3m"] < power["electricity_charge_cny_avg_12m"] / 2
    assert owed["has_tax_arrears"]


def test_the_guarantee_circle_closes() -> None:
    owners = {
        role: _rows("guarantee_circle", role, "shareholder_contribution")[0]["shareholder"]
        for role in ("first", "second", "third")
    }
    names = {role: _rows("guarantee_circle", role, "business_licence")[0]["name"] for role in owners}
    (judgment,) = _rows("guarantee_circle", "first", "court_judgment")

    assert owners == {"first": names["third"], "second": names["first"], "third": names["second"]}
    assert names["second"] in judgment["judgment_result"]


def test_the_two_of_the_name_clash_share_name_and_district_and_one_was_punished() -> None:
    (sound,) = _rows("name_clash", "sound", "business_licence")
    (punished,) = _rows("name_clash", "punished", "business_licence")

    assert sound["name"] == punished["name"]
    assert sound["uscc"] != punished["uscc"]
    assert sound["registration_authority"] == punished["registration_authority"]
    assert not _rows("name_clash", "sound", "administrative_penalty")
    assert len(_rows("name_clash", "punished", "administrative_penalty")) == 1


def test_the_debtor_stands_in_the_courts_file(manifest: Manifest, read: Read) -> None:
    (story,) = (story for story in manifest.stories if story["id"] == "dishonest_debtor")
    firm = story["parts"]["firm"]
    rows = read(manifest.file("dishonest_judgment_debtor")).values()

    (row,) = (row for row in rows if row["judgment_debtor_identifier"] == firm["uscc"])
    assert row["legal_representative"] == firm["legal_representative"]


def test_the_repaired_firms_penalty_is_published_until_a_later_file_tells_the_repair() -> None:
    (penalty,) = _rows("repaired_firm", "firm", "administrative_penalty")
    (repair,) = invention.later(CITY, CITY.subject(9), "administrative_penalty")
    (listing,) = _rows("repaired_firm", "firm", "serious_violation_list")

    assert penalty["published_until"] > CITY.today > repair["published_until"]
    assert repair == penalty | {"published_until": repair["published_until"]}
    assert listing["removed_on"] < CITY.today


@pytest.mark.parametrize(
    ("story", "role", "prefix"),
    [
        ("noodle_shop", "shop", "92"),
        ("small_manufacturer", "firm", "91"),
        ("cooperative", "cooperative", "93"),
        ("village_collective", "village", "N2"),
    ],
)
def test_all_four_kinds_have_a_story(story: str, role: str, prefix: str) -> None:
    (licence,) = _rows(story, role, "business_licence")

    assert licence["uscc"].startswith(prefix)


def test_a_number_is_taken_once() -> None:
    numbers = [part.number for story in stories.tell() for part in story.parts]

    assert len(numbers) == len(set(numbers))
    assert max(numbers) < stories.RESERVED
