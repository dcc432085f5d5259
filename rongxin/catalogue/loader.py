"""Loading the catalogue: every file read, checked alone and against the others, every fault named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rongxin.catalogue import consistency
from rongxin.catalogue.errors import InvalidCatalogue, Problem, UnknownItem, did_you_mean
from rongxin.catalogue.reference import Category, Provider, Reference, reference
from rongxin.catalogue.schema import Channel, Field, Item, LayoutColumn, RowFilter, SourceColumn
from rongxin.catalogue.yaml_source import YamlSource, shown

ITEMS = Path(__file__).parent / "items"
OWN = Path(__file__).parent / "own"
#: The number of the platform's own among the categories; the annex has 13.
OWN_CATEGORY = 14
#: Who stands behind the platform's own items, and what it is called.
PLATFORM = "platform"
PLATFORM_LABEL, PLATFORM_LABEL_EN = "融资信用服务平台", "Financing credit service platform"

_MODEL_AT: Mapping[str, type[BaseModel]] = {
    "fields": Field,
    "source_columns": SourceColumn,
    "channels": Channel,
    "where": RowFilter,
    "layouts": LayoutColumn,
}


@dataclass(frozen=True)
class Catalogue:
    """信用信息共享清单: the items by name, in the order of categories and of the annex' rows.

    What the platform itself makes or is told (`own`: 信用评价, 结果反馈) is no item of the annex.
    """

    items: Mapping[str, Item]
    categories: Mapping[int, Category]
    providers: Mapping[str, Provider]
    own: Mapping[str, Item] = field(default_factory=dict)

    def item(self, name: str) -> Item:
        """Give an item, the platform's own too, or raise `UnknownItem` with the closest names."""
        found = self.items.get(name) or self.own.get(name)
        if found is None:
            raise UnknownItem(name, [*self.items, *self.own])
        return found

    @property
    def all_names(self) -> tuple[str, ...]:
        """The names of all items and of the platform's own: what a whole report asks for."""
        return (*self.items, *self.own)

    def label(self, name: str) -> str:
        """Name an item, or give back a name it does not know: what a log says outlives its item."""
        found = self.items.get(name) or self.own.get(name)
        return found.label if found else name

    def sections(self) -> Iterator[tuple[int, str, tuple[Item, ...]]]:
        """Go through the categories that hold items: the annex, article （四）, the platform's own."""
        every = [*self.items.values(), *self.own.values()]
        for number in [*range(1, 14), 0, OWN_CATEGORY]:
            items = tuple(item for item in every if item.category == number)
            if items:
                yield number, self.categories[number].label, items

    def provider_label(self, provider: str) -> str:
        """Name a provider account, or give back an id it does not know."""
        if provider == PLATFORM:
            return PLATFORM_LABEL
        found = self.providers.get(provider)
        return found.label if found else provider


def load(path: Path | None = None) -> Catalogue:
    """Load the items below a folder (ours by default), or raise `InvalidCatalogue`."""
    return _ours() if path is None else _load(path.resolve())


@cache
def _ours() -> Catalogue:
    return replace(_load(ITEMS.resolve()), own=_own_items())


def _own_items() -> Mapping[str, Item]:
    """Load what the platform makes or is told; it is the provider and the mode is none of the annex's."""
    items: dict[str, Item] = {}
    problems: list[Problem] = []
    for file in sorted(OWN.glob("*.yaml")):
        item, faults = read(file, OWN, reference(), own=True)
        problems += faults
        if item is not None:
            items[item.item] = item
    if problems:
        raise InvalidCatalogue(problems)
    return MappingProxyType(items)


@cache
def _load(folder: Path) -> Catalogue:
    known = reference()
    items: dict[str, Item] = {}
    problems: list[Problem] = []
    for file in sorted(folder.rglob("*.yaml")):
        item, faults = read(file, folder, known)
        problems += faults
        if item is None:
            continue
        if item.item in items:
            problems.append(Problem(_shown(file, folder), 1, "item", f"信息项 {item.item} 重复"))
        items[item.item] = item
    if not items and not problems:
        problems.append(Problem(str(folder), 1, "(folder)", "没有信息项文件 (no item files here)"))
    if problems:
        raise InvalidCatalogue(sorted(problems, key=lambda problem: (problem.file, problem.line)))
    order = sorted(items.values(), key=lambda item: (item.category or 99, item.annex_row, item.item))
    return Catalogue(MappingProxyType({item.item: item for item in order}), known.categories, known.providers)


def read(
    file: Path, folder: Path, known: Reference, *, own: bool = False
) -> tuple[Item | None, list[Problem]]:
    """Read one item file; the item is None where the file is at fault."""
    source = YamlSource(file, _shown(file, folder))
    if source.problems:
        return None, source.problems
    if not isinstance(source.value, dict):
        return None, [source.problem((), "信息项文件应为键值表 (the file is no mapping)")]
    try:
        item = Item.model_validate(source.value)
    except ValidationError as fault:
        return None, [_problem(source, error) for error in fault.errors(include_url=False)]
    found = consistency.own if own else consistency.faults
    faults = [source.problem(path, message) for path, message in found(item, source.value, file, known)]
    return (None, faults) if faults else (item, [])


def _shown(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else str(file)


def _problem(source: YamlSource, error: ErrorDetails) -> Problem:
    path: Sequence[str | int] = error["loc"]
    kind = error["type"]
    if kind == "missing":
        return source.problem(
            path[:-1], f"缺少必填的键 {path[-1]!r} (required key is missing)", key=shown(path)
        )
    path = source.existing(path)
    if kind == "extra_forbidden":
        word = str(path[-1])
        message = f"未知的键 {word!r}{did_you_mean(word, _model_of(path).model_fields)} (unknown key)"
    elif kind == "enum":
        message = _not_in(error["input"], str(error.get("ctx", {}).get("expected", "")))
    elif kind == "value_error":
        message = str(error["ctx"]["error"])
    else:
        message = f"{error['msg']}，现为 {error['input']!r}"
    return source.problem(path, message)


def _not_in(given: object, expected: str) -> str:
    words = [word.strip(" '") for word in expected.replace(" or ", ",").split(",")]
    return f"{given!r} 不是允许的取值{did_you_mean(str(given), words)}，应为：{', '.join(words)}"


def _model_of(path: Sequence[str | int]) -> type[BaseModel]:
    """The model that a path's last key was looked for in."""
    model: type[BaseModel] = Item
    for step in path[:-1]:
        model = _MODEL_AT.get(str(step), model)
    return model
