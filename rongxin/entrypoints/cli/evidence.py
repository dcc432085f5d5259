"""`rongxin evidence`: export what proves a request; check reports and evidence with files alone."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from rongxin.delivery import verification
from rongxin.delivery.evidence import checking
from rongxin.gateway import testimony
from rongxin.proof import checkpoint
from rongxin.proof.errors import ProofError
from rongxin.proof.keys import VerifyingKey

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("evidence", help="证据：导出、离线核验 Export evidence, check it offline.")
def command() -> None:
    pass


@command.command()
@click.argument("report", type=_FILE)
@click.option("--proof", type=_FILE, help="包含证明 the answer of /journal/entries/ENTRY/proof")
@click.option(
    "--key",
    type=_FILE,
    help="检查点（或网关）公钥 the PEM of /journal/key, or of the gateway, got by another way",
)
def verify(report: Path, proof: Path | None, key: Path | None) -> None:
    """核验报告（JSON）或证据文件 Check a report (JSON) against the journal, or a file of evidence."""
    document = _read(report)
    if document.get("format") == checking.FORMAT:
        _whole(document, key)
        return
    if document.get("format") == testimony.FORMAT:
        _providers(document, key)
        return
    with _recognised(report):
        holds = verification.holds(document)
    if not holds:
        raise click.ClickException(f"{report}: 报告内容与其摘要不符，已被改动 the report was changed")
    click.echo("报告内容与摘要一致 the report says what its digest says")
    if proof is None:
        click.echo("未给出 --proof：摘要是否在存证日志中未核验 its place in the journal was not checked")
        return
    with _recognised(proof):
        _check(document, _read(proof), key)
    signed = "签名有效 and the signature holds" if key else "未给出 --key，签名未核验 signature not checked"
    click.echo(f"摘要在存证日志中 the journal holds the digest；{signed}")


@command.command()
@click.argument("request", type=click.UUID)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="缺省 REQUEST.evidence.json")
def export(request: UUID, out: Path | None) -> None:
    """导出一次查询的全部证据 Write the evidence of REQUEST (its number stands on the report) to a new file.

    Claimed values of checks are in it, so keep it close.
    """
    from rongxin.entrypoints.cli import answers, node
    from rongxin.parties.rules import permission

    with node.running():
        from rongxin.delivery.evidence import exporting

        with answers.refusals():
            document = exporting.export(
                request,
                actor=answers.operator(permission.SYSTEM | permission.SECURITY | permission.AUDIT),
                as_of=answers.now(),
            )
    path = out or Path(f"{request}.evidence.json")
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise click.ClickException(f"{path}：未能写入 can't be written ({error.strerror})") from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    click.echo(f"{path}：{len(document['calls'])}次调用 calls; rongxin evidence verify {path}")


def _whole(document: Mapping[str, Any], key: Path | None) -> None:
    """Check a file of evidence; the journal's key may be given, the others are told by their ids."""
    try:
        trusted = checking.keys_of(document)
        if key is not None:
            given = VerifyingKey.from_pem(key.read_text())
            trusted = replace(trusted, journal={given.id: given})
        for line in checking.check(document, trusted):
            click.echo(f"✓ {line}")
    except (checking.DoesNotHold, ProofError) as error:
        raise click.ClickException(f"证据不成立 the evidence doesn't hold: {error}") from error
    for who, keys in (("node", trusted.node), ("journal", trusted.journal), *trusted.gateways.items()):
        click.echo(f"  公钥 key {who}: {'、'.join(keys)}")


def _providers(document: Mapping[str, Any], key: Path | None) -> None:
    """Check a file of a provider's; its gateway's key may be given, the others are told by their ids."""
    try:
        trusted = testimony.keys_of(document)
        if key is not None:
            given = VerifyingKey.from_pem(key.read_text())
            trusted = replace(trusted, gateway={given.id: given})
        for line in testimony.check(document, trusted):
            click.echo(f"✓ {line}")
    except (testimony.DoesNotHold, ProofError) as error:
        raise click.ClickException(f"证据不成立 the evidence doesn't hold: {error}") from error
    for who, keys in (("gateway", trusted.gateway), ("node", trusted.node)):
        click.echo(f"  公钥 key {who}: {'、'.join(keys)}")


def _check(document: Mapping[str, Any], proof: Mapping[str, Any], key: Path | None) -> None:
    body = json.loads(proof["body"])
    stated = document["proof"]
    if body["id"] != stated["outcome_entry"] or body["commitments"].get("release") != stated["digest"]:
        raise click.ClickException("该存证记录不是这份报告的 the entry is another report's")
    head = checkpoint.parse(proof["checkpoint"])
    path = [base64.b64decode(node) for node in proof["path"]]
    if not checkpoint.holds_entry(proof["checkpoint"], proof["body"], proof["index"], path):
        raise click.ClickException("包含证明不成立 the proof does not lead to the checkpoint's root")
    if key is not None:
        try:
            believed = VerifyingKey.from_pem(key.read_text(), head.origin)
            checkpoint.verify(proof["checkpoint"], [believed], origin=head.origin)
        except ProofError as error:
            raise click.ClickException(f"检查点签名无效 the checkpoint is forged: {error}") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{path}: 不是 JSON 文件 not a JSON file ({error})") from error
    if not isinstance(document, dict):
        raise click.ClickException(f"{path}: 不是报告、证据或包含证明 no report, evidence or proof")
    return document


@contextmanager
def _recognised(path: Path) -> Iterator[None]:
    """Say in words that a file lacks a part, or has it garbled."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, ProofError) as error:
        raise click.ClickException(
            f"{path}: 不是报告或包含证明，或不完整 no report or proof, or it lacks a part ({error!r})"
        ) from error
