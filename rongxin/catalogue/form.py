"""The form by which a record of an item is filled in by hand, made from the item."""

from __future__ import annotations

from dataclasses import dataclass

from rongxin.catalogue import codelists
from rongxin.catalogue.schema import Field, Item

_UNITS = {"10k_cny": "万元", "m3": "立方米", "month": "个月", "person": "人", "sqm": "平方米"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a form; `choices` are (stored value, words) pairs, empty where anything may be typed."""

    name: str
    label: str
    widget: str
    required: bool
    help: str
    choices: tuple[tuple[str, str], ...]
    max_length: int | None


def of(item: Item) -> tuple[Entry, ...]:
    """Describe the form of an item, one entry a field, in the item's order."""
    return tuple(_entry(field) for field in item.fields)


def unit_label(unit: str) -> str:
    """Write a unit for people."""
    return _UNITS.get(unit, unit)


def choices(field: Field) -> tuple[tuple[str, str], ...]:
    """List what a field may be chosen from, or nothing where it is open."""
    if field.values is not None:
        return tuple((value, value) for value in field.values)
    codes = field.codes or ("id_types" if field.type == "id_type" else None)
    return tuple((entry.code, entry.label) for entry in codelists.get(codes).codes) if codes else ()


def _entry(field: Field) -> Entry:
    chosen = choices(field)
    kind = field.field_type
    widget = "select" if chosen else "text" if kind.widget == "select" else kind.widget
    hints = [field.description] if field.description else []
    if field.unit:
        hints.append(f"单位：{unit_label(field.unit)}")
    if field.min is not None:
        hints.append(f"不小于 {field.min}")
    if field.max is not None:
        hints.append(f"不大于 {field.max}")
    if field.consent:
        hints.append("对外提供需经授权")
    length = kind.max_length if widget in ("text", "textarea", "tel") else None
    return Entry(field.name, field.label, widget, field.required, "；".join(hints), chosen, length)
