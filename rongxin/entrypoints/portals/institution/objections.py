"""结果异议: objections to what the institution told of a loan, by the day of the answer ((九))."""

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

from rongxin.disclosure import told
from rongxin.disclosure.told import Behind
from rongxin.entrypoints.api import handed_in
from rongxin.entrypoints.portals import lists, pages, visitors, wording
from rongxin.entrypoints.portals.enterprise.applications import what
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

_HERE = "institution_objections"


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    part = objections.queue(
        window,
        institution=visitor.role.party,
        open_only=not wanted["all"],
        find=wanted["find"],
        sort=wanted.sort,
    )
    firms = subjects.many({card.subject for card in part.rows})
    return part.of(
        lambda card: {
            **card.document(on=visitor.today),
            "firm": firms[card.subject].name,
            "step": _step(card),
        }
    )


def _step(card: Card) -> Behind:
    assert card.record is not None  # with the institution that told it
    behind = told.behind(card.subject, card.record)
    assert behind is not None  # steps are never deleted
    return behind


def _of(row: dict[str, Any]) -> str:
    step = row["step"].told
    return f"{wording.named(step.stage.label)} · {step.on}"


OBJECTIONS = Listing(
    _HERE,
    _lazy("结果异议"),
    (
        Column(
            _lazy("答复期限"),
            lambda row: Cell(
                row["due_on"],
                reverse("institution_objection", args=[row["objection"]]),
                note=_("已逾期") if row["overdue"] else "",
                warns=True,
            ),
        ),
        Column(_lazy("企业"), lambda row: row["firm"]),
        Column(_lazy("反馈的内容"), _of),
        Column(_lazy("状态"), lambda row: wording.named(row["state_label"])),
    ),
    _rows,
    _lazy("没有待答复的异议。企业认为本机构反馈的某一步有误的，会出现在这里。"),
    (lists.SEARCH, lists.EVERY),
    (("due", _lazy("先到期的在前")), ("newest", _lazy("新提出的在前"))),
)


@visitors.page(permission.INSTITUTION, "GET", "POST", unserved=True)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List what waits for an answer, what is late first."""
    return lists.answer(request, visitor, OBJECTIONS, "institution/objections.html", {"here": _HERE})


@visitors.page(permission.INSTITUTION, "GET", "POST", unserved=True)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show what the firm says of which step; by POST answer, with reasons."""
    card = _own(number, visitor)
    step = _step(card)
    context: dict[str, Any] = {
        "here": _HERE,
        "objection": card.document(on=visitor.today),
        "open": card.state in OPEN,
        "firm": subjects.get(card.subject).name,
        "step": step,
        "what": what(step.told),
        "statement": objections.statement_of(number),
        "papers": papers.of(number),
        "reason": request.POST.get("reason", ""),
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
    if card.institution != visitor.role.party:
        raise Http404(str(number))
    return card
