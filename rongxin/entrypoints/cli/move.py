"""`rongxin move`: a platform in, a platform out, as files with a manifest (docs/moving.md)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from rongxin.entrypoints.cli import answers, keys, node
from rongxin.parties.rules import permission
from rongxin.vocabulary.zone import BUSINESS_ZONE

NOT_WHOLE = 1
REFUSED = 2


@click.group("move", help="迁入、迁出整个平台 Move a platform in or out, as files with a manifest.")
def command() -> None:
    pass


@command.command("in")
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--dry-run", is_flag=True, help="只核对，不写入 go the whole way and take everything back")
@click.option(
    "--key", type=click.Path(path_type=Path), help="打开密封内容的私钥 key that opens what is sealed"
)
def move_in(directory: Path, dry_run: bool, key: Path | None) -> None:
    """迁入 Take in DIRECTORY and print the reconciliation report.

    What stays behind by design (ended consents, operators' accounts) is listed with its reason and is no
    fault. Exit status 1 if a row could not be taken or a sum does not agree, 2 if nothing could be taken.
    """
    with _refusals():
        from rongxin.delivery.moving import inward
        from rongxin.proof import boxes

        report = inward.take(
            directory,
            opener=boxes.opener(key) if key else None,
            dry_run=dry_run,
            actor=answers.operator(permission.SYSTEM),
            as_of=_now(),
            progress=lambda name: node.say(f"迁入 taking {name}"),
        )
        _print(report.document())
        if not report.whole:
            raise SystemExit(NOT_WHOLE)


@command.command("out")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--to", "recipient", type=click.Path(path_type=Path), help="接收方公钥 recipient's public key")
def move_out(directory: Path, recipient: Path | None) -> None:
    """迁出 Write everything of this node into the new DIRECTORY, and the manifest with a digest of each file.

    What is sealed here (identity numbers, phones, scans) leaves closed for the recipient's key only.
    """
    with _refusals():
        from django.conf import settings

        from rongxin.delivery.moving import outward
        from rongxin.entrypoints.database import archived
        from rongxin.proof import boxes

        done = outward.out(
            directory,
            node=settings.RONGXIN_NODE_NAME,
            recipient=boxes.recipient(recipient) if recipient else None,
            archived=archived.tables(keys.columns()),
            actor=answers.operator(permission.SYSTEM),
            as_of=_now(),
            progress=lambda name, rows: node.say(f"迁出 writing {name} {rows:,}"),
        )
        _print(
            {
                "move": done.move,
                "directory": str(done.directory),
                "files": {entry.name: entry.rows for entry in done.files},
                "entry": done.entry,
            }
        )


@command.command("key")
@click.argument("path", type=click.Path(path_type=Path))
def make_key(path: Path) -> None:
    """生成密钥 Make the recipient's key: the private one at PATH (keep it), the public one as .pub."""
    from rongxin.proof import boxes

    try:
        public = boxes.make(path)
        path.with_name(path.name + ".pub").write_bytes(boxes.public_text(public))
    except OSError as error:
        raise click.ClickException(
            f"{path}：未能写入密钥 could not write the key: {error.strerror}"
        ) from error
    _print({"private": str(path), "public": f"{path}.pub", "fingerprint": boxes.fingerprint(public)})


@contextmanager
def _refusals() -> Iterator[None]:
    """Run on the node; turn what a person can act on into one JSON document and exit status 2."""
    with node.running():
        from rongxin.delivery.moving.errors import MoveError
        from rongxin.parties.errors import NotPermitted
        from rongxin.proof.errors import ProofError

        try:
            yield
        except (MoveError, NotPermitted) as error:
            _print({"refused": True, "code": error.code, "what": str(error), "where": "", "what_to_do": ""})
            raise SystemExit(REFUSED) from error
        except ProofError as error:
            what = f"密钥或密封内容有误 {error}"
            _print({"refused": True, "code": "move_key_needed", "what": what, "where": "", "what_to_do": ""})
            raise SystemExit(REFUSED) from error


def _now() -> datetime:
    return datetime.now(BUSINESS_ZONE)


def _print(document: object) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))
