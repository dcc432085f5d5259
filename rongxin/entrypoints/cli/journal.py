"""`rongxin journal`: verify the record, sign checkpoints for witnesses, prove an entry, show the latest."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import click

from rongxin.entrypoints.cli import node
from rongxin.vocabulary.zone import BUSINESS_ZONE


@click.group()
def command() -> None:
    """The journal: who did what when, and the proof of it (（九）（十）)."""


@command.command()
@click.option(
    "--witness",
    "witnesses",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of checkpoints kept outside this node, as `rongxin journal checkpoint` prints them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as one JSON object.")
def verify(witnesses: tuple[Path, ...], as_json: bool) -> None:
    """Derive the whole journal again from its entries. Ends with 1 when something is wrong."""
    with node.running():
        from rongxin.journal import verification, witness

        notes = [note for path in witnesses for note in witness.read(path.read_text(encoding="utf-8"))]
        outcome = verification.verify(_progress, trusted_checkpoints=notes)
    click.echo(json.dumps(outcome.document(), ensure_ascii=False) if as_json else _report(outcome.document()))
    if not outcome.ok:
        raise SystemExit(1)


@command.command()
def checkpoint() -> None:
    """Integrate what is pending, sign the tree, and print the signed checkpoint: give it to a witness."""
    with node.running():
        from datetime import datetime

        from rongxin.journal import checkpoints, sequencer

        with _explained():
            sequencer.integrate()
            checkpoints.sign(as_of=datetime.now(BUSINESS_ZONE))
        click.echo(checkpoints.latest_note(), nl=False)


@command.command()
@click.argument("entry", type=click.UUID)
def proof(entry: UUID) -> None:
    """Print the inclusion proof of ENTRY as JSON; anyone can check it without this node."""
    with node.running():
        from rongxin.journal import proofs

        with _explained():
            click.echo(json.dumps(proofs.inclusion(entry).document(), ensure_ascii=False))


@command.command()
@click.option("-n", "--lines", default=20, show_default=True, help="How many of the latest entries.")
def tail(lines: int) -> None:
    """Print the latest entries, one a line, latest last."""
    with node.running():
        from rongxin.journal import entries

        for entry in reversed(entries.find(entries_max=lines)):
            click.echo(entry.body)


def _progress(done: int, total: int) -> None:
    node.say(f"核验 verified {done:,} / {total:,}")


class _explained:
    """Turn what a caller can act on into one line for the person at the terminal."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from rongxin.journal.errors import JournalError
        from rongxin.proof.errors import ProofError

        if isinstance(error, JournalError | ProofError):
            raise click.ClickException(f"{error} [{error.code}]") from error


def _report(document: dict[str, object]) -> str:
    lines = [
        f"条目 entries {document['entries']:,} · 待处理 pending {document['pending']:,} · "
        f"检查点 checkpoints {document['checkpoints']:,} · 见证 witnessed {document['witnessed']:,}"
    ]
    findings = document["findings"]
    assert isinstance(findings, list)
    for finding in findings:
        detail = f"（{finding['detail']}）" if finding["detail"] else ""
        lines.append(f"✗ {finding['where']}{detail}: {finding['message']} {finding['message_en']}")
        lines.append(f"  → {finding['action']}")
    counts = document["counts"]
    assert isinstance(counts, dict)
    if counts:
        total = ", ".join(f"{code} {count:,}" for code, count in counts.items())
        lines.append(f"日志不可信 the journal is NOT as it was written: {total}")
    elif document["witnessed"]:
        lines.append("日志完整 the journal is as it was written, and as its witnesses saw it")
    else:
        lines.append(
            "日志完整 the journal is as it was written; "
            "未提供见证检查点，尾部截断或整体重写无法发现 "
            "without a witness's checkpoint (--witness FILE) a cut tail or a rewritten history can't be seen"
        )
    return "\n".join(lines)
