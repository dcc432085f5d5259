"""`rongxin consent`: what is still owed for consents that have ended ((九)(十))."""

from __future__ import annotations

import click

from rongxin.entrypoints.cli import answers, node


@click.group("consent", help="授权：撤回、到期之后应交的删除回执 What is owed for consents that ended.")
def command() -> None:
    pass


@command.command()
@click.option("--overdue", is_flag=True, help="只列逾期的 only those that are late")
@click.option("--all", "everything", is_flag=True, help="包括已交回的 those that are settled too")
def owed(overdue: bool, everything: bool) -> None:
    """应交的删除回执 Print the receipts that institutions owe, the earliest due day first."""
    with node.running(progress=False), answers.refusals():
        from rongxin.consent.deletion import duties

        today = answers.now().date()
        cards = duties.every(owed_only=not everything, overdue_on=today if overdue else None)
        answers.show([card.document(on=today) for card in cards])
