"""`rongxin evaluate`: score everybody, explain a score, say how many are scored; fit cards and apply them."""

from __future__ import annotations

import json
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import click

from rongxin.entrypoints.cli import answers, evaluate_models, evaluate_monitoring, node
from rongxin.entrypoints.cli.progress import Progress

_DAY = click.DateTime(["%Y-%m-%d"])
_SHANGHAI = ZoneInfo("Asia/Shanghai")


@click.group("evaluate", help="信用评价：全覆盖评分、解释与覆盖率 Scores of all subjects, explained.")
def command() -> None:
    pass


command.add_command(evaluate_models.fit)
command.add_command(evaluate_models.score)
command.add_command(evaluate_monitoring.models)
command.add_command(evaluate_monitoring.report)
command.add_command(evaluate_monitoring.freeze)


@command.command()
@click.option("--as-of", "day", type=_DAY, help="评价基准日，缺省为今天 the day; today without it")
@click.option("--engine", type=click.Choice(["duckdb", "spark"]), default="duckdb", show_default=True)
@click.option(
    "--buckets", type=click.IntRange(1, 100_000), help="分桶数 how many buckets to score one by one"
)
@click.option(
    "--version",
    help="评价参数版本；已有在用版本时只能是它 version of the parameters; the one in use, once there is one",
)
def run(day: datetime | None, engine: str, buckets: int | None, version: str | None) -> None:
    """全覆盖评价并发布；中断后再运行即继续 Score everybody and publish; run again, it goes on."""
    with node.running(), answers.one_line():
        from rongxin.evaluation import runs
        from rongxin.evaluation.monitoring import register
        from rongxin.vocabulary.actor import SYSTEM

        progress, on = Progress(), _day(day)
        outcome = runs.full(
            day=on,
            version=register.to_run(version),
            engine=engine,
            buckets=buckets,
            progress=progress.of_all,
            actor=SYSTEM,
            as_of=_now(),
        )
        progress.end()
    click.echo(json.dumps(outcome.document(), ensure_ascii=False))


@command.command()
@click.argument("uscc", required=False)
@click.option(
    "--as-of", "day", type=_DAY, help="截至哪一天，缺省为今天 which day's score; today's without it"
)
@click.option(
    "--request", type=click.UUID, help="一次查询的授权评价 the score by consent of the request of this number"
)
def explain(uscc: str | None, day: datetime | None, request: UUID | None) -> None:
    """由存储的输入重新计算一户的评价 Compute a score anew from its stored inputs, to the byte."""
    if (uscc is None) == (request is None) or (request is not None and day is not None):
        raise click.UsageError("请给出 USCC（可加 --as-of）或 --request 之一 either USCC or --request")
    if request is not None:
        _explain_request(request)
        return
    assert uscc is not None
    with node.running(progress=False), answers.one_line():
        from rongxin.evaluation import explaining
        from rongxin.parties import subjects

        card = subjects.find(uscc)
        if card is None:
            raise click.ClickException(f"{uscc}: 没有这个信息主体 no such subject")
        document = explaining.recomputed(card.id, card.uscc or uscc, day=_day(day))
    click.echo(document.decode())


def _explain_request(request: UUID) -> None:
    with node.running(progress=False), answers.one_line():
        from rongxin.disclosure import scored
        from rongxin.vocabulary.actor import SYSTEM

        document = scored.explain(request, actor=SYSTEM, as_of=_now())
    click.echo(document.decode())


@command.command()
@click.option("--as-of", "day", type=_DAY, help="截至哪一天，缺省为今天 which day; today without it")
def coverage(day: datetime | None) -> None:
    """覆盖率：按地区、行业、规模 How many subjects are scored, by region, industry and size (JSON)."""
    with node.running(progress=False), answers.one_line():
        from rongxin.evaluation import covering

        document = covering.report(day=_day(day))
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def _day(day: datetime | None) -> date:
    return day.date() if day else _now().date()


def _now() -> datetime:
    return datetime.now(_SHANGHAI)
