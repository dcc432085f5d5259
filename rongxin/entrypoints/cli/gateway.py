"""`rongxin gateway`: the small server beside a department's own database (前置). No Django, no node."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click

from rongxin.gateway.errors import GatewayError
from rongxin.outpost.errors import Misconfigured
from rongxin.proof.errors import ProofError

if TYPE_CHECKING:
    from rongxin.gateway.checking import Finding, Tried

_CONFIG = click.option(
    "--config",
    "path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("gateway.yaml"),
    show_default=True,
    help="配置文件 the configuration",
)
_EXAMPLE = """\
# 融信网关配置 the configuration of a gateway; every line is explained in docs/gateway.md
provider: {provider}
listen: 127.0.0.1:8443
source: sqlite:///example.sqlite
"""


@click.group("gateway", help="数据提供单位网关 the gateway of a data provider.")
def command() -> None:
    pass


@command.command()
@click.argument("provider")
@click.option("--directory", type=click.Path(file_okay=False, path_type=Path), default=Path())
def init(provider: str, directory: Path) -> None:
    """新建网关目录：配置、密钥 Begin a gateway in DIRECTORY: configuration, key, places for the rest."""
    from rongxin.catalogue import loader
    from rongxin.gateway import checking, server
    from rongxin.gateway import config as configs

    known = checking.providers(loader.load())
    if provider not in known:
        raise click.ClickException(
            f"清单中没有以接口调用或数据核验方式提供信息的单位 {provider}，可用：{'、'.join(known)} "
            "the catalogue calls no such provider"
        )
    path = directory / "gateway.yaml"
    if path.exists():
        raise click.ClickException(f"{path} 已存在，未改动 is there already and was left as it is")
    public = directory / f"{provider}.pub.pem"
    try:
        for name in ("items", "platform", "keys"):
            (directory / name).mkdir(parents=True, exist_ok=True)
        with _told():
            key = server.key_of(configs.Config(provider=provider, source="", directory=directory))
        public.write_text(key.public.pem(), "utf-8")
        path.write_text(_EXAMPLE.format(provider=provider), "utf-8")
    except OSError as error:
        raise click.ClickException(f"{directory}：未能写入 can't be written ({error.strerror})") from error
    click.echo(f"{path}：请填写数据源 write your data source there")
    click.echo(f"{public}：请交给平台 give this public key to the platform")
    click.echo(f"　指纹 fingerprint {key.id}")
    click.echo(f"{directory / 'platform'}：请放入平台公钥 put the platform's *.pub.pem there")


@command.command()
@_CONFIG
@click.option(
    "--uscc", default="", help="以此企业的信用代码试读 read this firm's rows, too; values stay unshown"
)
@click.option("--name", default="", help="企业名称，按名称查找的项要用 its name, for items found by name")
@click.option("--place", default="", help="所在地 its place")
@click.option("--account-number", default="", help="户号 the number of its meter")
def check(path: Path, uscc: str, name: str, place: str, account_number: str) -> None:
    """对照清单逐项试读，指出缺项 Try every item against the catalogue and say what is missing.

    Without a firm the store is asked for nobody, which shows columns and statements, not whether values can
    be read as the catalogue has them.
    """
    from rongxin.catalogue import loader
    from rongxin.exchange.question import SubjectKeys
    from rongxin.gateway import checking, trust
    from rongxin.gateway import config as configs
    from rongxin.gateway.sources import opening
    from rongxin.outpost import tls

    catalogue, wrong = loader.load(), False
    with _told():
        config = configs.read(path)
        source = opening.open_source(config)
        for finding in checking.check(config, catalogue, source):
            wrong |= bool(finding.faults)
            _say(finding)
        if uscc or name:
            subject = SubjectKeys(uscc.strip().upper(), name.strip(), place.strip(), True, account_number)
            for one in checking.tried(config, catalogue, source, subject, now=datetime.now(UTC)):
                wrong |= bool(one.fault)
                _say_tried(one)
        for key in checking.pinned(config):
            wrong |= bool(key.fault)
            click.echo(
                f"✗ 密封 sealing {key.institution}: {key.fault}"
                if key.fault
                else f"✓ 密封 sealing {key.institution} {key.suite} 指纹 fingerprint {key.fingerprint}"
            )
        files = tls.opened(config.tls, config.at)
        click.echo(
            f"✓ TLS：{'、'.join(tls.hosts(files))}，至 until {tls.until(files).date()}"
            if files
            else "－ TLS：未配置 tls，只宜在本机或已加密的专网上 plain HTTP"
        )
    for name in checking.unserved(config, catalogue):
        click.echo(f"－ {name} {catalogue.item(name).label}：清单由本单位提供，未配置 not served yet")
    with _told():
        nodes = trust.nodes(config.place("platform"))
    for key_id, node in nodes.items():
        click.echo(f"✓ 平台 platform {node.name} 指纹 fingerprint {key_id}")
    if not nodes:
        click.echo(f"－ {config.place('platform')}：没有平台公钥，尚不能应答 no platform key, nobody may ask")
    sys.exit(1 if wrong else 0)


@command.command()
@click.option(
    "--config",
    "paths",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    default=[Path("gateway.yaml")],
    show_default=True,
    help="配置文件，可多次给出 the configuration; several providers may share one server",
)
def serve(paths: tuple[Path, ...]) -> None:
    """启动网关 Serve until stopped."""
    from rongxin.gateway import server

    with _told():
        server.serve(paths)


@command.group(invoke_without_command=True)
@_CONFIG
@click.pass_context
def evidence(context: click.Context, path: Path) -> None:
    """核验本网关的证据链 Check the gateway's own chain of evidence from its first entry to its last."""
    if context.invoked_subcommand is not None:
        return
    from rongxin.gateway import config as configs
    from rongxin.gateway import evidence as log

    with _told():
        config = configs.read(path)
        end = log.verify(config.place("evidence"))
    click.echo(f"证据链完整，共{end.position}条，末条 the chain holds, last hash {end.hash}")


@evidence.command()
@click.argument("request", type=click.UUID)
@_CONFIG
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="缺省 REQUEST.testimony.json")
def export(request: UUID, path: Path, out: Path | None) -> None:
    """导出本单位对一次请求的全部证据 Write what this gateway kept of REQUEST to one file.

    Its number stands on the report. Claimed values of checks are in the file, so keep it close.
    """
    from rongxin.gateway import config as configs
    from rongxin.gateway import server, testimony, trust

    with _told():
        config = configs.read(path)
        document = testimony.export(
            request,
            config,
            key=server.key_of(config),
            nodes=trust.nodes(config.place("platform")),
            now=datetime.now(UTC),
        )
    written = out or Path(f"{request}.testimony.json")
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    try:
        handle = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise click.ClickException(f"{written}：未能写入 can't be written ({error.strerror})") from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    click.echo(f"{written}：{len(document['questions'])}次提问 questions; rongxin evidence verify {written}")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (GatewayError, Misconfigured, ProofError) as error:
        raise click.ClickException(str(error)) from error


def _say_tried(one: Tried) -> None:
    if one.fault:
        click.echo(f"✗ 试读 tried {one.item} {one.label}: {one.fault}")
        return
    shown = f"，{len(one.fields)}项有值 fields with values" if one.rows else ""
    click.echo(f"✓ 试读 tried {one.item} {one.label}：{one.rows}条 rows{shown}")


def _say(finding: Finding) -> None:
    sign = "✗" if finding.faults else "✓"
    modes = "、".join(mode.label for mode in finding.modes)
    click.echo(f"{sign} {finding.item} {finding.label} {modes} {len(finding.served)}项 fields")
    for fault in finding.faults:
        click.echo(f"    错误 wrong: {fault}")
    if finding.missing:
        click.echo(f"    未提供 missing: {'、'.join(finding.missing)}")
