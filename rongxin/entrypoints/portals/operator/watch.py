"""监测与处置: what the operator must look at today, by role: alarms, incidents, applications, the journal."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from rongxin.consent import written
from rongxin.entrypoints.portals import lists, pages, shown, visitors
from rongxin.entrypoints.portals.operator.alarms import ALARMS
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.governance import alarms
from rongxin.governance.conditions import extensions, fulfilment
from rongxin.governance.errors import GovernanceError
from rongxin.governance.onboarding import applications
from rongxin.governance.watching import incidents
from rongxin.governance.watching.rules import Figure
from rongxin.journal import checkpoints
from rongxin.parties import break_glass
from rongxin.parties.rules import permission
from rongxin.parties.rules.membership import PartyKind
from rongxin.rights import objections, repairs
from rongxin.sharing.aggregation import holding
from rongxin.sharing.batch_endings import proposals

_SEES_WATCH = permission.SECURITY | permission.AUDIT
_SEES_DESK = permission.DESK | permission.SECURITY | permission.AUDIT
_SHOWN = 50
_COUNTED = 500


@visitors.page(permission.STAFF)
def home(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Show what waits for this person: each role sees its own work and no other."""
    context: dict[str, Any] = {"here": "operator", "latest": checkpoints.latest()}
    if _sees(_SEES_WATCH, visitor):
        context["alarms"] = alarms.part_of(pages.first(_SHOWN), waiting_only=True).rows
        context["incidents"] = _incidents(live_only=True)
    if _sees(permission.DESK | permission.AUDIT, visitor):
        context["held"], context["proposals"] = holding.waiting(), proposals.waiting()
    if _sees(_SEES_DESK, visitor):
        context["applications"] = applications.part_of(pages.first(_COUNTED), waiting_only=True).rows
        context["conditions"], context["extensions"] = fulfilment.reported(), extensions.waiting()
    if _sees(permission.DESK | permission.AUDIT, visitor):
        context["cases"] = _cases(visitor)
    if _sees(_SEES_WATCH, visitor):
        context["glass"] = len(break_glass.waiting(as_of=visitor.at))
    return pages.render(request, "operator/home.html", context)


@visitors.page(_SEES_WATCH, "GET", "POST")
def watch(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the incidents and the alarms that wait, or all of them."""
    return lists.answer(request, visitor, ALARMS, "operator/watch.html", _watched(request, visitor))


@visitors.page(permission.SECURITY, "POST")
def decide(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Confirm an incident or clear it, with the reason."""
    why = request.POST.get("why", "").strip()
    try:
        if not why:
            raise GovernanceError(_("请写明理由"))
        cleared = request.POST.get("outcome") == "cleared"
        incidents.decide(number, cleared=cleared, why=why, actor=visitor.actor, as_of=visitor.at)
    except GovernanceError as error:
        place = reverse("operator_watch")
        listed = {"list": lists.shown(request, visitor, ALARMS, place=place)}
        context = {**_watched(request, visitor), **listed, "mistake": pages.words(error)}
        return pages.render(request, "operator/watch.html", context, status=422)
    messages.success(request, _("已作出决定，机构可以看到"))
    return redirect("operator_watch")


def _cases(visitor: Visitor) -> dict[str, Any]:
    """Count what waits in the queues, and what of it is late; no more than a page of each."""
    objected = objections.queue(pages.first(_SHOWN)).rows
    return {
        "objections": len(objected),
        "late": sum(card.document(on=visitor.today)["overdue"] for card in objected),
        "repairs": len(repairs.queue(pages.first(_SHOWN)).rows),
        "papers": len(written.listed(pages.first(_SHOWN)).rows),
    }


def _watched(request: HttpRequest, visitor: Visitor) -> dict[str, Any]:
    every = request.GET.get("all") == "1"
    return {
        "here": "operator_watch",
        "decides": _sees(permission.SECURITY, visitor),
        "incidents": [_incident(one, visitor) for one in _incidents(live_only=not every)],
    }


def _incidents(*, live_only: bool) -> list[incidents.Card]:
    return list(incidents.part_of(pages.first(_SHOWN), institution_id=None, live_only=live_only).rows)


def _incident(card: incidents.Card, visitor: Visitor) -> dict[str, Any]:
    return {
        "card": card,
        "institution": shown.name(PartyKind.INSTITUTION, card.institution),
        "counted": [(Figure(name).label, count) for name, count in card.figures.items()],
        "overdue": card.overdue(visitor.today),
    }


def _sees(wanted: permission.Permission, visitor: Visitor) -> bool:
    return wanted.admits(visitor.role.party_kind, visitor.role.role)
