"""`rongxin database`: the roles under which web and worker connect, and what each may."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from rongxin.entrypoints.cli import node
from rongxin.entrypoints.database.declared import BOUND, VARIABLES, Role

if TYPE_CHECKING:
    from rongxin.entrypoints.database import granting


@click.group()
def command() -> None:
    """The roles of the database: owner, web and worker."""


@command.command()
@click.option(
    "--check", is_flag=True, help="Change nothing: say what differs; exit status 1 if anything does."
)
@click.option("--sql", "as_sql", is_flag=True, help="Change nothing: print the SQL for an administrator.")
def roles(check: bool, as_sql: bool) -> None:
    """Make the roles of RONGXIN_WEB_DATABASE_URL and RONGXIN_WORKER_DATABASE_URL, and grant what is declared.

    Runs as the owner (DATABASE_URL), brings the tables up to date first, and may be run again at any time.
    """
    with node.running(role=Role.OWNER):
        _refuse_without_addresses()
        from django.conf import settings

        from rongxin.entrypoints.database import granting

        logins = granting.logins(settings.RONGXIN_DATABASES)
        if as_sql:
            for line in granting.script(logins):
                click.echo(line)
            return
        if not check:
            _settle(logins)
        told = [_tell(role, login.name) for role, login in logins.items()]
        if not all(told):
            raise SystemExit(1)


def _refuse_without_addresses() -> None:
    missing = [name for role in (Role.OWNER, *BOUND) if not os.environ.get(name := VARIABLES[role])]
    if missing:
        raise click.ClickException(
            f"请先给出 {'、'.join(missing)}：三个角色各用一个地址，用户名即角色名 "
            f"set {', '.join(missing)} first: each role has an address whose user is the role's name"
        )


def _settle(logins: dict[Role, granting.Login]) -> None:
    from django.db import ProgrammingError

    from rongxin.entrypoints.database import granting

    try:
        made = granting.settle(logins)
    except ProgrammingError as error:
        raise click.ClickException(
            f"{' '.join(str(error).split())}：请数据库管理员运行 rongxin database roles --sql 给出的语句 "
            "have an administrator run what `rongxin database roles --sql` prints"
        ) from error
    for name in made:
        click.echo(f"已建立角色 {name} role made")


def _tell(role: Role, name: str) -> bool:
    """Say how a role stands; whether it may exactly what is declared."""
    from rongxin.entrypoints.database import rights

    found = rights.difference(role, name)
    for line in found.more:
        click.echo(f"{name}（{role}）多出 beyond what is declared: {line}")
    for line in found.less:
        click.echo(f"{name}（{role}）缺少 lacks: {line}")
    if not found:
        click.echo(f"{name}（{role}）权限与声明一致 may what is declared, no more")
    return not found
