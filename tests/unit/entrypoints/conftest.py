"""Requests of this floor's tests are answered with the rights of the web, commands run with the worker's.

They run under SET ROLE here, so that they see what the test wrote; that a role can't be left again is
proven in `database/`, where roles connect by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.client import ClientHandler

from rongxin.entrypoints.cli import node
from rongxin.entrypoints.database.declared import Role
from rongxin.sharing import errands
from tests.unit.entrypoints.database import stage
from tests.unit.entrypoints.database.stage import Division


@pytest.fixture(scope="session")
def division(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any
) -> Iterator[Division | None]:
    """Web and worker with their rights in the database of the tests; a run that needs none makes none."""
    if not any(item.get_closest_marker("django_db") for item in request.session.items):
        yield None
        return
    with django_db_blocker.unblock():
        made = stage.divide()
    yield made
    with django_db_blocker.unblock():
        stage.undo(made)


@contextmanager
def acting_as(name: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role')")
        (before,) = cursor.fetchone()
        cursor.execute(f'SET ROLE "{name}"')
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET ROLE" if before == "none" else f'SET ROLE "{before}"')


@pytest.fixture(autouse=True)
def each_in_its_role(division: Division | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer requests as the web; run commands and errands as the worker."""
    if division is None:
        return
    answer = ClientHandler.__call__

    def as_web(handler: ClientHandler, environ: dict[str, Any]) -> Any:
        if settings.RONGXIN_DATABASE_ROLE != Role.OWNER:  # the test has the process log in as a role
            return answer(handler, environ)
        with acting_as(division.names[Role.WEB]):
            return answer(handler, environ)

    def as_worker(act: Callable[..., Any]) -> Callable[..., Any]:
        def done(**given: Any) -> Any:
            with acting_as(division.names[Role.WORKER]):
                return act(**given)

        return done

    @contextmanager
    def running(*words: Any, role: Role = Role.WORKER, **given: Any) -> Iterator[node.Node]:
        with ordinary(*words, role=role, **given) as found:
            if role == Role.OWNER:
                yield found
                return
            with acting_as(division.names[role]):
                yield found

    ordinary = node.running
    monkeypatch.setattr(node, "running", running)
    monkeypatch.setattr(ClientHandler, "__call__", as_web)
    monkeypatch.setattr(errands, "ACTS", {name: as_worker(act) for name, act in errands.ACTS.items()})
