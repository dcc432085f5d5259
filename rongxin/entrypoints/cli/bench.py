"""`rongxin bench NAME`: run one measurement of bench/ beside its floor, on a database of its own.

A bench is a file `bench/NAME.py` of the project (not of the package) with
`run(parameters: Mapping[str, str]) -> Mapping[str, object]`; its result is printed as one JSON object on the
last line of standard output. It may set `DATABASE = False` if it needs none.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

import click

from rongxin.entrypoints.cli import node
from rongxin.entrypoints.database.declared import Role


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.argument("name")
@click.argument("parameters", nargs=-1, type=click.UNPROCESSED)
def command(name: str, parameters: Sequence[str]) -> None:
    """Measure NAME; its own settings follow as --key value."""
    module = load(Path.cwd() / "bench", name)
    given = parse(parameters)
    with contextlib.ExitStack() as stack:
        if getattr(module, "DATABASE", True):
            stack.enter_context(node.running("bench", role=Role.OWNER))
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))  # the last line of stdout is the result's
        result: Mapping[str, object] = module.run(given)
    click.echo(json.dumps({"bench": name, **result}, ensure_ascii=False, default=str))


def load(directory: Path, name: str) -> ModuleType:
    """Load bench/NAME.py by its path: benches are no part of the installed package. A part that several share
    has a name that begins with an underscore, and need not run by itself."""
    path = directory / f"{name}.py"
    if not path.is_file() or not name.isidentifier():
        there = ", ".join(sorted(each.stem for each in directory.glob("[a-z]*.py"))) or f"none in {directory}"
        raise click.ClickException(f"no bench {name}: there are {there} (run it in the project's directory)")
    spec = importlib.util.spec_from_file_location(f"bench_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    if not name.startswith("_") and not hasattr(module, "run"):
        raise click.ClickException(f"{path} has no function run(parameters)")
    return module


def parse(words: Sequence[str]) -> dict[str, str]:
    """Read `--key value` and `--key=value` pairs; anything else is refused."""
    found: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            raise click.ClickException(f"{word}: give a bench's settings as --key value")
        key, given, value = word[2:].partition("=")
        if not given:
            if not rest or rest[0].startswith("--"):
                raise click.ClickException(f"--{key} needs a value")
            value = rest.pop(0)
        found[key.replace("-", "_")] = value
    return found
