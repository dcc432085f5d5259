"""Each room's migrations are one line: two with the same parent stop every node at its next start."""

from __future__ import annotations

import os
import subprocess
import sys

import django
import pytest
from django.conf import settings

if not settings.configured or not django.apps.apps.ready:
    django.setup()

from django.db.migrations.loader import MigrationLoader


def test_the_migrations_of_a_room_end_in_one() -> None:
    assert MigrationLoader(None).detect_conflicts() == {}


@pytest.mark.parametrize("seed", ["0", "1"])
def test_the_migrations_make_what_the_models_say(seed: str) -> None:
    """In every order that a set of a model's declaration may have."""
    command = [sys.executable, "-W", "ignore", "-m", "django", "makemigrations", "--check", "--dry-run"]
    more = {"DJANGO_SETTINGS_MODULE": "rongxin.site.settings", "RONGXIN_MODE": "test", "PYTHONHASHSEED": seed}
    done = subprocess.run(command, env=os.environ | more, capture_output=True, text=True, timeout=600)
    assert (done.returncode, done.stdout) == (0, "No changes detected\n"), done.stderr
