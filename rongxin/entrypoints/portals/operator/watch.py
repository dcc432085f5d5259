"""监测与处置: what the operator must look at today, by role: alarms, incidents, applications, the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.catalogue import loader
from rongxin.consent import written
from rongxin.entrypoints.portals import pages, shown, visitors, wording
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.governance import alarms
from rongxin.governance.errors import GovernanceError
from rongxin.governance.onboarding import applications
from rongxin.governance.watching import incidents
from rongxin.governance.watching.rules import Figure, Rule
from rongxin.journal import checkpoints
from rongxin.parties import break_glass
from rongxin.parties.rules import permission
from rongxin.parties.rules.membership import PartyKind
from rongxin.rights import objections, repairs
from rongxin.sharing.aggregation import holding

_SEES_WATCH = permission.SECURITY | permission.AUDIT
_SEES_DESK = permission.DESK | permission.SECURITY | permission.AUDIT
_SHOWN = 50
_COUNTED = 500
_Told = Callable[[str], str]


def _item(name: str) -> str:
    """Return what an item is called; one that the catalogue has no more goes by its name."""
    known = loader.load().items.get(name)
    return wording.named(known.label) if known else name


#: What an alarm is about: how that is called, and how a page says it.
_ABOUT: Mapping[str, tuple[Promise, _Told]] = {
    "institution": (_lazy("机构"), lambda text: shown.name(PartyKind.INSTITUTION, text)),
    "rule": (_lazy("规则"), lambda text: wording.named(Rule(text).label)),
    "person": (_lazy("查询人"), str),
    "provider": (_lazy("数据提供单位"), lambda text: wording.named(shown.name(PartyKind.PROVIDER, text))),
    "subject": (_lazy("企业"), lambda text: shown.name(PartyKind.SUBJECT, text)),
    "item": (_lazy("信息项"), _item),
    "day": (_lazy("日期"), str),
    "due_on": (_lazy("期限"), str),
    "objection": (_lazy("异议"), str),
    "correction": (_lazy("更正通知"), str),
    "repair": (_lazy("信用修复申请"), str),
    "application": (_lazy("融资申请"), str),
    "consent": (_lazy("授权"), str),
}


@visitors.page(permission.STAFF)
def home(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Show what waits for this person: each role sees its own work and no other."""
    context: dict[str, Any] = {"here": "operator", "latest": checkpoints.latest()}
    if _sees(_SEES_WATCH, visitor):
        context["alarms"] = alarms.part_of(pages.first(_SHOWN), waiting_only=True).rows
        context["incidents"] = _incidents(live_only=True)
    if _sees(permission.DESK | permission.AUDIT, visitor):
        context["held"] = holding.waiting()
    if _sees(_SEES_DESK, visitor):
        context["applications"] = applications.part_of(pages.first(_COUNTED), waiting_only=True).rows
    if _sees(permission.DESK | permission.AUDIT, visitor):
        context["cases"] = _cases(visitor)
    if _sees(_SEES_WATCH, visitor):
        context["glass"] = len(break_glass.waiting(as_of=visitor.at))
    return pages.render(request, "operator/home.html", context)


@visitors.page(_SEES_WATCH)
def watch(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    return pages.render(request, "operator/watch.html", _watched(request, visitor))


@visitors.page(permission.SECURITY, "POST")
def acknowledge(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Say that an alarm was seen and what was done about it; once, for good."""
    note = request.POST.get("note", "").strip()
    try:
        if not note:
            raise GovernanceError(_("请写明处置情况"))
        alarms.acknowledge(number, note=note, actor=visitor.actor, as_of=visitor.at)
    except GovernanceError as error:
        context = {**_watched(request, visitor), "mistake": pages.words(error)}
        return pages.render(request, "operator/watch.html", context, status=422)
    messages.success(request, _("已记录处置情况"))
    return redirect("operator_watch")


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
        context = {**_watched(request, visitor), "mistake": pages.words(error)}
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
    part = alarms.part_of(pages.window(request), waiting_only=not every)
    return {
        "here": "operator_watch",
        "every": every,
        "decides": _sees(permission.SECURITY, visitor),
        "alarms": [_alarm(one) for one in part.rows],
        "onward": pages.onward(part.last),
        "incidents": [_incident(one, visitor) for one in _incidents(live_only=not every)],
    }


def _alarm(card: alarms.Card) -> dict[str, Any]:
    about = [
        (label, told(str(card.refs[name]))) for name, (label, told) in _ABOUT.items() if name in card.refs
    ]
    return {"card": card, "about": about}


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
