"""结果异议: objections to what the institution told of a loan, by the day of the answer ((九))."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.disclosure import told
from rongxin.disclosure.told import Behind
from rongxin.entrypoints.portals import lists, objected, pages, visitors, wording
from rongxin.entrypoints.portals.enterprise.applications import what
from rongxin.entrypoints.portals.lists import Column
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties.rules import permission
from rongxin.rights import answers
from rongxin.rights.answers import Answer
from rongxin.rights.errors import RightsError
from rongxin.rights.objection_cards import Card
from rongxin.rights.rules.objection import Remedy

_HERE = "institution_objections"


def _step(card: Card) -> Behind:
    assert card.record is not None  # with the institution that told it
    behind = told.behind(card.subject, card.record)
    assert behind is not None  # steps are never deleted
    return behind


def _of(row: dict[str, Any]) -> str:
    step = _step(row["card"]).told
    return f"{wording.named(step.stage.label)} · {step.on}"


OBJECTIONS = objected.listing(
    _HERE,
    _lazy("结果异议"),
    shown_at="institution_objection",
    about=Column(_lazy("反馈的内容"), _of),
    none=_lazy("没有待答复的异议。企业认为本机构反馈的某一步有误的，会出现在这里。"),
)


@visitors.page(permission.INSTITUTION, "GET", "POST", unserved=True)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List what waits for an answer, what is late first."""
    return lists.answer(request, visitor, OBJECTIONS, "institution/objections.html", {"here": _HERE})


@visitors.page(permission.INSTITUTION, "GET", "POST", unserved=True)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show what the firm says of which step; by POST answer, with reasons."""
    card = objected.own(number, visitor)
    step = _step(card)
    context = objected.context(card, request, visitor) | {
        "here": _HERE,
        "step": step,
        "what": what(step.told),
    }
    if request.method != "POST":
        return pages.render(request, "institution/objection.html", context)
    upheld = request.POST.get("outcome") == "upheld"
    try:
        answer = Answer(upheld, context["reason"], Remedy.AT_SOURCE if upheld else None)
        answers.decide(number, answer, actor=visitor.actor, as_of=visitor.at)
    except RightsError as error:
        context["mistake"] = pages.words(error)
        return pages.render(request, "institution/objection.html", context, status=422)
    messages.success(request, _("已答复，企业会得到通知"))
    return redirect(_HERE)


@visitors.page(permission.INSTITUTION, unserved=True)
def evidence(request: HttpRequest, visitor: Visitor, number: UUID, paper: UUID) -> HttpResponse:
    """Hand out a piece of evidence, to be saved and never shown inside a page."""
    return objected.evidence(number, paper, visitor)
