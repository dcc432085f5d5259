"""Build the project's Python environment, or leave it if it fits: `environment.py REQUIREMENTS [DIR]`.

It runs on a bare Python, before anything is installed. A stamp in the environment holds the hashes of what
was installed; when requirements, Python or place change, it is brought up to date or built anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INCLUDES = {"requirements-dev.txt": "requirements.txt", "requirements.txt": "requirements-gateway.txt"}


class CannotBuild(Exception):
    """The environment can't be built; the message is one line that says what to install."""


def main() -> int:
    """Make sure that the environment holds what the requirements file lists, and the project itself."""
    requirements = sys.argv[1]
    environment = Path(sys.argv[2] if len(sys.argv) > 2 else ROOT / ".venv").absolute()
    place = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(place, fcntl.LOCK_EX)  # two makes in one clone: the second waits and finds the work done
    try:
        bring_up_to_date(environment, requirements)
    except CannotBuild as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def bring_up_to_date(environment: Path, requirements: str) -> None:
    wanted = wanted_stamp(environment, requirements)
    stamp_file = environment / "rongxin-stamp.json"
    stamp = read(stamp_file)
    if all(stamp.get(key) == value for key, value in wanted.items()):
        return
    if not is_usable(environment, stamp, wanted):
        shutil.rmtree(environment, ignore_errors=True)
        say(f"making {environment.name} with Python {wanted['python']}")
        create(environment)
    stamp_file.unlink(missing_ok=True)
    size = "800" if requirements == "requirements-dev.txt" else "300"  # MB; Spark is more than half of it
    say(f"installing {requirements} (the first time this downloads some {size} MB)")
    install(environment, ["--require-hashes", "-r", str(ROOT / requirements)])
    install(
        environment, ["--no-deps", "--no-build-isolation", "-e", str(ROOT)] if builds(requirements) else []
    )
    stamp_file.write_text(json.dumps({**wanted, **implied(requirements)}, indent=1) + "\n")


def wanted_stamp(environment: Path, requirements: str) -> dict[str, str]:
    return {
        "python": ".".join(map(str, sys.version_info[:3])),
        "place": str(environment),
        "project": digest("pyproject.toml"),
        requirements: digest(requirements),
    }


def implied(requirements: str) -> dict[str, str]:
    """The smaller lists that a larger one contains."""
    found: dict[str, str] = {}
    while requirements in INCLUDES:
        requirements = INCLUDES[requirements]
        found[requirements] = digest(requirements)
    return found


def builds(requirements: str) -> bool:
    """The small machines' lists have no build tool in them: theirs run the project from its directory."""
    return requirements not in ("requirements-gateway.txt", "requirements-front.txt")


def digest(name: str) -> str:
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def read(stamp_file: Path) -> dict[str, str]:
    try:
        return dict(json.loads(stamp_file.read_text()))
    except (OSError, ValueError):
        return {}


def is_usable(environment: Path, stamp: dict[str, str], wanted: dict[str, str]) -> bool:
    """Whether packages may be added to what is there: same Python, same place, and it runs."""
    python = environment / "bin" / "python"
    if any(stamp.get(key, wanted[key]) != wanted[key] for key in ("python", "place")):
        return False
    code = "import sys; sys.exit([sys.prefix, '%d.%d.%d' % sys.version_info[:3]] != sys.argv[1:])"
    return python.exists() and run([str(python), "-c", code, str(environment), wanted["python"]], quiet=True)


def create(environment: Path) -> None:
    """Use uv where it is (fast), else venv, else virtualenv."""
    if shutil.which("uv"):
        command = ["uv", "venv", "--quiet", "--python", sys.executable, str(environment)]
    elif has_module("ensurepip") and has_module("venv"):
        command = [sys.executable, "-m", "venv", str(environment)]
    elif has_module("virtualenv"):
        command = [sys.executable, "-m", "virtualenv", "--quiet", str(environment)]
    elif shutil.which("virtualenv"):
        command = ["virtualenv", "--quiet", "--python", sys.executable, str(environment)]
    else:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        raise CannotBuild(f"{sys.executable} can't make environments: apt install {package}, or install uv")
    if not run(command):
        raise CannotBuild(f"{environment} could not be made: see above ({' '.join(command[:3])})")


def install(environment: Path, arguments: list[str]) -> None:
    if not arguments:
        return
    python = str(environment / "bin" / "python")
    if shutil.which("uv"):
        command = ["uv", "pip", "install", "--quiet", "--python", python, *arguments]
    else:
        pip = [python, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
        command = [*pip, "--progress-bar", "on" if sys.stderr.isatty() else "off", *arguments]
    if not run(command):
        raise CannotBuild(
            f"packages could not be installed into {environment}: see above, then run make again"
        )


def has_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def run(command: list[str], *, quiet: bool = False) -> bool:
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run(command, check=False, stdout=output, stderr=output, cwd=ROOT).returncode == 0


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
