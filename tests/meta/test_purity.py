"""What a provider's gateway runs has no Django in it: neither by import nor by installation."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.meta import house

PURE_ROOMS = (
    "vocabulary",
    "proof",
    "client",
    "conformance",
    "catalogue",
    "city",
    "front",
    "outpost",
    "postgres",
    "scratch",
)
FRAMEWORKS = ("django", "ninja", "psycopg", "procrastinate")
# A plugin for pytest, which is no part of any installation.
NOT_INSTALLED = {"rongxin.postgres.pytest_plugin"}
IMPORTER = """
import importlib, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in sys.argv[1].split(","):
            raise ImportError(f"a pure room imports {name}")

sys.meta_path.insert(0, Refuse())
for module in sys.argv[2:]:
    try:
        importlib.import_module(module)
    except ImportError as error:
        print(f"{module}: {error}")
"""


def module_name(path: Path) -> str:
    parts = path.relative_to(house.ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def pure_modules() -> list[str]:
    rooms = {module_name(path) for path in house.modules(*PURE_ROOMS)}
    law = {
        module_name(path)
        for room in house.contexts()
        for path in [*room.glob("rules.py"), *room.glob("rules/**/*.py")]
    }
    return sorted((rooms | law) - NOT_INSTALLED)


def test_pure_rooms_import_no_framework_when_they_run() -> None:
    """import-linter reads the source; this runs it, `consent/__init__` and all."""
    answer = subprocess.run(
        [sys.executable, "-c", IMPORTER, ",".join(FRAMEWORKS), *pure_modules()],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout == ""


def installed(requirements: str, place: str) -> Path:
    """Return the Python of an environment with one list in it and nothing else, kept from run to run."""
    environment = house.ROOT / "var" / place
    build = [sys.executable, "tools/environment.py", requirements, str(environment)]
    answer = subprocess.run(build, cwd=house.ROOT, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        last = (answer.stderr.strip().splitlines() or ["no word"])[-1]
        pytest.skip(f"no packages for the {place} could be had (offline?): {last}")
    return environment / "bin" / "python"


@pytest.fixture(scope="module")
def base_install() -> Path:
    return installed("requirements-gateway.txt", "base-install")


@pytest.fixture(scope="module")
def front_install() -> Path:
    return installed("requirements-front.txt", "front-install")


def test_the_base_install_reads_the_catalogue(base_install: Path) -> None:
    answer = subprocess.run(
        [str(base_install), "-m", "rongxin", "catalogue", "export", "--format", "json"],
        cwd=house.ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "PYTHONUTF8": "1"},
    )
    assert answer.returncode == 0, answer.stderr
    assert {item["category"] for item in json.loads(answer.stdout)} == set(range(14))


def test_the_base_install_imports_every_pure_module(base_install: Path) -> None:
    answer = subprocess.run(
        [str(base_install), "-c", IMPORTER, ",".join(FRAMEWORKS), *pure_modules()],
        cwd=house.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    # The city is for demos and tests, which run on a whole node; what sends is of the extras `client`,
    # `conformance` and `front`; certificates are read by a node, whose extra brings the library.
    others = (
        "rongxin.city.",
        "rongxin.client.senders:",
        "rongxin.client.webhooks:",
        "rongxin.conformance.",
        "rongxin.front.",
        "rongxin.proof.certificates.",
    )
    lacking = [line for line in answer.stdout.splitlines() if not line.startswith(others)]
    assert not lacking, lacking


def test_the_base_install_checks_a_gateway_and_evidence(base_install: Path, tmp_path: Path) -> None:
    """The two things that must run where no node is: at a department, and at whoever doubts."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(base_install), "-m", "rongxin", *arguments]
        environment = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1", "PYTHONPATH": str(house.ROOT)}
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment
        )

    assert run("gateway", "init", "tax_bureau").returncode == 0
    (tmp_path / "gateway.yaml").write_text("provider: tax_bureau\nsource: store\n")
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "t.csv").write_text("name,uscc\n", "utf-8")
    (tmp_path / "items" / "tax_payment.yaml").write_text("file: t.csv\nfind: {uscc: uscc}\n")
    checked = run("gateway", "check")
    assert (checked.returncode, "tax_payment" in checked.stdout) == (0, True), checked.stderr
    for form in ("rongxin-evidence-1", "rongxin-testimony-1"):
        (tmp_path / "e.json").write_text(f'{{"format": "{form}"}}')
        doubted = run("evidence", "verify", "e.json")
        assert (doubted.returncode, "证据不成立" in doubted.stderr) == (1, True), doubted.stderr
    made = run("sealed", "key", "sm.key", "--sm")
    assert (made.returncode, "SM2" in made.stdout) == (0, True), made.stderr


def test_the_fronts_install_begins_and_serves_a_front(front_install: Path, tmp_path: Path) -> None:
    """A machine in a bank's DMZ has no more than this on it."""
    environment = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1", "PYTHONPATH": str(house.ROOT)}
    how: dict[str, Any] = {"cwd": tmp_path, "capture_output": True, "text": True, "env": environment}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(front_install), "-m", "rongxin", "front", *arguments], check=False, **how)

    assert run("init", ".").returncode == 0
    settings = (tmp_path / "front.yaml").read_text()
    (tmp_path / "front.yaml").write_text(settings.replace("https://node.example", "http://127.0.0.1:9"))
    assert run("key", "core").stdout.startswith("rxf_core_")
    checked = run("check")
    assert (checked.returncode, "✓ keys.tokens" in checked.stdout) == (1, True), checked.stderr
    assert "✗ http://127.0.0.1:9" in checked.stdout
    imported = [str(front_install), "-c", IMPORTER, ",".join(FRAMEWORKS)]
    modules = [module_name(path) for path in house.modules("front", "outpost", "client")]
    assert subprocess.run([*imported, *modules], check=True, **(how | {"cwd": house.ROOT})).stdout == ""
