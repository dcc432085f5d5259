"""`rongxin evidence verify`: check a report against the journal with files alone: no node, no database."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from rongxin.delivery import verification
from rongxin.proof import checkpoint, merkle
from rongxin.proof.errors import ProofError
from rongxin.proof.keys import VerifyingKey

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("evidence", help="证据：离线核验报告 Check a report offline.")
def command() -> None:
    pass


@command.command()
@click.argument("report", type=_FILE)
@click.option("--proof", type=_FILE, help="包含证明 the answer of /journal/entries/ENTRY/proof")
@click.option("--key", type=_FILE, help="检查点公钥 the PEM of /journal/key, got by another way")
def verify(report: Path, proof: Path | None, key: Path | None) -> None:
    """核验报告（JSON）与存证一致 Check that REPORT (JSON) says what the journal's entry commits to."""
    document = _read(report)
    if not verification.holds(document):
        raise click.ClickException(f"{report}: 报告内容与其摘要不符，已被改动 the report was changed")
    click.echo("报告内容与摘要一致 the report says what its digest says")
    if proof is None:
        click.echo("未给出 --proof：摘要是否在存证日志中未核验 its place in the journal was not checked")
        return
    _check(document, _read(proof), key)
    signed = "签名有效 and the signature holds" if key else "未给出 --key，签名未核验 signature not checked"
    click.echo(f"摘要在存证日志中 the journal holds the digest；{signed}")


def _check(document: Mapping[str, Any], proof: Mapping[str, Any], key: Path | None) -> None:
    body = json.loads(proof["body"])
    stated = document["proof"]
    if body["id"] != stated["outcome_entry"] or body["commitments"].get("release") != stated["digest"]:
        raise click.ClickException("该存证记录不是这份报告的 the entry is another report's")
    head = checkpoint.parse(proof["checkpoint"])
    path = [base64.b64decode(node) for node in proof["path"]]
    leaf = merkle.leaf_hash(proof["body"].encode())
    if not merkle.verify_inclusion(leaf, proof["index"], head.size, path, head.root):
        raise click.ClickException("包含证明不成立 the proof does not lead to the checkpoint's root")
    if key is not None:
        try:
            believed = VerifyingKey.from_pem(key.read_text(), head.origin)
            checkpoint.verify(proof["checkpoint"], [believed], origin=head.origin)
        except ProofError as error:
            raise click.ClickException(f"检查点签名无效 the checkpoint is forged: {error}") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{path}: 不是 JSON 文件 not a JSON file ({error})") from error
    return document
