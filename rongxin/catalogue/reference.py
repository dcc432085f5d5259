"""What items may refer to: the 13 种类, the provider accounts and the editions of the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Category:
    number: int
    folder: str
    label: str
    label_en: str


@dataclass(frozen=True, slots=True)
class Provider:
    """数据提供单位: an account that hands data over, and the 责任单位 of the annex behind it."""

    id: str
    label: str
    label_en: str
    department: str


@dataclass(frozen=True, slots=True)
class Reference:
    categories: Mapping[int, Category]
    providers: Mapping[str, Provider]
    editions: frozenset[str]


@cache
def reference() -> Reference:
    """Read the three lists beside the items."""
    categories = {n: Category(n, **row) for n, row in _read("categories").items()}
    providers = {name: Provider(name, **row) for name, row in _read("providers").items()}
    return Reference(MappingProxyType(categories), MappingProxyType(providers), frozenset(_read("editions")))


def _read(name: str) -> dict[Any, Any]:
    document = yaml.safe_load((_HERE / f"{name}.yaml").read_text("utf-8"))
    assert isinstance(document, dict)
    return document
