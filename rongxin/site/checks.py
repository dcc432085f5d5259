"""What a production node asks its database server before it serves: a setting in a file proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connection

DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


@register(Tags.database)
def refuse_unsafe_server(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Refuse a server that may lose what it committed, or a role that no table's rights bind."""
    if not databases or settings.RONGXIN_MODE != "production":
        return []
    return [Error(line, id="rongxin.E001") for line in unsafe_in_production(ask())]


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
