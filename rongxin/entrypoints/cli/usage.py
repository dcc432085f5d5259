"""`rongxin usage`: what use was made of a provider's information ((六))."""

from __future__ import annotations

import click

from rongxin.entrypoints.cli import answers, node


@click.command("usage", help="使用情况反馈 What use was made of a provider's information.")
@click.argument("provider")
@click.option("--month", help="月份，如 2026-10；缺省为本月 a month; without it the present one")
def command(provider: str, month: str | None) -> None:
    """Print the feedback of a month to PROVIDER as JSON."""
    with node.running(progress=False), answers.refusals():
        from rongxin.rights import feedback

        answers.show(feedback.of(provider, month, as_of=answers.now()))
