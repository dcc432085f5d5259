"""`rongxin report verify|certificate`: what the signature of a report proves, and whom to believe for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rongxin.delivery.signature.checking import Finding

# Neither good nor bad: the bytes are as they were signed, by whom nobody has said yet.
SIGNER_NOT_CHECKED = 3


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--trust",
    "trusted",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="可信证书 PEM certificates to believe: the node's own, its issuer, the time-stamp authority's.",
)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON.")
def verify(file: Path, trusted: Path | None, as_json: bool) -> None:
    """核对 PDF 报告的签名 Check a report's signature, offline, without a database.

    Exit code 0: unchanged and signed by whom --trust names; 3: unchanged, signer not checked; 1: neither.
    """
    try:
        from rongxin.delivery.signature import checking
    except ImportError as error:
        raise click.ClickException("核对签名需要 pyHanko：pip install pyhanko checking needs it") from error
    try:
        finding = checking.check(
            file.read_bytes(), believed=_certificates(trusted) if trusted else (), as_of=datetime.now(UTC)
        )
    except checking.Uncheckable as error:
        raise click.ClickException(f"{file}: {error} [{error.code}]") from error
    click.echo(checking.as_json(finding) if as_json else "\n".join(_lines(finding)))
    if finding.problems:
        raise SystemExit(1)
    if finding.trusted is None:
        raise SystemExit(SIGNER_NOT_CHECKED)


@click.command()
def certificate() -> None:
    """输出本节点的报告签名证书 Print the certificates that this node signs reports with (PEM, no key)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rongxin.site.settings")
    from django.core.exceptions import ImproperlyConfigured

    from rongxin.delivery.signature import errors, issuing

    try:
        click.echo(issuing.own().pem(), nl=False)
    except ImproperlyConfigured as error:
        raise click.ClickException(str(error)) from error
    except errors.CertificateUnfit as error:
        raise click.ClickException(f"报告签名证书不可用 {error} [{error.code}]") from error


def _certificates(path: Path) -> list[bytes]:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except ValueError as error:
        raise click.ClickException(f"{path}: 不是 PEM 证书 no certificates in PEM ({error})") from error
    return [one.public_bytes(Encoding.DER) for one in found]


def _lines(finding: Finding) -> Iterator[str]:
    from rongxin.delivery.signature.checking import PROBLEMS

    signer, stamp = finding.signer, finding.stamp
    yield f"签名人   signer       {signer.name}"
    yield f"签发者   issuer       {signer.issuer}"
    yield f"证书指纹 SHA-256      {signer.sha256}"
    yield f"有效期   valid        {signer.valid_from:%Y-%m-%d} … {signer.valid_to:%Y-%m-%d}"
    yield f"证书信任 trust        {_TRUST[finding.trusted]}"
    claimed = finding.claimed_at.isoformat() if finding.claimed_at else "—"
    yield f"签名时间 signed at    {claimed}（签名人自述 as the signer says）"
    if stamp is None:
        yield "时间戳   time-stamp   无 none"
    else:
        believed = _TRUST[stamp.trusted] if stamp.sound else "无效 invalid"
        yield f"时间戳   time-stamp   {stamp.at.isoformat()} · {stamp.authority} · {believed}"
    yield f"签名说明 reason       {finding.reason or '—'}"
    yield f"签名内容 signed bytes {'未改动 unchanged' if finding.intact else '已改动 CHANGED'}"
    after = f"{finding.revisions_after} 个版本 revisions，{finding.bytes_after} 字节 bytes"
    yield f"追加内容 appended     {after if finding.bytes_after else '无 none'}"
    for request in finding.requests or ("未找到 not found",):
        yield f"查询编号 request      {request}"
    yield f"内容摘要 digest       {finding.digest or '—'}"
    for problem in finding.problems:
        yield f"问题     problem      {PROBLEMS[problem]} [{problem}]"


_TRUST = {
    None: "未核对，用 --trust 指定可信证书 not checked: name whom to believe with --trust",
    True: "可信 trusted",
    False: "不可信 NOT trusted",
}
