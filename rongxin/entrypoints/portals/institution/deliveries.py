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
from rongxin.delivery.push.rules import INTERVAL_HOURS_MAX, KINDS_BY_DEFAULT, Act, Form, RunState, Terms
from rongxin.entrypoints.portals import lists, pages, visitors
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties.rules import permission
from rongxin.parties.rules.size_class import SizeClass
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.subject_kind import SubjectKind


def _runs(visitor: Visitor, wanted: Wanted, window: Window) -> Part[runs.Card]:
    state = RunState(wanted["state"]) if wanted["state"] else None
    return runs.part_of(window, visitor.role.party, state=state, sort=wanted.sort)


RUNS = Listing(
    "institution_pushes",
    _lazy("推送记录"),
    (
        Column(_lazy("生成"), lambda run: lists.at(run.intended_at), whole=True),
        Column(_lazy("种类"), lambda run: _("增量") if run.based_on else _("全量")),
        Column(_lazy("行数"), lambda run: run.rows, number=True),
        Column(_lazy("撤下"), lambda run: run.removed, number=True),
        Column(_lazy("状态"), lambda run: Cell(lists.label(run.state), tag="", note=run.reason)),
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
        terms = _terms(request)
        if not (terms.items and terms.reference and terms.basis):
            raise PushError(_("请选择信息项，并填写业务编号和推送依据"))
        subscriptions.subscribe(visitor.role.party, terms, actor=visitor.actor, as_of=visitor.at)
    except PushError as error:
        context |= {
            "mistake": pages.words(error),
            "given": request.POST,
            **{name: request.POST.getlist(name) for name in ("items_wanted", "kinds_wanted", "sizes_wanted")},
        }
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


def _terms(request: HttpRequest) -> Terms:
    """Read the terms that a form holds; whether they will do is the room's to say."""
    given = request.POST
    hours = pages.whole(given.get("interval_hours", ""))
    if hours is None or not 1 <= hours <= INTERVAL_HOURS_MAX:
        most = {"most": INTERVAL_HOURS_MAX}
        raise PushError(_("推送间隔应为1至%(most)s之间的整数（小时）") % most)
    return Terms(
        items=tuple(given.getlist("items_wanted")),
        reference=given.get("reference", "").strip(),
        basis=given.get("basis", "").strip(),
        regions=tuple(given.get("regions", "").split()),
        sizes=tuple(given.getlist("sizes_wanted")),
        industries=tuple(given.get("industries", "").split()),
        kinds=tuple(kind for kind in SubjectKind if kind.value in given.getlist("kinds_wanted")),
        individuals_basis=given.get("individuals_basis", "").strip(),
        form=Form.CSV if given.get("form") == Form.CSV else Form.PARQUET,
        interval_hours=hours,
    )


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
                "kinds": [kind.label for kind in card.terms.kinds],
                "regions": [regions.label(code) for code in card.terms.regions],
            }
            for card in subscriptions.listed(visitor.role.party)
        ],
        "kinds": list(SubjectKind),
        "kinds_wanted": [kind.value for kind in KINDS_BY_DEFAULT],
        "sizes": list(SizeClass),
        "forms": list(Form),
        "items": [
            one
            for one in known.items.values()
            if any(c.mode is SharingMode.PHYSICAL_AGGREGATION and not c.consent for c in one.channels)
        ],
    }
