"""接入状态: whether an institution is served now, and if not, why ((十))."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from rongxin.entrypoints.api import authentication
from rongxin.entrypoints.api.problems import Problem
from rongxin.parties import institutions
from rongxin.parties.rules.membership import PartyKind

router = Router(tags=["接入状态 Standing"])


@router.get(
    "/{institution}/standing",
    auth=authentication.UNSERVED_INSTITUTION | authentication.SECURITY | authentication.AUDIT,
    summary="接入状态 Standing",
)
def show(request: HttpRequest, institution: str) -> dict[str, Any]:
    """Return an institution's standing, to itself and the operator: served or not, why, what to do."""
    caller = authentication.caller(request)
    if caller.party_kind is PartyKind.INSTITUTION and caller.party != institution:
        raise Problem(404, "unknown_party", f"没有接入机构“{institution}”")
    card = institutions.get(institution)
    now = institutions.standing(institution, as_of=caller.at)
    return {
        "institution": card.id,
        "standing": card.standing.value,
        "standing_label": card.standing.label,
        "assessed_until": card.assessed_until,
        "conditions_until": card.conditions_until,
        "served": now.admitted,
        "reason": now.reason.value if now.reason else None,
        "message": now.message,
        "cases_required": card.cases_required,
    }
