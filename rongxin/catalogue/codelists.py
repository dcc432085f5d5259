"""Dated, cited code lists of `catalogue/codes`: looking a code up by itself or its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from rongxin.catalogue import yaml_source
from rongxin.catalogue.errors import UnknownCodeList

_FOLDER = Path(__file__).parent / "codes"
_NOT_LISTS = frozenset({"display_bands"})


@dataclass(frozen=True, slots=True)
class Code:
    code: str
    label: str
    parent: str | None = None


@dataclass(frozen=True)
class CodeList:
    """One edition of one list. `invented` marks a list that is not of this world."""

    name: str
    title: str
    standard: str
    source: str
    effective_from: date
    codes: tuple[Code, ...]
    aliases: Mapping[str, str]
    finer: str | None = None
    invented: bool = False
    _by_code: Mapping[str, Code] = field(default_factory=dict, repr=False)
    _by_word: Mapping[str, str] = field(default_factory=dict, repr=False)

    def find(self, code: str) -> Code | None:
        """Give the entry of a code; a finer code (GB/T 4754 小类) gives its parent's."""
        if found := self._by_code.get(code):
            return found
        if code in self.aliases:
            return self._by_code[self.aliases[code]]
        match = re.fullmatch(self.finer, code) if self.finer else None
        return self._finer(match) if match else None

    def _finer(self, match: re.Match[str]) -> Code | None:
        section, division = match.group(1), match.group(2)
        found = self._by_code.get(division)
        return found if found and section in (None, found.parent) else None

    def resolve(self, text: str) -> str | None:
        """Give the code that a text means (code, name or alias), or None.

        A finer code stays as it is: it says more than its parent.
        """
        text = text.strip()
        if found := self._by_word.get(text) or self._by_word.get(_folded(text)):
            return found
        return text if self.find(text) else None

    def label(self, code: str) -> str:
        """Name a code, or give back what it does not know."""
        found = self.find(code)
        return found.label if found else code


@cache
def names() -> tuple[str, ...]:
    """Name all code lists."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml") if path.stem not in _NOT_LISTS))


@cache
def get(name: str) -> CodeList:
    """Give a code list, or raise `UnknownCodeList`."""
    if name not in names():
        raise UnknownCodeList(name, names())
    return _read(yaml_source.parse((_FOLDER / f"{name}.yaml").read_text("utf-8")))


def _read(document: dict[str, Any]) -> CodeList:
    parents = document.get("parents", {})
    codes = tuple(Code(code, label, parents.get(code)) for code, label in document["codes"].items())
    by_code = {entry.code: entry for entry in codes}
    aliases = dict(document.get("aliases", {}))
    if strangers := set(aliases.values()) - by_code.keys():
        raise ValueError(f"code list {document['name']}: aliases of codes it lacks: {sorted(strangers)}")
    by_word: dict[str, str] = {}
    for entry in codes:  # where two codes share a name (教育 is P and 83), the first, coarser one is meant
        by_word.setdefault(_folded(entry.label), entry.code)
    by_word |= {_folded(alias): code for alias, code in aliases.items()} | {code: code for code in by_code}
    return CodeList(
        name=document["name"],
        title=document["title"],
        standard=document["standard"],
        source=document["source"],
        effective_from=document["effective_from"],
        codes=codes,
        aliases=aliases,
        finer=document.get("finer"),
        invented=document.get("invented", False),
        _by_code=by_code,
        _by_word=by_word,
    )


def _folded(text: str) -> str:
    """Words differ in brackets and commas as people type them; the word is the same."""
    return text.translate(str.maketrans("（），", "(),"))
