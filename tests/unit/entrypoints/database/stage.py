"""Roles of the tests' own in the database of the tests, and connections of theirs."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection, connections

from rongxin.entrypoints.database import granting
from rongxin.entrypoints.database.declared import BOUND, Role
from rongxin.entrypoints.database.granting import Login


@dataclass(frozen=True)
class Division:
    """The logins of web and worker."""

    logins: Mapping[Role, Login]

    @property
    def names(self) -> dict[Role, str]:
        return {role: login.name for role, login in self.logins.items()}

    @contextmanager
    def connected(self, role: Role) -> Iterator[psycopg.Connection[Any]]:
        """A connection that logs in as the role, as a node's process would."""
        place = connection.get_connection_params()
        address = {key: place[key] for key in ("host", "port", "dbname") if place.get(key)}
        login = self.logins[role]
        with psycopg.connect(
            **address, user=login.name, password=login.password or None, autocommit=True
        ) as own:
            yield own

    @contextmanager
    def process(self, role: Role) -> Iterator[None]:
        """Let this process work as the role, by connections of the role's own, as `addresses.use` does."""
        used, login = connections.settings["default"], self.logins[role]
        # The layer of settings of this moment: a test may lay another over it before we are done, and what
        # was put back there would go with it.
        layer: Any = settings._wrapped
        before = used["USER"], used["PASSWORD"], settings.RONGXIN_DATABASE_ROLE
        connection.close()
        used["USER"], used["PASSWORD"] = login.name, login.password
        _work_as(layer, role)
        try:
            yield
        finally:
            connection.close()
            used["USER"], used["PASSWORD"] = before[:2]
            _work_as(layer, before[2])


def _work_as(layer: Any, role: str) -> None:
    layer.RONGXIN_DATABASE_ROLE = role
    vars(settings).pop("RONGXIN_DATABASE_ROLE", None)  # what was read before is kept there


def divide(tag: str = "") -> Division:
    """Make the roles under names of this run's own: they are the whole server's, where others run too."""
    logins = {
        role: Login(f"test_{role.value}{tag}_{os.getpid()}", secrets.token_urlsafe(12)) for role in BOUND
    }
    granting.settle(logins)
    return Division(logins)


def undo(division: Division) -> None:
    with connection.cursor() as cursor:
        for name in division.names.values():
            cursor.execute(f'DROP OWNED BY "{name}"')
            cursor.execute(f'DROP ROLE "{name}"')
