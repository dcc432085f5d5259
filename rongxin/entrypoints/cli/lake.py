"""`rongxin lake`: write the lake anew, hold it against the table, put its files together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from rongxin.entrypoints.cli import node
from rongxin.entrypoints.cli.progress import Progress
from rongxin.vocabulary.zone import BUSINESS_ZONE

if TYPE_CHECKING:
    from rongxin.records.lake_keeping import Kept

FAULTY = 1


@click.group("lake", help="数据湖：按信息项存放的 Parquet 文件 The typed files that sets are read from.")
def command() -> None:
    pass


@command.command()
@click.option("--item", "items", multiple=True, help="只重建此信息项 this item only (may be repeated)")
def rebuild(items: tuple[str, ...]) -> None:
    """从数据库重建 Write the files anew from the table."""
    with node.running():
        from rongxin.catalogue import loader
        from rongxin.records import lake_keeping

        unknown = sorted(set(items) - set(loader.load().items))
        if unknown:
            raise click.ClickException(
                f"信息项不存在 no such item: {'、'.join(unknown)}; `rongxin catalogue` lists them"
            )
        progress = Progress()
        done = lake_keeping.rebuild(as_of=_now(), items=list(items) or None, progress=progress.of_item)
        progress.end()
        _print_kept(done)


@command.command()
def compact() -> None:
    """合并文件，清除遗留 Put together what lies in many files; sweep what a crash left."""
    with node.running():
        from rongxin.records import lake_keeping

        progress = Progress()
        done = lake_keeping.compact(as_of=_now(), progress=progress.of_item)
        progress.end()
        _print_kept(done)


@command.command()
@click.option("--files-only", is_flag=True, help="不与数据库逐行比较 don't compare rows with the table")
def verify(files_only: bool) -> None:
    """检查文件与数据库一致 Check files against manifest and table; exit status 1 if anything is wrong."""
    with node.running():
        from rongxin.records import lake_verification as verification

        node.say("检查文件 checking files")
        faults = list(verification.files())
        # An item with a damaged file is wrong already; reading it would only fail.
        compared = [item for item in verification.items() if item not in {fault.item for fault in faults}]
        for number, item in enumerate([] if files_only else compared, 1):
            node.say(f"比较 comparing {number}/{len(compared)} {item}")
            fault = verification.contents(item)
            faults += [fault] if fault else []
        for fault in faults:
            click.echo(f"{fault.where}: {fault.what}; → {fault.what_to_do}")
        if faults:
            raise SystemExit(FAULTY)
        click.echo("数据湖完好 the lake is whole")


def _print_kept(done: Sequence[Kept]) -> None:
    rows = [{"item": kept.item, "rows": kept.rows, "files": kept.files} for kept in done]
    click.echo(json.dumps(rows, ensure_ascii=False, indent=2))


def _now() -> datetime:
    return datetime.now(BUSINESS_ZONE)
