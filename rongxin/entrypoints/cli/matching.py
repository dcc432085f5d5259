"""`rongxin matching`: settle rows that wait for their subject; against a firm it takes two ((五)(十))."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from rongxin.entrypoints.cli import answers, node
from rongxin.parties.rules import permission
from rongxin.parties.rules.permission import Permission

if TYPE_CHECKING:
    from rongxin.sharing.aggregation.decisions import Card


@click.group("matching", help="匹配台：人工核对待匹配的行 Settle rows that wait for their subject.")
def command() -> None:
    pass


@command.command("list")
@click.option("--batch", type=click.UUID, help="批次 a batch's rows only")
@click.option("--item", help="信息项 an item's rows only")
@click.option("--provider", help="数据提供单位 a provider's rows only")
@click.option("--older-than", "days", type=click.IntRange(0), help="等待超过几天 waiting for more days than")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="最多几行 rows")
@click.option("--after", help="接上页最后一行 continue after this row, as BATCH:LINE")
@click.option("--brief", is_flag=True, help="不查找候选主体 leave the candidates out")
def list_rows(
    batch: UUID | None,
    item: str | None,
    provider: str | None,
    days: int | None,
    limit: int,
    after: str | None,
    brief: bool,
) -> None:
    """待匹配的行与候选主体 Print rows that wait, oldest batch first, with whom they may belong to."""
    with node.running(), answers.refusals():
        from rongxin.sharing.aggregation import waiting_rows

        found = waiting_rows.find(
            batch=batch,
            item=item,
            provider=provider,
            older_than_days=days,
            after=_row(after) if after else None,
            limit=limit,
            as_of=answers.now(),
        )
        documents = [row.document() for row in found]
        if not brief:
            for row, document in zip(found, documents, strict=True):
                document["candidates"] = [one.document() for one in row.candidates()]
        answers.show(documents)


@command.command()
@click.argument("batch", type=click.UUID)
@click.argument("line", type=click.IntRange(1))
def show(batch: UUID, line: int) -> None:
    """一行的候选主体、旁证与历次决定 Print a row with candidates, evidence and every decision on it."""
    with node.running(), answers.refusals():
        from rongxin.sharing.aggregation import decisions, waiting_rows

        row = waiting_rows.get(batch, line, as_of=answers.now())
        document = row.document()
        document["candidates"] = [one.document() for one in row.candidates()]
        document["decisions"] = [card.document() for card in decisions.on(batch, line)]
        answers.show(document)


@command.command()
@click.argument("batch", type=click.UUID)
@click.argument("line", type=click.IntRange(1))
@click.argument("uscc")
@click.option("--reason", default="", help="依据 what speaks for this subject")
def match(batch: UUID, line: int, uscc: str, reason: str) -> None:
    """归集到主体 Attach the row to the subject with this code; a negative item waits for a second person."""
    _settle(lambda desk, given: desk.match(batch, line, uscc, reason=reason, **given))


@command.command()
@click.argument("decision", type=click.UUID)
def confirm(decision: UUID) -> None:
    """确认另一人的决定 Put another person's decision in force, after looking at it (`show`)."""
    _settle(lambda desk, given: desk.confirm(decision, **given), permission.CHECKER)


@command.command()
@click.argument("batch", type=click.UUID)
@click.argument("line", type=click.IntRange(1))
@click.option("--reason", required=True, help="理由，告知提供单位 told to the provider")
@click.option("--return", "send_back", is_flag=True, help="退回提供单位补正 return it to be corrected")
def dismiss(batch: UUID, line: int, reason: str, send_back: bool) -> None:
    """本平台无此主体，或退回 Say that no subject here is meant, or return the row to its provider."""

    def act(desk: Any, given: dict[str, Any]) -> Card:
        settle = desk.send_back if send_back else desk.dismiss
        card: Card = settle(batch, line, reason=reason, **given)
        return card

    _settle(act)


@command.command()
@click.argument("decision", type=click.UUID)
@click.option("--reason", required=True, help="理由 why")
def reverse(decision: UUID, reason: str) -> None:
    """撤销决定，或不予确认 Take a decision back, or decline a proposed one; the row waits again."""
    _settle(lambda desk, given: desk.reverse(decision, reason=reason, **given))


def _settle(act: Callable[[Any, dict[str, Any]], Card], allowed: Permission = permission.DESK) -> None:
    with node.running(), answers.refusals():
        from rongxin.sharing.aggregation import desk

        answers.show(act(desk, {"actor": answers.operator(allowed), "as_of": answers.now()}).document())


def _row(text: str) -> tuple[UUID, int]:
    batch, _, line = text.rpartition(":")
    try:
        return UUID(batch), int(line)
    except ValueError as error:
        raise click.BadParameter(
            f"{text}：应为 批次:行号 give BATCH:LINE, the last row of the page before", param_hint="--after"
        ) from error
