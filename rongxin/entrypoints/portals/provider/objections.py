"""异议核查: objections to a provider's records, by the day on which the answer is due."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rongxin.entrypoints.api.objections import attachment
from rongxin.entrypoints.portals import pages, visitors
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties import subjects
from rongxin.parties.rules import permission
from rongxin.rights import answers, objections, papers
from rongxin.rights.answers import Answer
from rongxin.rights.errors import RightsError
from rongxin.rights.objection_cards import Card
from rongxin.rights.rules.objection import OPEN, Remedy
from rongxin.sharing.errors import SharingError


@visitors.page(permission.PROVIDER)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """List what waits for an answer, what is late first."""
    every = request.GET.get("all") == "1"
    part = objections.queue(pages.window(request), provider=visitor.role.party, open_only=not every)
    context = {
        "here": "provider_objections",
        "every": every,
        "objections": [
            {**card.document(on=visitor.today), "firm": subjects.get(card.subject).name} for card in part.rows
        ],
        "onward": pages.onward(part.last),
    }
    return pages.render(request, "provider/objections.html", context)


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
    return attachment(_own(number, visitor).id, paper)


def _own(number: UUID, visitor: Visitor) -> Card:
    try:
        card = objections.get(number)
    except RightsError as error:
        raise Http404(str(error)) from error
    if card.provider != visitor.role.party:
        raise Http404(str(number))
    return card
