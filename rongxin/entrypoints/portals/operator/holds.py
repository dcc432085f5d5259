"""暂缓告知: a department's uses kept from a firm's list by law, by two persons, until a last day ((九))."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.entrypoints.portals import lists, pages, shown, visitors
from rongxin.entrypoints.portals.lists import Cell, Column, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties import departments
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules import permission
from rongxin.rights import holds, policy
from rongxin.rights.errors import HoldRefused, RightsError
from rongxin.rights.holds import Card
from rongxin.rights.rules import use
from rongxin.rights.rules.use import HoldAct, HoldState

_HERE = "operator_holds"
_SEES = permission.SECURITY | permission.AUDIT
_REFUSED = (RightsError, PartiesError)


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[Card]:
    return holds.every(window, find=wanted["find"])


HOLDS = Listing(
    _HERE,
    _lazy("暂缓告知"),
    (
        Column(_lazy("企业"), lambda card: Cell(card.uscc, reverse("operator_hold", args=[card.id]))),
        Column(_lazy("部门"), lambda card: departments.get(card.department).name),
        Column(_lazy("法律依据"), lambda card: card.legal_basis),
        Column(_lazy("最后一天"), lambda card: card.until.isoformat()),
        Column(
            _lazy("状态"),
            lambda card: Cell(
                lists.label(card.state), tag="warn" if card.state is HoldState.PROPOSED else ""
            ),
        ),
    ),
    _rows,
    _lazy("没有暂缓告知：企业看得到每一次查询。"),
    (lists.SEARCH,),
)


@visitors.page(_SEES, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the holds; by POST ask for one, which another person confirms."""
    context = {
        "here": _HERE,
        "given": request.POST,
        "departments": departments.every(),
        "days_max": policy.holds_on(visitor.today).days_max,
        "proposes": _decides(visitor),
    }
    if request.method != "POST" or lists.asked(request):
        return lists.answer(request, visitor, HOLDS, "operator/holds.html", context)
    try:
        if not _decides(visitor):
            raise HoldRefused(_("暂缓告知由安全管理员提出"))
        holds.propose(
            request.POST.get("uscc", ""),
            request.POST.get("department", ""),
            legal_basis=request.POST.get("legal_basis", ""),
            until=_day(request.POST.get("until", "")),
            actor=visitor.actor,
            as_of=visitor.at,
        )
    except _REFUSED as error:
        told = {"mistake": pages.words(error), "list": lists.shown(request, visitor, HOLDS)}
        return pages.render(request, "operator/holds.html", {**context, **told}, status=422)
    messages.success(request, _("已提出，由另一人核准后生效"))
    return redirect(_HERE)


@visitors.page(_SEES, "GET", "POST")
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show a hold whole; by POST confirm, decline or lift it."""
    context = _one(holds.get(number), visitor)
    if request.method != "POST":
        return pages.render(request, "operator/matter.html", context)
    try:
        if request.POST.get("act") not in [value for value, _label in context["acts"]]:
            raise HoldRefused(_("请选择要办理的事项"))
        holds.decide(number, HoldAct(request.POST["act"]), actor=visitor.actor, as_of=visitor.at)
    except _REFUSED as error:
        context["mistake"] = pages.words(error)
        return pages.render(request, "operator/matter.html", context, status=422)
    messages.success(request, _("已办理，立即生效"))
    return redirect("operator_hold", number=number)


def _decides(visitor: Visitor) -> bool:
    return permission.SECURITY.admits(visitor.role.party_kind, visitor.role.role)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise HoldRefused(_("请填写日期，形如 2026-12-31")) from error


def _one(card: Card, visitor: Visitor) -> dict[str, Any]:
    words = {
        HoldAct.CONFIRM: _("核准"),
        HoldAct.DECLINE: _("不予核准"),
        HoldAct.LIFT: _("提前解除，现在就告知企业"),
    }
    acts = use.TRANSITIONS[card.state] if _decides(visitor) else {}
    return {
        "here": _HERE,
        "title": card.uscc,
        "state": card.state.label,
        "waits": card.state is HoldState.PROPOSED,
        "facts": [
            (_("部门"), departments.get(card.department).name),
            (_("法律依据"), card.legal_basis),
            (_("最后一天"), card.until.isoformat()),
            (_("提出人"), f"{shown.actor(card.proposed_by)} {lists.at(card.proposed_at)}"),
            (_("核准人"), f"{shown.actor(card.confirmed_by)} {lists.at(card.confirmed_at)}".strip()),
            (_("解除"), lists.at(card.lifted_at)),
        ],
        "acts": [(act.value, words[act]) for act in acts],
        "meaning": _("提出人不能核准自己提出的。查询照常记入存证，期满或解除后企业都能看到。"),
        "back": _("回到暂缓告知"),
    }
