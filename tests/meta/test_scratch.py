"""No file of ours lies in the system's temporary folder, where nobody sweeps what a kill leaves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.meta import house

MAKERS = {"TemporaryDirectory", "NamedTemporaryFile", "mkdtemp", "mkstemp", "gettempdir"}
#: Holds no firm's data: sockets and binaries of the database, an invented firm's push.
HARMLESS = {"postgres", "conformance"}


def _made_elsewhere(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in MAKERS and not any(one.arg == "dir" for one in node.keywords):
                yield f"{path}:{node.lineno}: {name}"


def test_temporary_files_lie_in_the_nodes_own_folder() -> None:
    paths = list((house.ROOT / "rongxin").rglob("*.py"))
    rooms = {path: path.relative_to(house.ROOT / "rongxin").parts[0] for path in paths}
    assert set(rooms.values()) >= HARMLESS
    found = [one for path in paths if rooms[path] not in HARMLESS for one in _made_elsewhere(path)]
    assert not found, found
