"""Production asks the server itself whether it keeps what it acknowledges."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from rongxin.postgres import tuning
from rongxin.site import checks

GOOD = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on", "rolsuper": "off"}


def test_it_accepts_a_durable_server_and_a_plain_role() -> None:
    assert checks.unsafe_in_production(GOOD) == []


@pytest.mark.parametrize("name", checks.DURABLE)
def test_it_refuses_a_server_that_may_lose_what_it_committed(name: str) -> None:
    (line,) = checks.unsafe_in_production(GOOD | {name: "off"})
    assert line.startswith(f"PostgreSQL runs with {name}=off")


def test_it_refuses_a_superuser() -> None:
    (line,) = checks.unsafe_in_production(GOOD | {"rolsuper": "on"})
    assert "NOSUPERUSER" in line


@pytest.mark.django_db
def test_it_asks_the_server_in_production_only(settings: Settings) -> None:
    """The cluster of the tests is unsafe on purpose, so it is the planted fault of this check."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    assert checks.refuse_unsafe_server(databases=["default"]) == []
    settings.RONGXIN_MODE = "production"
    found = [error.msg for error in checks.refuse_unsafe_server(databases=["default"])]
    assert any("synchronous_commit=off" in line for line in found)


def test_the_names_are_those_that_the_launcher_turns_off_for_tests() -> None:
    risky = tuning.settings("test", Path("/s")).items() - tuning.settings("demo", Path("/s")).items()
    assert {name for name, _ in risky} == set(checks.DURABLE)
