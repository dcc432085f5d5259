"""What is committed names no place that a reader doesn't have: no registry, no path of somebody's machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.meta import house

BINARY = {".png", ".webp", ".pdf", ".xlsx", ".parquet", ".zip", ".ico"}
# With a bracket in each, or this file would find itself.
PLACES = {
    "a registry": re.compile(r"pyp[i]\.org|pythonhoste[d]|npmj[s]|/simpl[e]/"),
    "a path of one machine": re.compile(r"(?<![\w.~-])/(?:work|root|home/\w+|Users)" "/" r"\w"),
}
PINS = [house.ROOT / f"requirements{part}.txt" for part in ("", "-dev", "-front", "-gateway")]


def readable() -> list[Path]:
    return [path for path in house.tracked() if path.suffix not in BINARY]


@pytest.mark.parametrize("what", PLACES)
def test_no_file_names(what: str) -> None:
    found = [
        f"{house.short(path)}:{number}: {line.strip()[:80]}"
        for path in readable()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), start=1)
        if PLACES[what].search(line)
    ]
    assert not found, f"{what}: {found}"


def test_no_lock_file_that_records_addresses_is_committed() -> None:
    assert not {"uv.lock", "pylock.toml", "poetry.lock"} & {path.name for path in house.tracked()}


def test_no_script_of_another_project_is_committed() -> None:
    found = [
        house.short(path) for path in house.tracked() if path.name.endswith((".min.js", ".min.css", ".map"))
    ]
    assert not found, f"it comes out of a Python package at run time: {found}"


@pytest.mark.parametrize("path", PINS, ids=house.short)
def test_every_requirement_is_pinned_and_hashed(path: Path) -> None:
    text = path.read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert lines
    loose = [line[:60] for line in lines if "==" not in line or "--hash=sha256:" not in line]
    assert not loose, loose


def test_the_smaller_lists_agree_with_the_larger() -> None:
    """What a test ran on is what a node runs on, and a gateway, and a front."""
    parts = ("-gateway", "-front", "", "-dev")
    gateway, front, node, dev = (pins(house.ROOT / f"requirements{part}.txt") for part in parts)
    assert gateway <= node, gateway - node
    assert front <= node, front - node
    assert node <= dev, node - dev


def pins(path: Path) -> set[str]:
    return {
        line.split(";")[0].split("\\")[0].strip() for line in path.read_text().splitlines() if "==" in line
    }
