"""What is written for readers is true: commands exist, links lead somewhere, generated pages are current."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from rongxin.catalogue import loader
from rongxin.entrypoints.cli import docs, main
from tests.meta import house

TARGETS = {"demo", "test", "test-long", "check", "fix", "docs", "bench"}
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
GLOSSARY_ROW = re.compile(r"^\| [^|`]+ \| ([^|]+) \|", re.MULTILINE)


def documents() -> list[Path]:
    return [path for path in house.tracked() if path.suffix == ".md" and "docs/reference" not in str(path)]


@pytest.mark.parametrize("path", documents(), ids=house.short)
def test_every_link_leads_to_a_file(path: Path) -> None:
    dead = [link for link in LINK.findall(path.read_text()) if not (path.parent / link).exists()]
    assert not dead, f"{house.short(path)}: {dead}"


def test_make_help_lists_what_there_is() -> None:
    answer = subprocess.run(["make", "help"], cwd=house.ROOT, capture_output=True, text=True, check=True)
    listed = set(re.findall(r"make ([a-z-]+)", answer.stdout))
    assert listed >= TARGETS
    described = set(re.findall(r"^([a-z-]+):.*## ", (house.ROOT / "Makefile").read_text(), re.MULTILINE))
    assert listed == described


@pytest.mark.parametrize("path", documents(), ids=house.short)
def test_every_command_in_a_document_exists(path: Path) -> None:
    text = path.read_text()
    targets = set(re.findall(r"`make ([a-z-]+)", text)) | set(
        re.findall(r"^make ([a-z-]+)", text, re.MULTILINE)
    )
    known = set(re.findall(r"^([a-z-]+):", (house.ROOT / "Makefile").read_text(), re.MULTILINE))
    assert targets <= known, targets - known
    commands = set(re.findall(r"rongxin ([a-z]{3,})\b", " ".join(re.findall(r"`[^`\n]+`", text))))
    assert commands <= set(main.COMMANDS), commands - set(main.COMMANDS)


def test_the_two_readmes_have_the_same_parts() -> None:
    english, chinese = ((house.ROOT / name).read_text() for name in ("README.md", "README.zh-CN.md"))
    for mark in (r"^## ", r"^```", r"^\| `"):
        assert len(re.findall(mark, english, re.MULTILINE)) == len(re.findall(mark, chinese, re.MULTILINE)), (
            mark
        )


def test_the_readme_names_every_room() -> None:
    named = set(re.findall(r"`([a-z_]+)`", (house.ROOT / "README.md").read_text()))
    assert set(house.floors()) <= named, set(house.floors()) - named


@pytest.mark.parametrize("name", docs.pages())
def test_the_generated_pages_are_current(name: str) -> None:
    page = house.ROOT / "docs" / "reference" / name
    assert page.exists(), "run make docs"
    assert page.read_text() == docs.pages()[name], "run make docs"


def test_one_word_stands_for_one_thing() -> None:
    rows = GLOSSARY_ROW.findall((house.ROOT / "GLOSSARY.md").read_text())
    words = [word for row in rows for word in re.findall(r"`([a-z_]+)`", row)]
    assert sorted(words) == sorted(set(words))


def test_the_glossary_names_items_as_the_catalogue_does() -> None:
    """The last table of the glossary is about items; each of its words is one."""
    table = (house.ROOT / "GLOSSARY.md").read_text().split("## Items")[1]
    words = {word for row in GLOSSARY_ROW.findall(table) for word in re.findall(r"`([a-z_]+)`", row)}
    assert words
    assert words <= set(loader.load().items), words - set(loader.load().items)
