"""Read `manifest.json` alone, and find each planted story in the files and stores that it names."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rongxin.city import stories
from rongxin.city.manifest import DepartmentFile, Manifest

Read = Callable[[DepartmentFile], dict[int, dict[str, str]]]
Part = dict[str, Any]


@pytest.fixture(scope="module")
def told(out: Path, manifest: Manifest) -> dict[str, list[dict[str, Part]]]:
    """Story → its parts by role, once a chapter, as the document on disk has them."""
    document = json.loads((out / "manifest.json").read_text("utf-8"))
    assert document["subjects"] == manifest.subjects
    found: dict[str, list[dict[str, Part]]] = {}
    for story in document["stories"]:
        found.setdefault(story["id"], []).append(story["parts"])
    return found


def _later(manifest: Manifest, read: Read, part: Part) -> list[tuple[str, dict[str, str]]]:
    """(expected end, row) of everything a later file says of a part."""
    rows = {entry.path: read(entry) for entry in manifest.later}
    return [
        (line["expect"], rows[path][line["line"]]) for path, lines in part["later"].items() for line in lines
    ]


def _kept(out: Path, provider: str, table: str, where: str, value: str) -> list[sqlite3.Row]:
    base = sqlite3.connect(out / "providers" / f"{provider}.sqlite")
    base.row_factory = sqlite3.Row
    rows = base.execute(f"SELECT * FROM {table} WHERE {where} = ?", (value,)).fetchall()
    base.close()
    return rows


@pytest.mark.parametrize("story", stories.REPEATED)
def test_every_story_at_size_is_listed_once_a_chapter_with_its_codes(story: str, told: Any) -> None:
    codes = [part["uscc"] for parts in told[story] for part in parts.values()]

    assert len(told[story]) == 4  # among 700 subjects
    assert len(set(codes)) == len(codes)


def test_no_later_file_is_handed_in_with_the_first_ones(manifest: Manifest) -> None:
    assert {entry.role for entry in manifest.later} == {"later"}
    assert not {entry.path for entry in manifest.files} & {entry.path for entry in manifest.later}
    for entry in manifest.later:
        assert entry.rows == sum(entry.expect.values()) > 0


def test_the_sliding_firm_uses_less_and_less_and_comes_onto_the_courts_list(
    out: Path, manifest: Manifest, read: Read, told: Any
) -> None:
    for parts in told["sliding_firm"]:
        firm = parts["firm"]
        (power,) = _kept(out, "electricity_utility", "df_yh", "XYDM", firm["uscc"])
        charges = [power[column] for column in ("YJDF3", "YJDF6", "YJDF12")]
        assert charges == sorted(charges)
        ((end, entry),) = _later(manifest, read, firm)
        assert (end, entry["judgment_debtor_identifier"]) == ("accepted", firm["uscc"])


def test_the_repaired_firms_later_row_ends_the_publication_of_the_first(
    manifest: Manifest, read: Read, told: Any
) -> None:
    first = read(manifest.file("administrative_penalty"))
    for parts in told["repaired_firm"]:
        firm = parts["firm"]
        (line,) = firm["lines"]["departments/administrative_penalty.xlsx"]
        ((end, repair),) = _later(manifest, read, firm)
        assert end == "accepted"
        changed = {header for header in repair if repair[header] != first[line][header]}
        assert changed == {"CF_GSJZQ"}


def test_the_later_rows_of_the_name_clash_tell_neither_of_the_two(
    manifest: Manifest, read: Read, told: Any
) -> None:
    for parts in told["name_clash"]:
        sound, punished = parts["sound"], parts["punished"]
        assert sound["name"] == punished["name"]
        rows = _later(manifest, read, punished)
        assert [end for end, _ in rows] == ["pending", "rejected"]
        for _, row in rows:
            assert row["name"] == sound["name"]
            code = row["judgment_debtor_identifier"]
            assert not any(code and code in part["uscc"] for part in (sound, punished))


def test_the_circle_pledges_to_each_other_and_reports_guarantees(out: Path, told: Any) -> None:
    for parts in told["guarantee_circle"]:
        names = {part["name"] for part in parts.values()}
        for part in parts.values():
            (pledge,) = _kept(out, "market_regulation_bureau", "t_gqcz", "TYSHXYDM", part["uscc"])
            assert {pledge["CZR"], pledge["ZQR"]} < names
            reports = _kept(out, "market_regulation_bureau", "t_qynb", "TYSHXYDM", part["uscc"])
            assert {report["SFDWDB"] for report in reports} == {"是"}
