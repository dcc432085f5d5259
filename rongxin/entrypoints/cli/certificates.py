"""`rongxin certificates`: whose certificates of institutions are believed, and whether one of them is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rongxin.entrypoints.cli import answers, node


@click.group(
    "certificates", help="机构证书：可信的认证机构与吊销列表 Authorities, revocation lists, a check."
)
def command() -> None:
    pass


@command.command("list")
def list_() -> None:
    """可信的认证机构 Print the authorities and lists laid down; fails where one is amiss."""
    with node.running(progress=False), answers.refusals():
        from rongxin.parties import certificates

        now = answers.now()
        found = certificates.standings(as_of=now)
        unreadable = certificates.laid().unreadable
        answers.show(
            {
                "required": certificates.required(),
                "authorities": [_shown(one) for one in found],
                "unreadable": [{"file": file, "why": why} for file, why in unreadable],
            }
        )
        if unreadable or any(one.why for one in found):
            raise SystemExit(1)


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--institution", required=True, help="机构标识 whose certificate it should be")
def check(file: Path, institution: str) -> None:
    """检查证书 Say whether the certificate in FILE (PEM) would be taken as the institution's now."""
    with node.running(progress=False), answers.refusals():
        from rongxin.parties import certificates

        found = certificates.check(file.read_text("utf-8", "replace"), institution, as_of=answers.now())
        answers.show(found.document())


def _shown(one: Any) -> dict[str, Any]:
    return {
        "authority": one.sha256[:16],
        "kind": one.folder,
        "name": one.name,
        "valid_until": one.until.isoformat(),
        "list": one.file or None,
        "list_until": one.list_until.isoformat() if one.list_until else None,
        "trouble": one.text or None,
    }
