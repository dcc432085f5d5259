"""The first thing a stranger runs: it builds the environment, or says in one line what is missing."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests.meta import house


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The script, in a project of three small files, that may build nothing."""
    spec = importlib.util.spec_from_file_location("environment", house.ROOT / "tools" / "environment.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("pyproject.toml", "requirements.txt", "requirements-gateway.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    return module


def test_it_names_the_debian_package_when_nothing_can_make_environments(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tool, "has_module", lambda name: False)
    monkeypatch.setattr(tool.shutil, "which", lambda name: None)
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    with pytest.raises(tool.CannotBuild, match=f"apt install {package}, or install uv"):
        tool.create(tmp_path / ".venv")


def built(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, environment: Path, requirements: str
) -> list[str]:
    """What bringing the environment up to date does, in order."""
    done: list[str] = []
    monkeypatch.setattr(tool, "create", lambda place: (place.mkdir(), done.append("create")))
    monkeypatch.setattr(tool, "install", lambda place, words: done.append(" ".join(words)))
    monkeypatch.setattr(tool, "run", lambda command, quiet=False: environment.exists())
    tool.bring_up_to_date(environment, requirements)
    return done


def test_it_builds_once_and_then_leaves_it_alone(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = tmp_path / ".venv"
    first = built(tool, monkeypatch, place, "requirements-dev.txt")
    assert first[0] == "create"
    assert first[1].startswith("--require-hashes -r ")
    assert built(tool, monkeypatch, place, "requirements-dev.txt") == []
    assert built(tool, monkeypatch, place, "requirements.txt") == []  # the larger list contains it


@pytest.mark.parametrize("changed", ["requirements.txt", "pyproject.toml"])
def test_it_installs_again_when_a_list_changed(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, changed: str
) -> None:
    place = tmp_path / ".venv"
    built(tool, monkeypatch, place, "requirements.txt")
    (tmp_path / changed).write_text("other")
    assert built(tool, monkeypatch, place, "requirements.txt")


def test_it_builds_anew_in_a_clone_that_was_moved(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = tmp_path / ".venv"
    built(tool, monkeypatch, place, "requirements.txt")
    stamp = place / "rongxin-stamp.json"
    stamp.write_text(json.dumps(json.loads(stamp.read_text()) | {"place": "/elsewhere"}))
    assert built(tool, monkeypatch, place, "requirements.txt")[0] == "create"
