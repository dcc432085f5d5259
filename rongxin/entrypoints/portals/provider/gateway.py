"""网关与约定: how the department's own machine answered, and the agreements by which it is asked in bulk."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse

from rongxin.catalogue import loader
from rongxin.entrypoints.portals import pages, shown, visitors
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties import providers
from rongxin.parties.rules import permission
from rongxin.sharing import call_register, gateways
from rongxin.sharing.bulk import agreements, refresh
from rongxin.sharing.schedule import lateness
from rongxin.sharing.schedule.rules import Every
from rongxin.vocabulary.sharing_mode import SharingMode

_DAYS = 30


@visitors.page(permission.PROVIDER)
def show(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Show the last day's health, a month's answers by item, agreements and when batches are due."""
    own, at = visitor.role.party, visitor.at
    (health,) = call_register.health([own], as_of=at)
    asked = call_register.answered(own, since=at - timedelta(days=_DAYS), until=at)
    context = {
        "here": "provider_gateway",
        "days": _DAYS,
        "remit": shown.remit(providers.get(own)),
        "health": health,
        "rate": None if health.rate is None else round(100 * health.rate, 1),
        "calls": [{**asdict(one), "label": _label(one.item)} for one in asked],
        "items": _items(own),
        "agreements": [
            {**card.document(), "label": _label(card.item)} for card in agreements.every(provider=own)
        ],
        "load": [dict(one) for one in refresh.status(as_of=at, provider=own)],
        "plans": [_plan(one) for one in lateness.shown(provider=own, as_of=at)],
    }
    return pages.render(request, "provider/gateway.html", context)


def _plan(plan: dict[str, Any]) -> dict[str, Any]:
    words = shown.plan(Every(plan["every"]), plan["day"], plan["grace_working_days"])
    return {**plan, "label": words, "last": plan["overdue"] or plan["last"], "late": bool(plan["overdue"])}


def _items(own: str) -> list[dict[str, Any]]:
    """Return which items are asked of this provider by call or check, and whether its gateway serves them."""
    asked = [
        (item.item, channel.mode)
        for item in loader.load().items.values()
        for channel in item.channels
        if channel.provider == own
        and channel.mode in (SharingMode.INTERFACE_CALL, SharingMode.DATA_VERIFICATION)
    ]
    served = gateways.connected((own, item) for item, _ in asked)
    return [
        {"label": _label(item), "mode": mode.label, "served": (own, item) in served} for item, mode in asked
    ]


def _label(item: str) -> str:
    known = loader.load().items
    return known[item].label if item in known else item
