"""The house keeps its shape: tables point down, rooms keep to their names, no room grows a junk drawer."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.apps import apps

from tests.meta import house

JUNK = {"common", "helper", "helpers", "misc", "service", "services", "util", "utils"}
RESERVED = {"models", "rules", "tasks"}


def room_of(app_path: str) -> str | None:
    package, _, rest = app_path.partition(".")
    return rest.split(".")[0] if package == "rongxin" else None


def test_every_foreign_key_points_down() -> None:
    upward = [
        f"{model._meta.label}.{field.name} → {field.related_model._meta.label}"
        for model in apps.get_models(include_auto_created=True)
        if (room := room_of(model.__module__))
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.related_model is not None
        if (other := room_of(field.related_model.__module__))
        if house.floors()[other] > house.floors()[room]
    ]
    assert not upward, f"a table must not know the rooms above it: {upward}"


def test_every_room_has_its_place_in_the_order() -> None:
    rooms = {path.parent.name for path in house.PACKAGE.glob("*/__init__.py")}
    assert rooms == set(house.floors())


def test_importing_a_part_of_a_context_runs_nothing_else() -> None:
    talkative = [
        house.short(room / "__init__.py") for room in house.contexts() if (room / "__init__.py").read_text()
    ]
    assert not talkative, f"a gateway imports consent.rules without Django, so these stay empty: {talkative}"


def test_no_module_is_a_junk_drawer() -> None:
    found = [house.short(path) for path in house.modules() if {path.stem, path.parent.name} & JUNK]
    assert not found, f"name what is inside: {found}"


def test_models_are_kept_private() -> None:
    """A context's tables are imported by its own modules only; others call its verbs."""
    found = [
        f"{house.short(path)}: {line}"
        for path in house.modules()
        for line in path.read_text().splitlines()
        if line.startswith(("from rongxin.", "import rongxin."))
        for room in house.floors()
        if f"rongxin.{room}.models" in line or f"from rongxin.{room} import models" in line
        if path.relative_to(house.PACKAGE).parts[0] != room
    ]
    assert not found, f"ask the room, not its tables: {found}"


def test_views_forms_and_admin_live_in_the_entrypoints() -> None:
    found = [
        house.short(path)
        for path in house.modules()
        if path.stem in {"views", "forms", "admin"} and "entrypoints" not in path.parts
    ]
    assert not found, found


def rules() -> list[Path]:
    return [
        path for path in house.modules() if "rules" in path.relative_to(house.PACKAGE).with_suffix("").parts
    ]


@pytest.mark.parametrize("path", rules(), ids=house.short)
def test_law_has_no_clock_and_touches_nothing(path: Path) -> None:
    """What anybody recomputes from the same values must come out the same."""
    calls = {ast.unparse(node.func) for node in ast.walk(house.parsed(path)) if isinstance(node, ast.Call)}
    impure = {
        call
        for call in calls
        if call.rsplit(".")[-1] in {"now", "today", "utcnow", "open", "getenv", "random"}
    }
    assert not impure, f"pass it in instead: {impure}"
