"""The registry of data types: one file each, found by its name."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from rongxin.catalogue.errors import UnknownType
from rongxin.catalogue.field_type import FieldType


@cache
def names() -> tuple[str, ...]:
    """Name all types."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


@cache
def get(name: str) -> FieldType:
    """Give the type of that name, or raise `UnknownType` with the closest ones."""
    if name not in names():
        raise UnknownType(name, names())
    found = importlib.import_module(f"{__name__}.{name}").TYPE
    if not isinstance(found, FieldType) or found.name != name:
        raise TypeError(f"catalogue/types/{name}.py does not define the type {name!r}")
    return found
