"""`rongxin intake correct|end|withdraw-row|changes`: one row of a batch, named by the line of its file."""

from __future__ import annotations

from uuid import UUID

import click

from rongxin.entrypoints.cli import answers, node
from rongxin.entrypoints.cli.progress import Progress
from rongxin.parties.rules import permission

_BATCH = click.argument("batch", type=click.UUID)
_LINE = click.argument("line", type=click.IntRange(1))
_REASON = click.option("--reason", required=True, help="原因 why; kept with the change")


@click.command()
@_BATCH
@_LINE
@click.option(
    "--set",
    "values",
    multiple=True,
    required=True,
    metavar="列名=新值",
    help="要更正的列，可多次给出；空值清空该列 a column and its new value; again for more",
)
@_REASON
def correct(batch: UUID, line: int, values: tuple[str, ...], reason: str) -> None:
    """更正一行 Correct one row: the whole row is checked and filed anew; print its receipt.

    Withdrawing the batch that the receipt names takes the correction back.
    """
    with node.running(), answers.refusals():
        from rongxin.sharing.aggregation import row_changes

        receipt = row_changes.correct(
            batch,
            line,
            _given(values),
            reason=reason,
            actor=answers.operator(permission.DESK),
            as_of=answers.now(),
        )
        answers.show(receipt.document())


@click.command()
@_BATCH
@click.argument("line", type=click.IntRange(1), required=False)
@click.option(
    "--why",
    type=click.Choice(["removed", "over"]),
    required=True,
    help="认定机关移除，或公示期满 removed by the authority, or its time is over",
)
@_REASON
def end(batch: UUID, line: int | None, why: str, reason: str) -> None:
    """终止一行或整批 End one row, or without LINE all rows of a batch that still count, its corrections' too.

    Later exports don't bring back what has ended so.
    """
    with node.running(), answers.refusals():
        from rongxin.sharing.aggregation import row_changes

        if line is None:
            actor, now = answers.operator(permission.DESK), answers.now()
            progress = Progress()
            told = progress.steps("终止 rows ended")
            ended = row_changes.end_batch(
                batch, why=why, reason=reason, actor=actor, as_of=now, progress=told
            )
            progress.end()
            label = row_changes.ENDINGS[why].label
            answers.show({"batch": str(batch), "ended": ended, "why": label})
            return
        done = row_changes.end(
            batch, line, why=why, reason=reason, actor=answers.operator(permission.DESK), as_of=answers.now()
        )
        answers.show({"batch": str(batch), "line": line, "ended": done.why, "why": done.why.label})


@click.command("withdraw-row")
@_BATCH
@_LINE
@_REASON
def withdraw_row(batch: UUID, line: int, reason: str) -> None:
    """撤回一行 Take one row back as if it had never come; what it had replaced counts again."""
    with node.running(), answers.refusals():
        from rongxin.sharing.aggregation import row_changes

        done = row_changes.withdraw(
            batch, line, reason=reason, actor=answers.operator(permission.DESK), as_of=answers.now()
        )
        answers.show({"batch": str(batch), "line": line, "ended": done.why, "reinstated": done.reinstated})


@click.command()
@_BATCH
def changes(batch: UUID) -> None:
    """逐行更正的记录 Print what was done to single rows of a batch."""
    with node.running(), answers.refusals():
        from rongxin.sharing.aggregation import row_changes

        answers.show(row_changes.of_batch(batch))


COMMANDS = (correct, end, withdraw_row, changes)


def _given(values: tuple[str, ...]) -> dict[str, str]:
    given: dict[str, str] = {}
    for value in values:
        header, sign, text = value.partition("=")
        if not sign or not header.strip():
            raise click.BadParameter(f"{value!r}：请写成 列名=新值", param_hint="--set")
        if header.strip() in given:
            raise click.BadParameter(f"列 {header.strip()} 给出了两次", param_hint="--set")
        given[header.strip()] = text
    return given
