"""推送订阅: what is pushed to institutions; confirmed, stopped and resumed by the operator ((六)(十))."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.catalogue import loader
from rongxin.delivery.push import rules, subscriptions
from rongxin.delivery.push.errors import NotPossible, PushError
from rongxin.delivery.push.rules import Act, Status
from rongxin.delivery.push.subscriptions import Card
from rongxin.entrypoints.portals import coded, lists, pages, shown, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties import institutions
from rongxin.parties.rules import permission

_HERE = "operator_subscriptions"
_SEES = permission.SYSTEM | permission.SECURITY | permission.AUDIT
_TONES = {Status.WAITING: "warn", Status.STOPPED: "warn", Status.ACTIVE: "good"}


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[Card]:
    return subscriptions.part_of(window)


SUBSCRIPTIONS = Listing(
    _HERE,
    _lazy("推送订阅"),
    (
        Column(
            _lazy("机构"),
            lambda card: Cell(
                institutions.get(card.institution).name, reverse("operator_subscription", args=[card.id])
            ),
        ),
        Column(_lazy("业务编号"), lambda card: card.terms.reference),
        Column(_lazy("信息项"), lambda card: len(card.terms.items), number=True),
        Column(_lazy("主体"), lambda card: wording.listed(kind.label for kind in card.terms.kinds)),
        Column(_lazy("状态"), lambda card: Cell(lists.label(card.status), tag=_TONES.get(card.status, ""))),
    ),
    _rows,
    _lazy("还没有机构订阅推送。"),
)


@visitors.page(_SEES, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List all subscriptions, the newest first."""
    return lists.answer(request, visitor, SUBSCRIPTIONS, "operator/subscriptions.html", {"here": _HERE})


@visitors.page(_SEES, "GET", "POST")
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show a subscription with its terms; by POST confirm, stop or resume it, with the reason."""
    context = _one(subscriptions.get(number), visitor)
    if request.method != "POST":
        return pages.render(request, "operator/matter.html", context)
    act, why = request.POST.get("act", ""), request.POST.get("reason", "").strip()
    by: dict[str, Any] = {"why": why, "actor": visitor.actor, "as_of": visitor.at}
    try:
        if act not in [value for value, _label in context["acts"]] or not why:
            raise NotPossible(_("请选择要办理的事项，并写明理由"))
        if act == Act.CONFIRM:
            subscriptions.confirm(number, pages.whole(request.POST.get("version", "")) or 0, **by)
        else:
            subscriptions.move(number, Act(act), institution=None, **by)
    except PushError as error:
        context |= {"mistake": pages.words(error), "reason": why}
        return pages.render(request, "operator/matter.html", context, status=422)
    messages.success(request, _("已办理，立即生效"))
    return redirect("operator_subscription", number=number)


def _one(card: Card, visitor: Visitor) -> dict[str, Any]:
    terms, known = card.terms, loader.load()
    words = {Act.CONFIRM: _("依据属实，确认"), Act.STOP: _("停止推送"), Act.RESUME: _("恢复推送")}
    decides = permission.SECURITY.admits(visitor.role.party_kind, visitor.role.role)
    acts = [act for act in rules.TRANSITIONS[card.status] if act in words] if decides else []
    return {
        "here": _HERE,
        "title": f"{institutions.get(card.institution).name} · {terms.reference}",
        "state": card.status.label,
        "waits": card.status in (Status.WAITING, Status.STOPPED),
        "facts": [
            (_("信息项"), wording.listed(known.label(name) for name in terms.items)),
            (_("主体"), wording.listed(kind.label for kind in terms.kinds)),
            (_("推送依据"), terms.basis),
            (_("包含个体工商户的依据"), terms.individuals_basis),
            (_("地区"), _("、").join(shown.region(code) for code in terms.regions) or _("全部")),
            (_("行业"), _("、").join(coded.INDUSTRIES.shown(code) for code in terms.industries) or _("全部")),
            (_("条款"), _("第%(number)s版") % {"number": card.version}),
            (_("推送间隔"), _("每%(hours)s小时") % {"hours": terms.interval_hours}),
            (_("说明"), card.why),
        ],
        "acts": [(act.value, words[act]) for act in acts],
        "hidden": [("version", card.version)],
        "meaning": _("停止后不再生成推送，已生成而未下载的也不再给出；机构看得到理由。"),
        "reasoned": True,
        "back": _("回到推送订阅"),
    }
