"""案件队列: objections and repairs as the operator's windows see them, what is late first; numbers taken out.

What a subject wrote is shown without the numbers in it, and its papers are not: whoever needs them asks for
break-glass (`glass`).
"""

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

from rongxin.catalogue import loader, redaction
from rongxin.entrypoints.portals import lists, pages, shown, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties import institutions, subjects
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules import permission
from rongxin.records.errors import RecordsError
from rongxin.rights import answers, objections, papers, repairs, window_decisions
from rongxin.rights.answers import Answer
from rongxin.rights.errors import RepairRefused, RightsError
from rongxin.rights.objection_cards import Card as Objection
from rongxin.rights.repair_cards import Card as Repair
from rongxin.rights.rules import objection as objection_rules
from rongxin.rights.rules.objection import Act, Owner, Remedy
from rongxin.rights.rules.repair import OPEN as REPAIR_OPEN
from rongxin.rights.rules.repair import Decision, Outcome
from rongxin.sharing.errors import SharingError
from rongxin.vocabulary.zone import business_day

_SEES = permission.DESK | permission.AUDIT
_ERRORS = (RightsError, PartiesError, SharingError, RecordsError)


def _objections(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    part = objections.queue(
        window,
        provider=wanted["provider"] or None,
        open_only=not wanted["all"],
        find=wanted["find"],
        sort=wanted.sort,
    )
    firms = subjects.many({card.subject for card in part.rows})
    return part.of(lambda card: _objection(card, visitor, firms[card.subject]))


OBJECTIONS = Listing(
    "operator_objections",
    _lazy("异议"),
    (
        Column(
            _lazy("答复期限"),
            lambda row: Cell(
                row["due_on"],
                reverse("operator_objection", args=[row["objection"]]),
                note=_("已逾期") if row["overdue"] else "",
                warns=True,
            ),
        ),
        Column(_lazy("企业"), lambda row: row["firm"]),
        Column(_lazy("信息项"), lambda row: wording.named(row["item_label"])),
        Column(_lazy("提供单位"), lambda row: wording.named(row["from"])),
        Column(_lazy("状态"), lambda row: Cell(wording.named(row["state_label"]), tag="")),
    ),
    _objections,
    _lazy("没有这样的异议。"),
    (lists.SEARCH, Filter("provider", _lazy("数据提供单位"), "choice", wording.providers), lists.EVERY),
    (("due", _lazy("先到期的在前")), ("newest", _lazy("新提出的在前"))),
    keeps=True,
)


@visitors.page(_SEES, "GET", "POST")
def objections_listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List objections by the day on which the answer is due."""
    context = {"here": "operator_objections"}
    return lists.answer(request, visitor, OBJECTIONS, "operator/objections.html", context)


@visitors.page(permission.DESK, "GET", "POST")
def objection(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show one; by POST say that it was carried on, or enter what a body without a desk here answered."""
    card = objections.get(number)
    context: dict[str, Any] = {
        "here": "operator_objections",
        "one": _objection(card, visitor, subjects.get(card.subject)),
        "statement": redaction.redact(objections.statement_of(number)),
        "papers": len(papers.of(number)),
        "forwards": objection_rules.may(Act.FORWARD, card.state, Owner.OPERATOR, card.route),
        "answers": objection_rules.may(Act.UPHOLD, card.state, Owner.OPERATOR, card.route),
        "given": request.POST,
    }
    if request.method != "POST":
        return pages.render(request, "operator/objection.html", context)
    by: dict[str, Any] = {"actor": visitor.actor, "as_of": visitor.at}
    try:
        if request.POST.get("act") == "forward":
            objections.forward(number, request.POST.get("reference", ""), **by)
        else:
            upheld = request.POST.get("act") == "upheld"
            held = card.record is not None and not card.institution
            remedy = None if not upheld else Remedy.END if held else Remedy.AT_SOURCE
            answers.decide(number, Answer(upheld, request.POST.get("reason", ""), remedy), **by)
    except _ERRORS as error:
        context["mistake"] = pages.words(error)
        return pages.render(request, "operator/objection.html", context, status=422)
    messages.success(request, _("已登记，信息主体可以看到"))
    return redirect("operator_objections")


def _repairs(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    part = repairs.queue(window, open_only=not wanted["all"], find=wanted["find"], sort=wanted.sort)
    firms = subjects.many({card.subject for card in part.rows})
    return part.of(lambda card: _repair(card, visitor, firms[card.subject]))


def _repair_state(row: dict[str, Any]) -> Cell:
    if row["decision_waits"]:
        return Cell(_("窗口决定待核准"), tag="warn")
    return Cell(wording.named(row["state_label"]), tag="")


REPAIRS = Listing(
    "operator_repairs",
    _lazy("信用修复"),
    (
        Column(
            _lazy("申请"),
            lambda row: Cell(
                row["requested_at"][:10],
                reverse("operator_repair", args=[row["repair"]]),
                note=_("已%(waited)s天") % {"waited": row["waited"]},
            ),
        ),
        Column(_lazy("企业"), lambda row: row["firm"]),
        Column(_lazy("信息项"), lambda row: wording.named(row["item_label"])),
        Column(_lazy("失信程度"), lambda row: wording.named(row["severity_label"])),
        Column(_lazy("状态"), _repair_state),
    ),
    _repairs,
    _lazy("没有这样的修复申请。"),
    (lists.SEARCH, lists.EVERY),
    (("oldest", _lazy("等得最久的在前")), ("newest", _lazy("新申请的在前"))),
    keeps=True,
)


@visitors.page(_SEES, "GET", "POST")
def repairs_listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List requests for repair, the oldest first."""
    return lists.answer(request, visitor, REPAIRS, "operator/repairs.html", {"here": "operator_repairs"})


@visitors.page(permission.DESK, "GET", "POST")
def repair(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show one; by POST enter what the national window decided, which another person confirms."""
    card = repairs.get(number)
    entered = card.decision.as_json() if card.decision else None
    context: dict[str, Any] = {
        "here": "operator_repairs",
        "one": _repair(card, visitor, subjects.get(card.subject)),
        "statement": redaction.redact(repairs.statement_of(number)),
        "papers": len(papers.of(number)),
        "open": card.state in REPAIR_OPEN,
        "entered": entered,
        "entered_by": shown.actor(card.decision_entered_by),
        "confirms": permission.CHECKER.admits(visitor.role.party_kind, visitor.role.role),
        "outcomes": list(Outcome),
        "given": request.POST,
    }
    if request.method != "POST":
        return pages.render(request, "operator/repair.html", context)
    try:
        window_decisions.enter(_decision(request, number), actor=visitor.actor, as_of=visitor.at)
    except _ERRORS as error:
        context["mistake"] = pages.words(error)
        return pages.render(request, "operator/repair.html", context, status=422)
    messages.success(request, _("已录入，等另一人核准后生效"))
    return redirect("operator_repair", number=number)


@visitors.page(permission.CHECKER, "POST")
def confirm_repair(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Put in force what another person entered; granted, the record ends at once everywhere."""
    window_decisions.confirm(number, actor=visitor.actor, as_of=visitor.at)
    messages.success(request, _("已核准，立即生效"))
    return redirect("operator_repairs")


def _decision(request: HttpRequest, number: UUID) -> Decision:
    given = {key: request.POST.get(key, "").strip() for key in ("authority", "document", "reason")}
    if request.POST.get("outcome") not in list(Outcome) or not all(given.values()):
        raise RepairRefused(_("请填写结果、作出决定的单位、文号和理由"))
    try:
        day = date.fromisoformat(request.POST.get("decided_on", ""))
    except ValueError as error:
        raise RepairRefused(_("请填写决定日期，形如 2026-12-31")) from error
    return Decision(str(number), Outcome(request.POST["outcome"]), decided_on=day, **given)


def _objection(card: Objection, visitor: Visitor, firm: subjects.Card) -> dict[str, Any]:
    provider = loader.load().provider_label(card.provider)
    if card.institution:
        provider = institutions.get(card.institution).name
    return {**card.document(on=visitor.today), "firm": firm.name, "uscc": firm.uscc, "from": provider}


def _repair(card: Repair, visitor: Visitor, firm: subjects.Card) -> dict[str, Any]:
    waited = (visitor.today - business_day(card.requested_at)).days
    return {**card.document(on=visitor.today), "firm": firm.name, "uscc": firm.uscc, "waited": waited}
