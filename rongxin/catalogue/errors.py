"""What can go wrong with the catalogue and with what departments write into its fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class CatalogueError(Exception):
    """Base of this room's errors; `code` is stable."""

    code = "catalogue"


class UnknownItem(CatalogueError, LookupError):
    """No item of that name is in the catalogue."""

    code = "unknown_item"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        # What is wrong without a command: not everybody who asks stands at a terminal.
        self.what = f"清单中没有信息项 {name!r}{did_you_mean(name, known)}"
        super().__init__(
            f"{self.what}；用 `rongxin catalogue show` 列出全部"
            f" (the catalogue has no item {name!r}; `rongxin catalogue show` lists them)"
        )

    def __str__(self) -> str:
        return str(self.args[0])


class UnknownField(CatalogueError, LookupError):
    """The item has no field of that name."""

    code = "unknown_field"

    def __init__(self, item: str, name: str, known: Iterable[str]) -> None:
        self.item, self.name = item, name
        super().__init__(
            f"信息项 {item} 没有字段 {name!r}{did_you_mean(name, known)} (item {item} has no field {name!r})"
        )

    def __str__(self) -> str:
        return str(self.args[0])


class UnknownCodeList(CatalogueError, LookupError):
    """No code list of that name is in `catalogue/codes`."""

    code = "unknown_code_list"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(
            f"没有代码表 {name!r}{did_you_mean(name, known)}；见 catalogue/codes/ (no code list {name!r})"
        )

    def __str__(self) -> str:
        return str(self.args[0])


class UnknownType(CatalogueError, LookupError):
    """No data type of that name is in `catalogue/types`."""

    code = "unknown_type"

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(
            f"没有数据类型 {name!r}{did_you_mean(name, known)}；见 catalogue/types/ (no data type {name!r})"
        )

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a catalogue file: where, which key, and what is wrong with it."""

    file: str
    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.key}: {self.message}"


class InvalidCatalogue(CatalogueError):
    """The catalogue's files contradict themselves; every fault is named with its place."""

    code = "invalid_catalogue"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class Unclean(CatalogueError, ValueError):
    """A text that is no value of its field's type. `rule` is stable, `message` tells people what to do."""

    code = "unclean"

    def __init__(self, rule: str, message: str) -> None:
        self.rule, self.message = rule, message
        super().__init__(f"{rule}: {message}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Suggest the closest known words, or nothing."""
    close = get_close_matches(word, sorted(known), n=2, cutoff=0.6)
    return f"，是否为 {' / '.join(close)}？" if close else ""
