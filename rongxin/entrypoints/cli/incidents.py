"""`rongxin incidents`: what looked like misuse of queries, and the operator's decision on it ((十))."""

from __future__ import annotations

from uuid import UUID

import click

from rongxin.entrypoints.cli import answers, node
from rongxin.parties.rules import permission


@click.group("incidents", invoke_without_command=True, help="处置案卷 What looked like misuse of queries.")
@click.option("--all", "everything", is_flag=True, help="包括已决定的 decided ones too")
@click.pass_context
def command(context: click.Context, everything: bool) -> None:
    """Print the incidents that are to be decided, the newest first."""
    if context.invoked_subcommand is not None:
        return
    with node.running(progress=False), answers.refusals():
        from rongxin.governance.watching import incidents

        today = answers.now().date()
        answers.show([one.document(on=today) for one in incidents.every(live_only=not everything)])


@command.command()
@click.argument("incident", type=click.UUID)
@click.option("--clear/--confirm", "cleared", required=True, help="排除 clear it, or 认定 confirm it")
@click.option("--why", required=True, help="理由 the reason")
def decide(incident: UUID, cleared: bool, why: str) -> None:
    """决定 Decide INCIDENT; to clear it takes the measure back."""
    with node.running(progress=False), answers.refusals():
        from rongxin.governance.watching import incidents

        made = incidents.decide(
            incident,
            cleared=cleared,
            why=why,
            actor=answers.operator(permission.SECURITY),
            as_of=answers.now(),
        )
        answers.show(made.document(on=answers.now().date()))
