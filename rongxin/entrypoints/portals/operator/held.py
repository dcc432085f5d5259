"""待复核批次: batches that looked wrong and wait for a second person, who lets them in or hands them back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.catalogue import loader
from rongxin.entrypoints.portals import lists, pages, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties.rules import permission
from rongxin.sharing import jobs
from rongxin.sharing.aggregation import holding
from rongxin.sharing.errors import UnknownBatch


def _rows(_visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    find = wanted["find"]
    return holding.part_of(window, find=find, items=wording.items_called(find), sort=wanted.sort).of(_named)


def _named(batch: dict[str, Any]) -> dict[str, Any]:
    known = loader.load()
    return {
        **batch,
        "label": known.label(batch["item"]),
        "from": known.provider_label(batch["provider"]),
        "at": lists.at(parse_datetime(batch["received_at"])),
    }


def _why(batch: dict[str, Any]) -> Cell:
    first, *others = [one["message"] for one in batch["findings"]] or [""]
    return Cell(first, note=_("另有%(number)s处") % {"number": len(others)} if others else "")


HELD = Listing(
    "operator_held",
    _lazy("待复核的批次"),
    (
        Column(
            _lazy("信息项"),
            lambda row: Cell(wording.named(row["label"]), reverse("operator_held_one", args=[row["batch"]])),
        ),
        Column(_lazy("提供单位"), lambda row: wording.named(row["from"])),
        Column(_lazy("文件"), lambda row: row["file_name"]),
        Column(_lazy("收到"), lambda row: row["at"], whole=True),
        Column(_lazy("行数"), lambda row: row["read"] or "", number=True),
        Column(_lazy("为何暂存"), _why),
    ),
    _rows,
    _lazy("没有待复核的批次。"),
    (lists.SEARCH,),
    (("oldest", _lazy("等得最久的在前")), ("newest", _lazy("新提交的在前"))),
)


@visitors.page(permission.DESK | permission.AUDIT, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the held batches, the oldest first."""
    return lists.answer(request, visitor, HELD, "operator/held.html", {"here": "operator_held"})


@visitors.page(permission.DESK | permission.AUDIT)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show a held batch with all that was found in it."""
    return pages.render(request, "operator/held_one.html", _one(number, visitor))


@visitors.page(permission.CHECKER, "POST")
def release(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Let a held batch in; whoever handed it in may not."""
    holding.approve(number, actor=visitor.actor, as_of=visitor.at, then=jobs.defer_released)
    messages.success(request, _("已放行，正在入库"))
    return redirect("operator_held")


@visitors.page(permission.DESK, "POST")
def refuse(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Hand a held batch back as a whole, with the reason."""
    reason = request.POST.get("reason", "").strip()
    if not reason:
        context = {**_one(number, visitor), "mistake": _("请写明退回的原因")}
        return pages.render(request, "operator/held_one.html", context, status=422)
    holding.refuse(number, reason=reason, actor=visitor.actor, as_of=visitor.at)
    messages.success(request, _("已退回，提供单位可以看到原因"))
    return redirect("operator_held")


def _one(number: UUID, visitor: Visitor) -> dict[str, Any]:
    try:
        batch = _named(holding.one(number))
    except UnknownBatch as error:
        raise Http404(str(error)) from error
    who = (visitor.role.party_kind, visitor.role.role)
    return {
        "here": "operator_held",
        "one": batch,
        "checks": permission.CHECKER.admits(*who),
        "refuses": permission.DESK.admits(*who),
    }
