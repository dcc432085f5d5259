"""As whom a process meets the database: where each role's address stands, and how a process takes a role on.

The settings choose the role that `RONGXIN_DATABASE_ROLE` names. A command that makes tables first begins as
the owner and then goes on as another, with connections of that role's own: SET ROLE could be undone.
"""

from __future__ import annotations

import os

from django.conf import settings
from django.db import connections

from rongxin.entrypoints.database.declared import BOUND, VARIABLES, Role


def divided() -> bool:
    """Whether web and worker have addresses of their own; without them they connect as the owner."""
    return all(os.environ.get(VARIABLES[role]) for role in BOUND)


def connected_as(role: Role) -> bool:
    """Whether this process meets the database as `role`, under an address of that role's own."""
    return bool(role == settings.RONGXIN_DATABASE_ROLE)


def use(role: Role) -> None:
    """Go on as `role`, with new connections; where it has no address of its own, as the owner."""
    known = settings.RONGXIN_DATABASES
    role = role if role in known else Role.OWNER
    os.environ["RONGXIN_DATABASE_ROLE"] = role
    if role == settings.RONGXIN_DATABASE_ROLE:
        return
    disconnect()
    settings.RONGXIN_DATABASE_ROLE = role
    used, (database, options) = connections.settings["default"], known[role]
    others = {name for _, each in known.values() for name in each}
    kept = {name: value for name, value in used["OPTIONS"].items() if name not in others}
    place = {name: value for name, value in database.items() if name != "NAME"}
    used.update(place, OPTIONS={**kept, **options})


def forget_others(role: Role) -> None:
    """Forget every address but the role's own, so that a web process and its children know no other.

    The kernel still shows what the process was started with: production gives each process its own only.
    """
    known = settings.RONGXIN_DATABASES
    if role not in known:
        return
    settings.RONGXIN_DATABASES = {role: known[role]}
    for other, name in VARIABLES.items():
        if other is not role:
            os.environ.pop(name, None)


def disconnect() -> None:
    """Close every connection this process holds, the pool's too."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        close_pool = getattr(connection, "close_pool", None)
        if close_pool is not None:
            close_pool()
