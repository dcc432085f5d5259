"""批量推送: an institution's subscriptions and their runs."""

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

from rongxin.catalogue import loader, regions
from rongxin.delivery.push import runs, subscriptions
from rongxin.delivery.push.errors import PushError
from rongxin.delivery.push.rules import Act, RunState, why
from rongxin.entrypoints.portals import coded, lists, pages, visitors, wording
from rongxin.entrypoints.portals.institution import pushing
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties.rules import permission


def _runs(visitor: Visitor, wanted: Wanted, window: Window) -> Part[runs.Card]:
    state = RunState(wanted["state"]) if wanted["state"] else None
    return runs.part_of(window, visitor.role.party, state=state, sort=wanted.sort)


def _made(run: runs.Card) -> Cell:
    return Cell(lists.at(run.intended_at), reverse("institution_push_run", args=[run.id]))


def _why(run: runs.Card) -> str:
    return wording.named(why(run.reason))


RUNS = Listing(
    "institution_pushes",
    _lazy("推送记录"),
    (
        Column(_lazy("生成"), _made, whole=True),
        Column(_lazy("种类"), lambda run: _("增量") if run.based_on else _("全量")),
        Column(_lazy("行数"), lambda run: run.rows, number=True),
        Column(_lazy("撤下"), lambda run: run.removed, number=True),
        Column(_lazy("状态"), lambda run: Cell(lists.label(run.state), tag="", note=_why(run))),
    ),
    _runs,
    _lazy("还没有推送过。"),
    (Filter("state", _lazy("状态"), "choice", lambda: lists.words(RunState)),),
    (("newest", _lazy("最近产生的在前")), ("oldest", _lazy("最早产生的在前"))),
)


@visitors.page(permission.INSTITUTION, "GET", "POST")
def pushes(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List subscriptions and runs; by POST subscribe to public information of a region."""
    if request.method != "POST" or lists.asked(request):
        return lists.answer(request, visitor, RUNS, "institution/pushes.html", _subscriptions(visitor))
    context = _pushes(request, visitor)
    try:
        terms = pushing.terms(request)
        subscriptions.subscribe(visitor.role.party, terms, actor=visitor.actor, as_of=visitor.at)
    except PushError as error:
        context |= {"mistake": pages.words(error), **pushing.sent(request)}
        return pages.render(request, "institution/pushes.html", context, status=422)
    messages.success(request, _("已订阅，首次推送会在几分钟内生成"))
    return redirect("institution_pushes")


@visitors.page(permission.INSTITUTION, "POST")
def subscription(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Ask for a run out of turn, or end the subscription for good."""
    by: dict[str, Any] = {"institution": visitor.role.party, "actor": visitor.actor, "as_of": visitor.at}
    try:
        if request.POST.get("act") == "end":
            subscriptions.move(number, Act.END, **by)
            messages.success(request, _("已终止订阅"))
        else:
            subscriptions.request(number, full=request.POST.get("act") == "full", **by)
            messages.success(request, _("已请求推送，生成后出现在下面"))
    except PushError as error:
        context = {**_pushes(request, visitor), "mistake": pages.words(error)}
        return pages.render(request, "institution/pushes.html", context, status=422)
    return redirect("institution_pushes")


def _pushes(request: HttpRequest, visitor: Visitor) -> dict[str, Any]:
    place = reverse("institution_pushes")
    return {**_subscriptions(visitor), "list": lists.shown(request, visitor, RUNS, place=place)}


def _subscriptions(visitor: Visitor) -> dict[str, Any]:
    known = loader.load()
    return {
        "here": "institution_pushes",
        "subscriptions": [
            {
                **card.document(),
                "labels": [known.items[name].label for name in card.terms.items if name in known.items],
                "industries": [coded.INDUSTRIES.shown(code) for code in card.terms.industries],
                "kinds": [kind.label for kind in card.terms.kinds],
                "regions": [regions.label(code) for code in card.terms.regions],
            }
            for card in subscriptions.listed(visitor.role.party)
        ],
        **pushing.choices(),
    }
