"""Health pages, and the headers that every answer carries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from rongxin.journal import entries, sequencer
from rongxin.journal.rules import Kind
from rongxin.vocabulary.actor import SYSTEM


def test_it_says_that_it_lives_without_a_database(client: Client) -> None:
    assert client.get("/livez").json() == {"status": "ok"}


@pytest.mark.django_db
def test_it_is_ready_when_the_tables_are_there(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ok", "database": "ok", "rights": "undivided", "journal": "current"},
    )


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "said"), [(31, "behind"), (5, "current")])
def test_entries_that_wait_tell_of_a_worker_that_is_away(client: Client, seconds: int, said: str) -> None:
    at = timezone.now() - timedelta(seconds=seconds)
    entries.append(Kind.KEY_CREATED, actor=SYSTEM, refs={"key": "k"}, as_of=at)
    entries.append(Kind.KEY_CREATED, actor=SYSTEM, refs={"key": "k"}, as_of=timezone.now())
    assert client.get("/readyz").json()["journal"] == said
    sequencer.integrate()
    assert client.get("/readyz").json()["journal"] == "current"


@pytest.mark.django_db(transaction=True)
def test_it_is_not_ready_without_its_database(client: Client) -> None:
    connection.close()
    host, connection.settings_dict["HOST"] = connection.settings_dict["HOST"], "/no/such/place"
    try:
        answer = client.get("/readyz")
    finally:
        connection.close()
        connection.settings_dict["HOST"] = host
    assert (answer.status_code, answer.json()["database"]) == (503, "unreachable")


def test_health_pages_are_read_only(client: Client) -> None:
    assert client.post("/livez").status_code == 405


@pytest.mark.parametrize("page", ["/livez", "/no-such-page"])
def test_every_answer_forbids_scripts_that_are_not_ours(client: Client, page: str) -> None:
    policy = client.get(page).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_every_answer_keeps_other_sites_out(client: Client) -> None:
    headers = client.get("/livez").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
