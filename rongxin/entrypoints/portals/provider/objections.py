"""异议核查: objections to a provider's records, by the day on which the answer is due."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.entrypoints.api import handed_in
from rongxin.entrypoints.portals import lists, pages, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties import subjects
from rongxin.parties.rules import permission
from rongxin.rights import answers, objections, opened, papers
from rongxin.rights.answers import Answer
from rongxin.rights.errors import RightsError
from rongxin.rights.objection_cards import Card
from rongxin.rights.rules.objection import OPEN, Remedy
from rongxin.sharing.errors import SharingError


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    part = objections.queue(
        window,
        provider=visitor.role.party,
        open_only=not wanted["all"],
        find=wanted["find"],
        sort=wanted.sort,
    )
    firms = subjects.many({card.subject for card in part.rows})
    return part.of(lambda card: {**card.document(on=visitor.today), "firm": firms[card.subject].name})


OBJECTIONS = Listing(
    "provider_objections",
    _lazy("异议核查"),
    (
        Column(
            _lazy("答复期限"),
            lambda row: Cell(
                row["due_on"],
                reverse("provider_objection", args=[row["objection"]]),
                note=_("已逾期") if row["overdue"] else "",
                warns=True,
            ),
        ),
        Column(_lazy("企业"), lambda row: row["firm"]),
        Column(_lazy("信息项"), lambda row: wording.named(row["item_label"])),
        Column(_lazy("状态"), lambda row: wording.named(row["state_label"])),
    ),
    _rows,
    _lazy("没有待答复的异议。"),
    (lists.SEARCH, lists.EVERY),
    (("due", _lazy("先到期的在前")), ("newest", _lazy("新提出的在前"))),
)


@visitors.page(permission.PROVIDER, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List what waits for an answer, what is late first."""
    context = {"here": "provider_objections"}
    return lists.answer(request, visitor, OBJECTIONS, "provider/objections.html", context)


@visitors.page(permission.PROVIDER, "GET", "POST")
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show what the subject says with its evidence; by POST answer, with reasons and remedy."""
    card = _own(number, visitor)
    context: dict[str, Any] = {
        "here": "provider_objections",
        "objection": card.document(on=visitor.today),
        "open": card.state in OPEN,
        "firm": subjects.get(card.subject).name,
        "statement": objections.statement_of(number),
        "papers": papers.of(number),
        "reason": request.POST.get("reason", ""),
    }
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
    return redirect("provider_objections")


@visitors.page(permission.PROVIDER)
def evidence(request: HttpRequest, visitor: Visitor, number: UUID, paper: UUID) -> HttpResponse:
    """Hand out a piece of evidence, to be saved and never shown inside a page."""
    return handed_in.given(
        *opened.evidence(_own(number, visitor).id, paper),
        visitor.role.party_kind,
        visitor.role.party,
        reference=str(number),
        actor=visitor.actor,
        as_of=visitor.at,
    )


def _own(number: UUID, visitor: Visitor) -> Card:
    try:
        card = objections.get(number)
    except RightsError as error:
        raise Http404(str(error)) from error
    if card.provider != visitor.role.party:
        raise Http404(str(number))
    return card
