"""Every dated parameter file of every room, read as it stands: what is in force, what was, what comes."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

import rongxin
from rongxin.vocabulary import edition

_NAME = re.compile(r"(?P<family>[a-z_]+?)_(?P<named>\d{4}[-\d]*)")
_HEAD = ("edition", "citation", "effective_from", *edition.FOR_PEOPLE)


@dataclass(frozen=True)
class Edition:
    """One dated file: since when it holds, what it rests on, its values and its text."""

    family: str
    edition: str
    room: str
    since: date
    citation: str
    #: What it is called, and which body decides the figures: the operator changes only its own.
    title: str
    decided_by: str
    values: tuple[tuple[str, str], ...]
    text: str

    @property
    def unchecked(self) -> bool:
        """Whether it still has to be compared with the original."""
        return any(word in self.text for word in ("待核", "(check)", "待与原文核对"))


@cache
def families() -> dict[str, tuple[Edition, ...]]:
    """Return the editions of each family, the oldest first."""
    found: dict[str, list[Edition]] = defaultdict(list)
    root = Path(rongxin.__file__).parent
    for path in sorted(root.glob("**/parameters/*.yaml")):
        name = _NAME.fullmatch(path.stem)
        if name is not None:
            found[name["family"]].append(_read(path, root, **name.groupdict()))
    return {family: tuple(sorted(all_, key=lambda one: one.since)) for family, all_ in sorted(found.items())}


def in_force(editions: tuple[Edition, ...], today: date) -> Edition:
    """Return the edition of a day; before the first one, the first (`vocabulary.edition`)."""
    return ([one for one in editions if one.since <= today] or list(editions[:1]))[-1]


def _read(path: Path, root: Path, *, family: str, named: str) -> Edition:
    text = path.read_text("utf-8")
    content = yaml.safe_load(text)
    return Edition(
        family=family,
        edition=str(content.get("edition", named)),
        room=path.relative_to(root).parts[0],
        since=content.get("effective_from") or date(int(named[:4]), 1, 1),
        citation=" ".join(str(content.get("citation", "")).split()),
        title=str(content.get("title", family)),
        decided_by=str(content.get("decided_by", "")),
        values=tuple(_flat({key: value for key, value in content.items() if key not in _HEAD})),
        text=text,
    )


def _flat(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Return nested values as lines of name and text, as they stand in the file."""
    if isinstance(value, dict):
        parts = [(f"{name}.{key}" if name else str(key), one) for key, one in value.items()]
        return [line for key, one in parts for line in _flat(one, key)]
    if isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        return [line for number, one in enumerate(value, 1) for line in _flat(one, f"{name}.{number}")]
    if isinstance(value, list):
        return [(name, "、".join(map(str, value)))]
    return [(name, "—" if value is None else str(value))]
