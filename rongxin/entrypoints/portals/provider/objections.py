"""异议核查: objections to a provider's records, by the day on which the answer is due."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.entrypoints.portals import lists, objected, pages, visitors, wording
from rongxin.entrypoints.portals.lists import Column
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties.rules import permission
from rongxin.rights import answers
from rongxin.rights.answers import Answer
from rongxin.rights.errors import RightsError
from rongxin.rights.rules.objection import Remedy
from rongxin.sharing.errors import SharingError

_HERE = "provider_objections"
OBJECTIONS = objected.listing(
    _HERE,
    _lazy("异议核查"),
    shown_at="provider_objection",
    about=Column(_lazy("信息项"), lambda row: wording.named(row["item_label"])),
    none=_lazy("没有待答复的异议。"),
)


@visitors.page(permission.PROVIDER, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List what waits for an answer, what is late first."""
    return lists.answer(request, visitor, OBJECTIONS, "provider/objections.html", {"here": _HERE})


@visitors.page(permission.PROVIDER, "GET", "POST")
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show what the subject says with its evidence; by POST answer, with reasons and remedy."""
    card = objected.own(number, visitor)
    context = objected.context(card, request, visitor) | {"here": _HERE}
    if request.method != "POST":
        return pages.render(request, "provider/objection.html", context)
    upheld = request.POST.get("outcome") == "upheld"
    values = {
        field: request.POST[f"value-{field}"].strip()
        for field in card.fields
        if request.POST.get(f"value-{field}", "").strip()
    }
    remedy = None
    if upheld:
        remedy = Remedy.AT_SOURCE if card.record is None else Remedy.CORRECT if values else Remedy.END
    try:
        answer = Answer(upheld, context["reason"], remedy, values)
        answers.decide(number, answer, actor=visitor.actor, as_of=visitor.at)
    except (RightsError, SharingError) as error:
        context["mistake"] = pages.words(error)
        return pages.render(request, "provider/objection.html", context, status=422)
    messages.success(
        request, _("已答复，企业和曾得到这条记录的机构会得到通知") if upheld else _("已答复，企业会得到通知")
    )
    return redirect(_HERE)


@visitors.page(permission.PROVIDER)
def evidence(request: HttpRequest, visitor: Visitor, number: UUID, paper: UUID) -> HttpResponse:
    """Hand out a piece of evidence, to be saved and never shown inside a page."""
    return objected.evidence(number, paper, visitor)
