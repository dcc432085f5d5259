"""`rongxin alarms`: what the operator must look at, and its word that it did ((十))."""

from __future__ import annotations

import click

from rongxin.entrypoints.cli import answers, node
from rongxin.parties.rules import permission


@click.group("alarms", invoke_without_command=True, help="告警 What waits for the operator's eyes.")
@click.option("--all", "everything", is_flag=True, help="包括已处置的 acknowledged ones too")
@click.pass_context
def command(context: click.Context, everything: bool) -> None:
    """Print the alarms that wait, the newest first."""
    if context.invoked_subcommand is not None:
        return
    with node.running(progress=False), answers.refusals():
        from rongxin.governance import alarms

        answers.show([one.document() for one in alarms.every(waiting_only=not everything)])


@command.command()
@click.argument("alarm", type=click.UUID)
@click.option("--note", required=True, help="处置情况 what was done about it")
def acknowledge(alarm: object, note: str) -> None:
    """处置告警 Acknowledge ALARM, once, with a note of what was done."""
    with node.running(progress=False), answers.refusals():
        from uuid import UUID

        from rongxin.governance import alarms

        seen = alarms.acknowledge(
            UUID(str(alarm)), note=note, actor=answers.operator(permission.SECURITY), as_of=answers.now()
        )
        answers.show(seen.document())
