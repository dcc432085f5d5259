"""`rongxin intake`: hand in a department's file, look at batches, fetch rejects, take a batch back ((五))."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from rongxin.entrypoints.cli import answers, intake_rows, node
from rongxin.entrypoints.cli.progress import Progress
from rongxin.parties.rules import permission

if TYPE_CHECKING:
    from rongxin.sharing.aggregation.batches import Card


@click.group("intake", help="报送：接收数据提供单位的文件 Hand in departments' files.")
def command() -> None:
    pass


for _more in (intake_rows.COMMANDS,):
    for _one in _more:
        command.add_command(_one)


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--item", required=True, help="信息项 the catalogue's item, such as administrative_permit")
@click.option("--provider", required=True, help="数据提供单位 the provider's id, such as tax_bureau")
@click.option(
    "--mode",
    type=click.Choice(["increment", "snapshot"]),
    default="increment",
    show_default=True,
    help="增量，或该单位此项的全量名单 an increment, or the provider's full list",
)
@click.option("--listed-on", type=click.DateTime(["%Y-%m-%d"]), help="全量名单截至日期 a full list's day")
@click.option("--dry-run", is_flag=True, help="只检查，不入库 check everything, keep nothing")
def submit(
    file: Path, item: str, provider: str, mode: str, listed_on: datetime | None, dry_run: bool
) -> None:
    """报送一个文件，打印签名回执 Hand in FILE and print the signed receipt as JSON.

    Exit status 0: the file was taken (rows may have been handed back). 2: it was refused as a whole. 3: it
    waits for a second person.
    """
    with node.running(), answers.refusals():
        from rongxin.sharing.aggregation import batches
        from rongxin.sharing.rules import Mode

        node.open_providers()  # a catalogue that has been added to since
        progress = Progress()
        receipt = batches.submit(
            file,
            item=item,
            provider=provider,
            actor=answers.operator(permission.SYSTEM | permission.DESK),
            as_of=answers.now(),
            dry_run=dry_run,
            progress=progress.of_file,
            mode=Mode(mode),
            listed_on=listed_on.date() if listed_on else None,
        )
        progress.end()
        answers.show(receipt.document())


@command.command()
@click.argument("batch", type=click.UUID)
def rejects(batch: UUID) -> None:
    """退回的行，改正后可直接再报送 Print rejected and pending rows as CSV, ready to be corrected."""
    with node.running(), answers.refusals():
        from rongxin.sharing.aggregation import batches, outcomes

        batches.get(batch)
        for line in outcomes.rejects_csv(batch):
            click.echo(line, nl=False)


@command.command()
@click.argument("batch", type=click.UUID)
@click.option("--after", type=int, default=0, help="从此行之后 from the line behind this one on")
def known(batch: UUID, after: int) -> None:
    """已由他方共享的行 Print a thousand rows that another source shares already, with the pointer to it."""
    with node.running(progress=False), answers.refusals():
        from rongxin.sharing.aggregation import batches, outcomes

        batches.get(batch)
        answers.show(outcomes.known_of(batch, after=after))


@command.command()
@click.argument("batch", type=click.UUID)
def withdraw(batch: UUID) -> None:
    """撤回一个批次 Take a filed batch back; what it had superseded counts again."""
    with node.running(), answers.refusals():
        from rongxin.sharing.aggregation import withdrawal

        progress, actor = Progress(), answers.operator(permission.SYSTEM | permission.DESK)
        steps = progress.steps("撤回批次 batches withdrawn")
        done = withdrawal.withdraw(batch, actor=actor, as_of=answers.now(), progress=steps)
        progress.end()
        answers.show(
            {
                "batch": str(done.batch),
                "ended": done.ended,
                "reinstated": done.reinstated,
                "journal_entry": str(done.journal_entry),
            }
        )


@command.command()
def held() -> None:
    """待复核的批次 Print the batches that wait for a second person, with what was found."""
    with node.running(), answers.refusals():
        from rongxin.sharing.aggregation import holding

        answers.show(holding.waiting())


@command.command()
@click.argument("batch", type=click.UUID)
def release(batch: UUID) -> None:
    """放行待复核的批次 Let a held batch in; whoever handed it in may not."""
    with node.running(), answers.refusals():
        from rongxin.sharing.aggregation import holding

        progress = Progress()
        actor, now = answers.operator(permission.CHECKER), answers.now()
        receipt = holding.release(batch, actor=actor, as_of=now, progress=progress.of_file)
        progress.end()
        answers.show(receipt.document())


@command.command()
@click.argument("batch", type=click.UUID)
@click.option("--reason", required=True, help="退回原因，告知报送单位 told to the provider")
def refuse(batch: UUID, reason: str) -> None:
    """退回待复核的批次 Hand a held batch back as a whole."""
    with node.running(), answers.refusals():
        from rongxin.sharing.aggregation import batches, holding

        holding.refuse(
            batch,
            reason=reason,
            actor=answers.operator(permission.SYSTEM | permission.DESK),
            as_of=answers.now(),
        )
        answers.show(_card(batches.get(batch)))


@command.command()
@click.argument("batch", type=click.UUID, required=False)
def status(batch: UUID | None) -> None:
    """批次的状态 Print a batch, or the fifty last received, as JSON."""
    with node.running(), answers.refusals():
        from rongxin.sharing.aggregation import batches

        if batch is not None:
            receipt = batches.receipt_of(batch)
            answers.show({**_card(batches.get(batch)), "receipt": receipt.document() if receipt else None})
        else:
            answers.show([_card(card) for card in batches.latest()])


@command.command()
def resume() -> None:
    """继续中断的批次 File every batch that was received and not finished (after a crash)."""
    with node.running(), answers.refusals():
        from rongxin.sharing.aggregation import batches

        progress = Progress()
        stand = batches.resume_unfinished(as_of=answers.now(), progress=progress.of_file)
        progress.end()
        answers.show([_card(card) for card in stand])


def _card(card: Card) -> dict[str, Any]:
    counts = card.counts
    return {
        "batch": str(card.id),
        "item": card.item,
        "provider": card.provider,
        "file_name": card.file_name,
        "mode": card.mode.value,
        "mapping": card.mapping,
        "status": card.status.value,
        "read": counts.read,
        "accepted": counts.accepted,
        "rejected": counts.rejected,
        "pending": counts.pending,
        "duplicate": counts.duplicate,
        "received_at": card.received_at.isoformat(),
        "refusal": card.refusal,
        "held_for": card.held_for,
    }
