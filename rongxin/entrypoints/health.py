"""Two questions of whoever runs the node: does the process live, and can it do its work?"""

from __future__ import annotations

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@never_cache
@require_safe
def livez(request: HttpRequest) -> JsonResponse:
    """Answer without touching anything: a node whose database is away must not be killed for it."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Say 200 if requests can be served, else 503 with the part that is missing (no detail leaves)."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        executor = MigrationExecutor(connection)
        up_to_date = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error:
        return JsonResponse({"status": "unavailable", "database": "unreachable"}, status=503)
    if not up_to_date:
        return JsonResponse({"status": "unavailable", "database": "tables out of date"}, status=503)
    return JsonResponse({"status": "ok", "database": "ok"})
