"""`rongxin schedule`: when each provider hands in what, what is late, and who was reminded ((五))."""

from __future__ import annotations

import click

from rongxin.entrypoints.cli import answers, node
from rongxin.parties.rules import permission

_PROVIDER = click.option("--provider", help="数据提供单位 only this provider's")


@click.group("schedule", help="报送计划：应报、逾期与催报 When batches are due, and which are late.")
def command() -> None:
    pass


@command.command()
@_PROVIDER
def show(provider: str | None) -> None:
    """现行计划 Print every plan in force, with its last and next due day."""
    with node.running(progress=False), answers.refusals():
        from rongxin.sharing.schedule import lateness

        answers.show(lateness.shown(provider=provider, as_of=answers.now()))


@command.command("set")
@click.option("--item", required=True, help="信息项 the catalogue's item")
@click.option("--provider", required=True, help="数据提供单位 the provider's id")
@click.option(
    "--every",
    type=click.Choice(["day", "week", "month", "never"]),
    required=True,
    help="每个工作日、每周、每月，或不定期 how often; never: nothing is expected",
)
@click.option("--day", type=int, help="周几（1–7）或几日（1–31） the day of the week or month")
@click.option("--grace", type=int, default=3, show_default=True, help="宽限工作日 working days of grace")
def set_(item: str, provider: str, every: str, day: int | None, grace: int) -> None:
    """设定计划 Set a plan from today on; what was due before stays as it was."""
    with node.running(progress=False), answers.refusals():
        from rongxin.catalogue import loader
        from rongxin.sharing import item_sources
        from rongxin.sharing.schedule import plans
        from rongxin.sharing.schedule.rules import Every

        made = plans.set_plan(
            item=item,
            provider=provider,
            every=Every(every),
            day=day,
            grace_working_days=grace,
            actor=answers.operator(permission.SYSTEM | permission.DESK),
            as_of=answers.now(),
        )
        since = made.plan.since.isoformat()
        told = {"version": made.version, "label": made.plan.label, "since": since}
        shared = item_sources.others(loader.load().item(item), provider, as_of=answers.now())
        also = [source.document() for source in shared]
        answers.show({"provider": provider, "item": item, **told, "shared_already_by": also})


@command.command()
@_PROVIDER
@click.option("--month", help="应报月份，如 2026-10 only of what was due in this month")
@click.option("--open", "only_open", is_flag=True, help="仅列至今未收到的 only where nothing has come yet")
def late(provider: str | None, month: str | None, only_open: bool) -> None:
    """逾期与催报 Print the reminders, the newest first, and when the batch came after all."""
    with node.running(progress=False), answers.refusals():
        from rongxin.sharing.quality import rules, sheets
        from rongxin.sharing.schedule import lateness

        now = answers.now()
        span = rules.span_of(sheets.checked_month(month, as_of=now)) if month else None
        answers.show(lateness.reminders(provider=provider, span=span, only_open=only_open, as_of=now))


@command.command()
def remind() -> None:
    """立即核对 Look for late batches now (a worker does it by itself); each due day is noted once."""
    with node.running(progress=False), answers.refusals():
        from rongxin.sharing.schedule import lateness

        answers.show({"reminded": lateness.remind(as_of=answers.now())})
