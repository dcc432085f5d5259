"""`rongxin sealed`: an institution makes the key that providers seal to and opens what they sealed."""

from __future__ import annotations

import json
from pathlib import Path

import click

from rongxin.client import sealed
from rongxin.client.errors import Unreadable
from rongxin.proof import boxes
from rongxin.proof.errors import ProofError


@click.group("sealed", help="密封应答（接入机构用） Sealed answers, for an institution.")
def command() -> None:
    pass


@command.command("key")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--sm", is_flag=True, help="SM2＋SM4（缺省 X25519＋AES-256） SM2 in place of X25519")
def make_key(path: Path, sm: bool) -> None:
    """生成密钥 Make a key: the private one at PATH (keep it), the public one beside it as .pub.pem."""
    public = path.with_name(path.name + ".pub.pem")
    try:
        key = boxes.make(path, sm=sm)
        public.write_bytes(boxes.public_text(key))
    except OSError as error:
        raise click.ClickException(f"{path}：未能写入密钥 can't write ({error.strerror})") from error
    except ProofError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{path}：私钥，请妥善保管 the private key, 0600; keep it")
    click.echo(f"{public}：公钥 {boxes.suite_of(key)}；交数据提供单位，并写入 seal_to give it to providers")
    click.echo(f"指纹 fingerprint {boxes.fingerprint(key)}")


@command.command("open")
@click.argument("report", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--key", type=click.Path(path_type=Path), required=True, help="本机构的私钥 the private key")
def open_report(report: Path, key: Path) -> None:
    """打开报告（JSON）中密封的记录 Print the rows that providers sealed in REPORT, by item, as JSON."""
    try:
        opener = boxes.opener(key)
        opened = sealed.opened(json.loads(report.read_text("utf-8")), opener)
    except (ValueError, Unreadable) as error:
        raise click.ClickException(f"{report}：不是报告 not a report in JSON ({error!r})") from error
    except ProofError as error:
        raise click.ClickException(f"{report}：不能打开 can't be opened: {error}") from error
    if not opened:
        raise click.ClickException(f"{report}：没有密封的记录 nothing in it is sealed")
    click.echo(json.dumps(opened, ensure_ascii=False, indent=1))
