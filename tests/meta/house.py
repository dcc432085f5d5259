"""The house as data, for the tests of its rules: rooms, their order, the files of the project."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "rongxin"
NOT_OURS = {".venv", "var", ".git", "build", "dist"}


@cache
def pyproject() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@cache
def floors() -> dict[str, int]:
    """Each room and its height: rooms of one line of the contract share a floor."""
    contracts = pyproject()["tool"]["importlinter"]["contracts"]  # type: ignore[index]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "layers")
    return {room.strip(): height for height, line in enumerate(reversed(layers)) for room in line.split("|")}


def contexts() -> list[Path]:
    """The rooms that own tables."""
    return sorted(path.parent for path in PACKAGE.glob("*/apps.py") if path.parent.name != "entrypoints")


def modules(*rooms: str) -> Iterator[Path]:
    """The Python files of these rooms (of all if none is named), migrations left out."""
    for start in [PACKAGE / room for room in rooms] or [PACKAGE]:
        for path in sorted(start.rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def tracked() -> list[Path]:
    """The files that make up the project: what git tracks or would, or without git what lies here."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        answer = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        found = [path for path in ROOT.rglob("*") if not NOT_OURS & set(path.relative_to(ROOT).parts)]
    else:
        found = [ROOT / name.decode() for name in answer.stdout.split(b"\0") if name]
    return sorted(path for path in found if path.is_file())


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))
