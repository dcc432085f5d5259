"""`rongxin evaluate`: cards fitted on outcomes, and applied."""

from __future__ import annotations

import click

from rongxin.entrypoints.cli import evaluate_models


@click.group("evaluate", help="信用评价 Scores, and the cards that make them.")
def command() -> None:
    pass


command.add_command(evaluate_models.fit)
command.add_command(evaluate_models.score)
