"""What a production node asks its database server before it serves: a setting in a file proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection

from rongxin.entrypoints.database import rights
from rongxin.entrypoints.database.declared import Role

DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


@register(Tags.database)
def refuse_unsafe_server(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Refuse a server that may lose what it committed, or a role that no table's rights bind."""
    if not databases or settings.RONGXIN_MODE != "production":
        return []
    return [Error(line, id="rongxin.E001") for line in unsafe_in_production(ask())]


@register(Tags.database)
def refuse_undeclared_rights(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Refuse in production a role of web or worker that may more than is declared of it, or less."""
    role = settings.RONGXIN_DATABASE_ROLE
    if not databases or settings.RONGXIN_MODE != "production" or role == Role.OWNER:
        return []
    line = undeclared(role)
    return [Error(line, id="rongxin.E002")] if line else []


def undeclared(role: Role) -> str:
    """Say in a line how the role of this connection differs from what is declared; "" where it doesn't."""
    name = connection.settings_dict["USER"]
    found = rights.difference(role, name)
    if not found:
        return ""
    told = [
        f"{label} {_few(lines)}" for label, lines in (("多出", found.more), ("缺少", found.less)) if lines
    ]
    return (
        f"数据库角色 {name}（{role}）的权限与声明不符：{'；'.join(told)}。请以所有者地址（DATABASE_URL）运行"
        " rongxin database roles；不能由它收回的，请数据库管理员处理"
        f" the rights of role {name} differ from what is declared: run `rongxin database roles` as the owner"
    )


def _few(lines: Sequence[str]) -> str:
    return "、".join(lines[:5]) + (f"……共{len(lines)}项" if len(lines) > 5 else "")


def ask() -> dict[str, str]:
    """Read the settings in force and whether our role is a superuser (`rolsuper`: on or off)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"
            " UNION ALL SELECT 'rolsuper', CASE WHEN rolsuper THEN 'on' ELSE 'off' END"
            " FROM pg_roles WHERE rolname = current_user",
            [list(DURABLE)],
        )
        return dict(cursor.fetchall())


def unsafe_in_production(found: dict[str, str]) -> list[str]:
    """One line for each thing that production can't rest on."""
    lines = [
        f"PostgreSQL runs with {name}=off: what was acknowledged could be lost; set it to on"
        for name in DURABLE
        if found[name] == "off"
    ]
    if found["rolsuper"] == "on":
        lines.append("DATABASE_URL names a superuser: production needs a role that is none (NOSUPERUSER)")
    return lines
