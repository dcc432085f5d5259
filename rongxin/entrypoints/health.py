"""Two questions of whoever runs the node: does the process live, and can it do its work?"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from rongxin.entrypoints.database import rights
from rongxin.entrypoints.database.declared import Role
from rongxin.journal import sequencer

# Three times what promise P5 allows between checkpoints.
_BEHIND = timedelta(seconds=30)


@never_cache
@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    """Answer without touching anything: a node whose database is away must not be killed for it."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Say 200 if requests can be served, else 503 with the part that is missing (no detail leaves).

    `rights` tells whether the role of this connection may what is declared of it; in production it must.
    `journal` tells of the worker: `behind` when entries wait for their place for longer than a worker that
    lives would leave them. Requests are served all the same.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        executor = MigrationExecutor(connection)
        up_to_date = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        waiting = sequencer.waiting_since() if up_to_date else None
        rights_are = _rights() if up_to_date else ""
    except Error:
        return JsonResponse({"status": "unavailable", "database": "unreachable"}, status=503)
    if not up_to_date:
        return JsonResponse({"status": "unavailable", "database": "tables out of date"}, status=503)
    if rights_are != "declared" and settings.RONGXIN_MODE == "production":
        return JsonResponse({"status": "unavailable", "database": f"rights {rights_are}"}, status=503)
    behind = waiting is not None and timezone.now() - waiting > _BEHIND
    return JsonResponse(
        {
            "status": "ok",
            "database": "ok",
            "rights": rights_are,
            "journal": "behind" if behind else "current",
        }
    )


def _rights() -> str:
    """`declared` where this connection may what is declared of its role; `undivided`: it is the owner's."""
    role = settings.RONGXIN_DATABASE_ROLE
    if role == Role.OWNER:
        return "undivided"
    return "differ" if rights.difference(role, connection.settings_dict["USER"]) else "declared"
