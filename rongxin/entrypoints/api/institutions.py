"""接入机构: the list of those that are connected, with their standing, for the operator ((六)(十))."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from rongxin.entrypoints.api import authentication, paging
from rongxin.parties import institutions
from rongxin.parties.rules.standing import InstitutionKind, Standing

router = Router(tags=["接入机构 Institutions"])


@router.get(
    "",
    auth=authentication.DESK | authentication.SECURITY | authentication.AUDIT,
    summary="接入机构一览 Institutions, by name",
)
def listed(
    request: HttpRequest,
    answer: HttpResponse,
    wanted: Query[paging.Wanted],
    find: paging.Find = "",
    kind: InstitutionKind | None = None,
    standing: Standing | None = None,
) -> list[dict[str, Any]]:
    """List who is connected; `find`: those with this in their name or id, or of this code."""
    part = institutions.part_of(paging.window(request, wanted), find=find, kind=kind, standing=standing)
    paging.link(request, answer, part)
    return [
        {
            "institution": one.id,
            "name": one.name,
            "uscc": one.uscc,
            "kind": one.kind.value,
            "kind_label": one.kind.label,
            "standing": one.standing.value,
            "standing_label": one.standing.label,
            "assessed_until": one.assessed_until,
            "daily_quota": one.daily_quota,
        }
        for one in part.rows
    ]
