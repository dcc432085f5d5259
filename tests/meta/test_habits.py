"""How the code reads (CONTRIBUTING.md), where a machine can tell."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.meta import house

LINES_PER_FILE = 400
LINES_PER_FUNCTION = 60
LINES_PER_TEST = 40
# A file or function above the guide, each with the reason. Empty is best.
ALLOWED_LONG: dict[str, str] = {}
WITHOUT_DOCSTRING = 3  # statements: below, the name has to suffice

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.Module) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield node


def length(function: Function) -> int:
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1


def test_no_file_is_longer_than_one_can_hold_in_mind() -> None:
    everything = [
        *house.modules(),
        *(house.ROOT / "tests").rglob("*.py"),
        *(house.ROOT / "bench").rglob("*.py"),
    ]
    long = {house.short(path): len(path.read_text().splitlines()) for path in everything}
    found = {
        name: lines for name, lines in long.items() if lines > LINES_PER_FILE and name not in ALLOWED_LONG
    }
    assert not found, f"which room is missing? (over {LINES_PER_FILE} lines) {found}"


def test_no_function_is_longer_than_a_page() -> None:
    found = [
        f"{name} ({length(function)})"
        for path in [*house.modules(), *(house.ROOT / "tests").rglob("*.py")]
        for function in functions(house.parsed(path))
        if length(function) > (LINES_PER_TEST if function.name.startswith("test_") else LINES_PER_FUNCTION)
        and (name := f"{house.short(path)}:{function.name}") not in ALLOWED_LONG
    ]
    assert not found, f"push ifs up and fors down: {found}"


def test_an_exemption_names_a_file_that_exists() -> None:
    stale = [name for name in ALLOWED_LONG if not (house.ROOT / name.split(":")[0]).exists()]
    assert not stale, stale


def test_nobody_acts_anonymously_or_at_an_unknown_time() -> None:
    """`actor` and `as_of` are given by name, always: a default would be a lie in the journal."""
    found = [
        f"{house.short(path)}:{function.name}({name})"
        for path in house.modules(*(room.name for room in house.contexts()))
        for function in functions(house.parsed(path))
        if not function.name.startswith("_")  # who calls it has been asked already
        for name in ("actor", "as_of")
        if is_lax(function, name)
    ]
    assert not found, f"make it keyword-only, without a default: {found}"


def is_lax(function: Function, name: str) -> bool:
    arguments = function.args
    by_position = [argument.arg for argument in [*arguments.posonlyargs, *arguments.args]]
    by_name = dict(
        zip((argument.arg for argument in arguments.kwonlyargs), arguments.kw_defaults, strict=True)
    )
    return name in by_position or by_name.get(name) is not None


def test_a_day_is_the_business_zones() -> None:
    """A moment comes out of the database in UTC: for eight hours of each day its date is yesterday's."""
    cut = re.compile(r"""_at\.date\(\)|(?:_at|\.at)\|slice:":10"|_at\.isoformat\(\)\[:10\]""")
    texts = [*house.PACKAGE.rglob("*.py"), *house.PACKAGE.rglob("*.html")]
    found = [house.short(path) for path in texts if cut.search(path.read_text("utf-8"))]
    assert not found, f"use vocabulary.zone.business_day, or the filter `day`: {found}"


def test_what_a_context_offers_says_what_it_is_for() -> None:
    found = [
        f"{house.short(path)}:{function.name}"
        for path in house.modules(*(room.name for room in house.contexts()))
        for function in house.parsed(path).body
        if isinstance(function, Function) and not function.name.startswith("_")
        if len(function.body) > WITHOUT_DOCSTRING and ast.get_docstring(function) is None
    ]
    assert not found, f"say in a docstring what each is for: {found}"


def test_every_error_carries_a_code_and_says_what_to_do() -> None:
    """One base exception per room, each class with a docstring for its message and a stable code."""
    found = [
        f"{house.short(path)}:{node.name}"
        for path in sorted(house.PACKAGE.glob("*/errors.py"))
        for node in house.parsed(path).body
        if isinstance(node, ast.ClassDef) and ast.get_docstring(node) is None
    ]
    assert not found, found


def test_tests_are_named_as_sentences() -> None:
    found = [
        f"{house.short(path)}:{function.name}"
        for path in files_of_tests()
        for function in functions(house.parsed(path))
        if function.name.startswith("test_") and function.name.count("_") < 2
    ]
    assert not found, f"say what it does: {found}"


def files_of_tests() -> list[Path]:
    return sorted((house.ROOT / "tests").rglob("test_*.py"))
