"""Our pages, served for a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.entrypoints import security
from rongxin.parties import seed
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage

STATIC = Path(security.__file__).parent / "static"


@pytest.fixture
def home(live_server, settings, monkeypatch):
    """Our pages, served; the browser's driver runs a loop in this thread, which Django would refuse."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    settings.STATIC_ROOT = str(STATIC)
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    stage.bank()
    yield live_server.url
    # The server's threads may still hold connections, which would keep the database from being dropped.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
