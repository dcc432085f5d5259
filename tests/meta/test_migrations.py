"""Each room's migrations are one line: two with the same parent stop every node at its next start."""

from __future__ import annotations

import django
from django.conf import settings

if not settings.configured or not django.apps.apps.ready:
    django.setup()

from django.db.migrations.loader import MigrationLoader


def test_the_migrations_of_a_room_end_in_one() -> None:
    assert MigrationLoader(None).detect_conflicts() == {}
