"""`rongxin rights`: objections, repairs and corrections as the operator looks at them."""

from __future__ import annotations

import importlib
from typing import Any
from uuid import UUID

import click

from rongxin.entrypoints.cli import answers, node
from rongxin.parties.rules import permission

_ROWS = 500


@click.group("rights", help="异议申诉、信用修复、更正通知 Objections, credit repair, corrections.")
def command() -> None:
    pass


@command.command()
@click.option("--provider", help="只看该单位的 one provider's only")
@click.option("--all", "everything", is_flag=True, help="包括已办结的 decided ones too")
def objections(provider: str | None, everything: bool) -> None:
    """异议 Print objections that are to be answered, the earliest due day first."""
    _show("objections", "queue", provider=provider, open_only=not everything)


@command.command()
@click.argument("objection", type=click.UUID)
@click.option("--reference", required=True, help="转送的文号或方式 number or way")
def forward(objection: UUID, reference: str) -> None:
    """转送登记 Say that OBJECTION was carried to a body without a desk here."""
    with node.running(progress=False), answers.refusals():
        from rongxin.rights import objections as room

        actor, now = answers.operator(permission.DESK), answers.now()
        answers.show(room.forward(objection, reference, actor=actor, as_of=now).document(on=now.date()))


@command.command()
@click.option("--all", "everything", is_flag=True, help="包括已办结的 decided ones too")
def repairs(everything: bool) -> None:
    """信用修复 Print requests for repair that are under way, the oldest first."""
    _show("repairs", "queue", open_only=not everything)


@command.command()
@click.option("--all", "everything", is_flag=True, help="包括已确认的 acknowledged ones too")
def corrections(everything: bool) -> None:
    """更正通知 Print correction notices that wait for an acknowledgement, the earliest due day first."""
    _show("corrections", "every", owed_only=not everything)


def _show(room: str, verb: str, **given: Any) -> None:
    """Print the first rows of one of the room's lists."""
    with node.running(progress=False), answers.refusals():
        from rongxin.journal.windows import Window

        listed = getattr(importlib.import_module(f"rongxin.rights.{room}"), verb)
        today = answers.now().date()
        answers.show([card.document(on=today) for card in listed(Window(_ROWS), **given).rows])
