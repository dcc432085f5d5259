"""`rongxin conformance`: try a platform, an institution's receiver or a provider's gateway from outside.

Needs no node and no Django: `pip install 'rongxin[conformance]'`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rongxin.conformance.checks import Finding

_SIDES = click.Choice(["institution", "provider"])


@click.group("conformance", help="一致性测试 Conformance: try the other side, or your own.")
def command() -> None:
    pass


@command.command()
@click.option("--as", "side", type=_SIDES, required=True)
def example(side: str) -> None:
    """打印试验文件的样例 Print a file to begin with."""
    from rongxin.conformance import fixtures

    click.echo(fixtures.example(side), nl=False)


@command.command()
@click.option("--as", "side", type=_SIDES, required=True)
def checks(side: str) -> None:
    """列出各项检查及其依据 List the checks, what they assert and where that is written."""
    from rongxin.conformance import trials

    for one in trials.listed(side):
        click.echo(f"{one.id}  {one.asserts}（{one.source}）")


@command.command()
@click.option("--base-url", required=True, help="平台或网关的地址 the address of the platform or gateway")
@click.option(
    "--as",
    "side",
    type=_SIDES,
    required=True,
    help="institution：接入机构一侧（平台接口、本机构接收程序）；provider：数据提供单位一侧（网关）",
)
@click.option(
    "--with",
    "given",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="试验文件 the file that `rongxin conformance example` begins",
)
@click.option("--only", multiple=True, metavar="ID", help="只做这些检查，可多次给出 these checks alone")
@click.option("--json", "json_to", type=click.Path(dir_okay=False, path_type=Path), help="结果写为 JSON")
@click.option(
    "--junit", "junit_to", type=click.Path(dir_okay=False, path_type=Path), help="结果写为 JUnit XML"
)
def run(
    base_url: str, side: str, given: Path, only: tuple[str, ...], json_to: Path | None, junit_to: Path | None
) -> None:
    """逐项试验 Try every check; exit status 1 where one failed, 2 where none could be tried."""
    from rongxin.conformance import reporting, trials
    from rongxin.conformance.checks import Result

    known = {one.id for one in trials.listed(side)}
    if strange := sorted(set(only) - known):
        raise click.ClickException(f"没有这些检查 no such checks: {', '.join(strange)}")
    found = []
    for one in _found(base_url.rstrip("/"), side, given, only):
        found.append(one)
        click.echo(reporting.line(one))
    click.echo(reporting.total(found))
    at, version = datetime.now(UTC).isoformat(timespec="seconds"), metadata.version("rongxin")
    if json_to:
        said = reporting.document(found, side=side, base_url=base_url, at=at, version=version)
        json_to.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", "utf-8")
    if junit_to:
        junit_to.write_bytes(reporting.junit(found, side=side))
    results = {one.result for one in found}
    sys.exit(1 if Result.FAILED in results else 0 if Result.PASSED in results else 2)


def _found(base_url: str, side: str, given: Path, only: tuple[str, ...]) -> Iterable[Finding]:
    from rongxin.conformance import trials
    from rongxin.conformance.fixtures import Unusable
    from rongxin.proof.errors import ProofError

    try:
        trial = trials.of_provider if side == "provider" else trials.of_institution
        yield from trial(base_url, given, only)
    except (Unusable, ProofError, OSError) as error:
        raise click.ClickException(str(error)) from error
