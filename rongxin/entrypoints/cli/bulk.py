"""`rongxin bulk`: written agreements to bulk calls, the refresh, and how fresh it keeps things ((五))."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from rongxin.entrypoints.cli import answers, node
from rongxin.parties.rules import permission
from rongxin.parties.rules.permission import Permission

_PROVIDER = click.option("--provider", help="数据提供单位 only this provider's")
_REASON = click.option("--reason", required=True, help="理由 why")


@click.group("bulk", help="批量调用：书面约定、更新与新鲜度 Calls in bulk, by written agreement.")
def command() -> None:
    pass


@command.command()
@click.option("--item", required=True, help="信息项 the catalogue's item")
@click.option("--provider", required=True, help="数据提供单位 the provider's id")
@click.option("--number", required=True, help="文号 the paper's number")
@click.option(
    "--document",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="书面同意的文件，只取其哈希 the signed paper; only its hash is kept",
)
@click.option("--signed", required=True, type=click.DateTime(["%Y-%m-%d"]), help="签署日期")
@click.option("--from", "begins", required=True, type=click.DateTime(["%Y-%m-%d"]), help="生效日期")
@click.option("--until", required=True, type=click.DateTime(["%Y-%m-%d"]), help="截止日期")
@click.option("--per-minute", required=True, type=int, help="每分钟调用次数 calls a minute")
@click.option("--refresh-days", required=True, type=int, help="更新间隔（天） days between two calls")
@click.option("--keep-days", default=0, show_default=True, help="终止后保存天数 days kept after its end")
def agree(
    item: str,
    provider: str,
    number: str,
    document: Path,
    signed: datetime,
    begins: datetime,
    until: datetime,
    per_minute: int,
    refresh_days: int,
    keep_days: int,
) -> None:
    """录入约定 Enter what a signed paper says; another person confirms it."""
    with node.running(progress=False), answers.refusals():
        from rongxin.sharing.bulk import agreements
        from rongxin.sharing.bulk.rules import Terms

        terms = Terms(
            number,
            sha256(document.read_bytes()).hexdigest(),
            signed.date(),
            begins.date(),
            until.date(),
            per_minute,
            refresh_days,
            keep_days,
        )
        made = agreements.propose(
            terms, provider=provider, item=item, actor=answers.operator(permission.DESK), as_of=answers.now()
        )
        answers.show(made.document())


@command.command()
@click.argument("agreement", type=click.UUID)
def confirm(agreement: UUID) -> None:
    """核对 Put another person's entry in force, after laying it beside the paper (`list`)."""
    _does(lambda agreements, by: agreements.confirm(agreement, **by), permission.CHECKER)


@command.command()
@click.argument("agreement", type=click.UUID)
@_REASON
def decline(agreement: UUID, reason: str) -> None:
    """不予核对 Turn an entry down."""
    _does(lambda agreements, by: agreements.decline(agreement, reason=reason, **by))


@command.command()
@click.argument("agreement", type=click.UUID)
@_REASON
def end(agreement: UUID, reason: str) -> None:
    """终止约定 End an agreement at once: nobody is asked any more; its rows are kept as it says."""
    _does(lambda agreements, by: agreements.end(agreement, reason=reason, **by))


def _does(act: Callable[[Any, dict[str, Any]], Any], allowed: Permission = permission.DESK) -> None:
    with node.running(progress=False), answers.refusals():
        from rongxin.sharing.bulk import agreements

        by = {"actor": answers.operator(allowed), "as_of": answers.now()}
        answers.show(act(agreements, by).document())


@command.command("list")
@_PROVIDER
def list_agreements(provider: str | None) -> None:
    """约定一览 Print all agreements, the newest first."""
    with node.running(progress=False), answers.refusals():
        from rongxin.sharing.bulk import agreements

        answers.show([card.document() for card in agreements.every(provider=provider)])


@command.command()
@_PROVIDER
@click.option(
    "--accept-endings",
    is_flag=True,
    help="已与提供单位核实，确有大量记录终止 somebody has asked: so many rows are really gone",
)
def refresh(provider: str | None, accept_endings: bool) -> None:
    """立即更新一轮 Take one turn under each agreement, within its rate; a worker does it by itself."""
    with node.running(progress=False), answers.refusals():
        from rongxin.sharing.bulk import refresh

        done = refresh.once(as_of=answers.now(), provider=provider, accept_endings=accept_endings)
        refresh.sweep(as_of=answers.now())
        answers.show([turn.document() for turn in done])


@command.command()
@_PROVIDER
def status(provider: str | None) -> None:
    """更新情况 Print how fresh each item is that is kept by agreement, and its provider's load."""
    with node.running(progress=False), answers.refusals():
        from rongxin.sharing.bulk import refresh

        answers.show([dict(one) for one in refresh.status(as_of=answers.now(), provider=provider)])
