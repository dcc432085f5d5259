"""`rongxin institution`: what the operator imposes on an institution, and what two people lift ((十))."""

from __future__ import annotations

from uuid import UUID

import click

from rongxin.entrypoints.cli import answers, node
from rongxin.parties.rules import permission
from rongxin.vocabulary.actor import Actor

_SCOPES = (
    *("branch", "person", "person_off_hours", "new_subjects", "unknown_subjects"),
    *("exports", "person_exports", "person_exports_hour"),
)
_why = click.option("--why", required=True, help="理由 the reason")


@click.group("institution", help="对接入机构的措施：暂停、恢复、终止、上限 Measures on an institution.")
def command() -> None:
    pass


@command.command("measures")
@click.option("--institution", help="接入机构 of this institution only")
@click.option("--open", "open_only", is_flag=True, help="待确认的 those to be confirmed")
def list_measures(institution: str | None, open_only: bool) -> None:
    """措施一览 Print the measures, the newest first."""
    with node.running(progress=False), answers.refusals():
        from rongxin.governance import measures

        answers.show(measures.every(institution=institution, open_only=open_only))


@command.command()
@click.argument("institution")
@_why
def suspend(institution: str, why: str) -> None:
    """暂停 Stop serving INSTITUTION at once."""
    _propose(institution, "suspend", why)


@command.command()
@click.argument("institution")
@_why
def reinstate(institution: str, why: str) -> None:
    """恢复 Propose to serve INSTITUTION again; a second person confirms."""
    _propose(institution, "reinstate", why)


@command.command()
@click.argument("institution")
@_why
def close(institution: str, why: str) -> None:
    """终止接入 Propose to end INSTITUTION's access for good; a second person confirms."""
    _propose(institution, "close", why)


@command.command()
@click.argument("institution")
@click.option(
    "--require/--release", "required", required=True, help="要求或不再要求 require at once, or release"
)
@_why
def cases(institution: str, required: bool, why: str) -> None:
    """关联业务 Have every query of INSTITUTION name a case at once, or propose that it need not."""
    _propose(institution, "require_cases" if required else "release_cases", why)


@command.command()
@click.argument("institution")
@click.option(
    "--scope", type=click.Choice(_SCOPES), help="范围；无则为机构的每日上限 none: its day's requests"
)
@click.option("--key", default="", help="分支机构或查询人 a branch or person; none: every one")
@click.option("--allowed", type=click.IntRange(0), help="数量 the number; none: its own limit is taken away")
@_why
def limit(institution: str, scope: str | None, key: str, allowed: int | None, why: str) -> None:
    """上限 Propose a limit of INSTITUTION's own (none: it ends); a second person confirms."""
    act = "daily_quota" if scope is None else "unlimit" if allowed is None else "limit"
    _propose(institution, act, why, scope=scope, key=key, allowed=allowed)


@command.command("step-up")
@click.argument("institution")
@click.argument("person")
@_why
def step_up(institution: str, person: str, why: str) -> None:
    """再次确认身份 Have PERSON of INSTITUTION show a new code before asking on, at once."""
    _propose(institution, "step_up", why, key=person)


@command.command("lift")
@click.argument("institution")
@click.argument("incident", type=click.UUID)
@_why
def lift(institution: str, incident: UUID, why: str) -> None:
    """撤销处置 Propose to lift a confirmed INCIDENT; a second person confirms."""
    _propose(institution, "lift_incident", why, key=str(incident))


@command.command()
@click.argument("measure", type=click.UUID)
def confirm(measure: UUID) -> None:
    """确认 Confirm MEASURE, as another person than the one who proposed it."""
    with node.running(progress=False), answers.refusals():
        from rongxin.governance import measures

        answers.show(measures.confirm(measure, actor=_actor(), as_of=answers.now()))


@command.command()
@click.argument("measure", type=click.UUID)
def decline(measure: UUID) -> None:
    """不予采取 Let MEASURE be."""
    with node.running(progress=False), answers.refusals():
        from rongxin.governance import measures

        answers.show(measures.decline(measure, actor=_actor(), as_of=answers.now()))


def _propose(
    institution: str,
    act: str,
    why: str,
    *,
    scope: str | None = None,
    key: str = "",
    allowed: int | None = None,
) -> None:
    with node.running(progress=False), answers.refusals():
        from rongxin.governance import measures
        from rongxin.governance.rules import Act
        from rongxin.parties.rules.quota import Scope

        wanted = measures.Wanted(institution, Act(act), Scope(scope) if scope else None, key, allowed)
        answers.show(
            measures.propose(
                wanted, why=why, actor=answers.operator(permission.SECURITY), as_of=answers.now()
            )
        )


def _actor() -> Actor:
    return answers.operator(permission.SECURITY)
