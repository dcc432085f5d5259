"""`rongxin front`: the machine in a bank's DMZ that alone holds its keys (接入前置机). No Django, no node."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rongxin.front.config import Side

_CONFIG = click.option(
    "--config",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("front.yaml"),
    show_default=True,
    help="配置文件 the settings",
)


@click.group("front", help="接入前置机 The front machine of an institution.")
def command() -> None:
    pass


@command.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--sm", is_flag=True, help="SM2 密钥（缺省 Ed25519、X25519） SM2 keys")
def init(directory: Path, sm: bool) -> None:
    """新建前置机目录：配置与密钥 Begin a front in DIRECTORY: settings and keys."""
    from rongxin.front import founding

    with _told():
        tokens, signatures, sealing = founding.begin(directory, sm=sm)
    click.echo(f"{directory / founding.FILE}：请填写平台地址与账号 write node and account there")
    click.echo(f"{tokens}：请平台为接口账号登记（取令牌） have it registered for the account")
    click.echo(f"{signatures}：请平台登记（签署回执） have it registered for signatures")
    click.echo(f"{sealing}：交数据提供单位（密封应答） for providers that seal to you")


@command.command()
@click.argument("name")
@click.option("--renew", is_flag=True, help="另发口令，旧的暂仍有效 another; the last still holds")
@_CONFIG
def key(name: str, renew: bool, path: Path) -> None:
    """给内部系统 NAME 发口令，只显示一次 Give the inner system NAME a secret, shown this once."""
    from rongxin.front import callers
    from rongxin.front import config as configs

    with _told():
        directory = configs.read(path).place("callers")
        secret = callers.make(directory, name, renew=renew)
    click.echo(secret)
    click.echo(f"{directory / name}.yaml：只存哈希；可加 allow holds its hash; add `allow`", err=True)


@command.command()
@_CONFIG
def check(path: Path) -> None:
    """逐项检查并说明 Try everything and say what is wrong."""
    from rongxin.front import checking
    from rongxin.front import config as configs

    with _told():
        findings = checking.check(configs.read(path))
        wrong = False
        for finding in findings:
            wrong |= finding.wrong
            click.echo(f"{finding.sign} {finding.what}")
    sys.exit(1 if wrong else 0)


@command.command()
@_CONFIG
@click.option("--side", type=click.Choice(["inner", "outer"]), help="只启动一侧 one side alone")
def serve(path: Path, side: Side | None) -> None:
    """启动前置机 Serve until stopped."""
    from rongxin.front import config as configs
    from rongxin.front import server

    with _told():
        server.serve(path, (side,) if side else configs.SIDES)


@command.command()
@click.argument("url")
@click.option("--event", "events", multiple=True, help="事件种类，可多次；缺省全部 which events; all if none")
@_CONFIG
def webhook(url: str, events: tuple[str, ...], path: Path) -> None:
    """登记事件接收地址 Register URL, which leads to the outer side, and keep its secret."""
    from rongxin.front import config as configs
    from rongxin.front import subscribing

    with _told():
        state = subscribing.register(configs.read(path), url, events)
    click.echo(f"{url}：{state}")


@command.command()
@_CONFIG
@click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="自何时起 from when on")
@click.option("--json", "as_json", is_flag=True, help="每行一个 JSON one JSON a line")
def log(path: Path, since: datetime | None, as_json: bool) -> None:
    """核验并输出使用记录 Check the log's chain and print who inside asked what."""
    from rongxin.front import config as configs
    from rongxin.front import log as logs

    with _told():
        where = configs.read(path).place("log")
        for line in logs.lines(where, since=since.astimezone() if since else None):
            said = asdict(line)
            click.echo(
                json.dumps(said, ensure_ascii=False) if as_json else "\t".join(map(str, said.values()))
            )


@contextmanager
def _told() -> Iterator[None]:
    from rongxin.client.errors import ClientError
    from rongxin.front.errors import FrontError
    from rongxin.outpost.errors import Misconfigured
    from rongxin.proof.errors import ProofError

    try:
        yield
    except (FrontError, Misconfigured, ProofError, ClientError, OSError) as error:
        raise click.ClickException(str(error)) from error
