"""申请工作台: what firms apply for, late ones first; each with its report, papers, questions and decision."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.consent import register
from rongxin.consent.rules import Status
from rongxin.entrypoints.api.financing_applications import to_institution
from rongxin.entrypoints.portals import lists, pages, visitors
from rongxin.entrypoints.portals.enterprise import applications as shared
from rongxin.entrypoints.portals.institution import outcomes
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.financing.applying import answers, applications, cards, worklist
from rongxin.financing.applying.cards import Card
from rongxin.financing.applying.rules import Act, Clock, Group, Side
from rongxin.financing.errors import ApplicationRefused, FinancingError, UnknownFinancingApplication
from rongxin.financing.rules import Rejection, Security, Stage, Told
from rongxin.journal.windows import Part, Window
from rongxin.parties import subjects
from rongxin.parties.rules import permission

_HERE = "institution_applications"
# What is told of a loan once it is approved, by the act that tells it.
_LATER = {
    Act.DRAW: Stage.DRAWN,
    Act.REPAY: Stage.REPAYMENT,
    Act.SETTLE: Stage.SETTLED,
    Act.WRITE_OFF: Stage.WRITTEN_OFF,
}


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    group = next((one for one in Group if one.value == wanted["group"]), None)
    part = worklist.of_institution(visitor.role.party, group, window, find=wanted["find"], sort=wanted.sort)
    firms = subjects.many({card.subject for card in part.rows})
    return part.of(lambda card: {**shared.line(card, visitor), "firm": firms[card.subject]})


def _first_answer(row: dict[str, Any]) -> Cell:
    clock = row["clock"]
    late = clock in (Clock.DUE, Clock.LATE)
    return Cell(row["card"].due_on.isoformat(), note=lists.label(clock) if clock else "", warns=late)


APPLICATIONS = Listing(
    "institution_applications",
    _lazy("融资申请"),
    (
        Column(
            _lazy("业务编号"),
            lambda row: Cell(
                row["card"].case.reference, reverse("institution_application", args=[row["card"].id])
            ),
        ),
        Column(_lazy("企业"), lambda row: row["firm"].name),
        Column(_lazy("产品"), lambda row: row["product"]["terms"].name),
        Column(_lazy("金额（元）"), lambda row: row["amount"], number=True),
        Column(_lazy("提交日期"), lambda row: lists.at(row["card"].submitted_at)[:10]),
        Column(_lazy("首次答复"), _first_answer),
        Column(_lazy("现在"), lambda row: Cell(lists.label(row["state"]), tag=row["tone"])),
    ),
    _rows,
    _lazy("这一组现在没有申请。企业申请本机构发布的产品后，会出现在“待首次答复”。"),
    (lists.SEARCH, Filter("group", kind="kept", default=Group.UNANSWERED.value)),
    (("due", _lazy("先到期的在前")), ("newest", _lazy("新提交的在前"))),
    keeps=True,
)


@visitors.page(permission.INSTITUTION, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List one heap of applications, by due day or the newest first."""
    group = APPLICATIONS.wanted(request)["group"]
    counts = worklist.counts(visitor.role.party)
    context = {
        "here": _HERE,
        "groups": [{"group": one, "count": counts[one], "now": one.value == group} for one in Group],
        "group": group,
    }
    return lists.answer(request, visitor, APPLICATIONS, "institution/applications.html", context)


@visitors.page(permission.INSTITUTION)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show an application whole, and what can be done with it where it stands."""
    return pages.render(request, "institution/application.html", _whole(_own(number, visitor), visitor))


@visitors.page(permission.INSTITUTION)
def paper(request: HttpRequest, visitor: Visitor, number: UUID, which: UUID) -> HttpResponse:
    """Give a paper that the firm handed in, to be saved."""
    return to_institution(_own(number, visitor), which, actor=visitor.actor, as_of=visitor.at)


@visitors.page(permission.INSTITUTION, "POST")
def take_up(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Say that it is being looked at."""
    return _act(
        request,
        visitor,
        number,
        lambda: answers.take_up(number, actor=visitor.actor, as_of=visitor.at),
        _("已告知企业开始审查"),
    )


@visitors.page(permission.INSTITUTION, "POST")
def ask(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Ask for more papers."""
    wanted = request.POST.get("papers", "").splitlines()
    words = request.POST.get("words", "")
    return _act(
        request,
        visitor,
        number,
        lambda: answers.ask_papers(number, wanted, words, actor=visitor.actor, as_of=visitor.at),
        _("已请企业补充材料"),
    )


@visitors.page(permission.INSTITUTION, "POST")
def decide(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Approve or reject; the decision is told as an outcome of the case."""
    words = request.POST.get("words", "")
    return _act(
        request,
        visitor,
        number,
        lambda: answers.decide(
            number, _decision(request, visitor), words, actor=visitor.actor, as_of=visitor.at
        ),
        _("已告知企业，并计入结果反馈"),
    )


@visitors.page(permission.INSTITUTION, "POST")
def tell(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Tell what became of the loan afterwards."""
    card = _own(number, visitor)
    return _act(
        request,
        visitor,
        number,
        lambda: cards.tell(card, _later(request, card, visitor), actor=visitor.actor, as_of=visitor.at),
        _("已计入结果反馈，企业可以看到"),
    )


@visitors.page(permission.INSTITUTION, "POST")
def comment(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Say how it went."""
    rating, words = request.POST.get("rating", ""), request.POST.get("words", "")
    given = pages.whole(rating) or 0
    return _act(
        request,
        visitor,
        number,
        lambda: answers.comment(
            number, Side.INSTITUTION, given, words, actor=visitor.actor, as_of=visitor.at
        ),
        _("谢谢您的评价"),
    )


def _decision(request: HttpRequest, visitor: Visitor) -> Told:
    if request.POST.get("decision") == "rejected":
        why = request.POST.get("rejection", "")
        known = next((one for one in Rejection if one.value == why), None)
        if known is None:
            raise ApplicationRefused(_("请选择不批准的原因类别"))
        return Told(Stage.REJECTED, visitor.today, rejection=known)
    security = next((one for one in Security if one.value == request.POST.get("security")), None)
    return Told(
        Stage.APPROVED,
        visitor.today,
        amount_cny=_figure(request, "amount"),
        rate_bp=_whole_figure(request, "rate", times=100),
        term_months=_whole_figure(request, "term"),
        security=security,
    )


def _later(request: HttpRequest, card: Card, visitor: Visitor) -> Told:
    stage = next((one for one in _LATER.values() if one.value == request.POST.get("stage")), None)
    if stage is None:
        raise ApplicationRefused(_("请选择要反馈的情况"))
    if stage is Stage.REPAYMENT:
        days = _whole_figure(request, "overdue_days")
        return Told(stage, visitor.today, outstanding_cny=_figure(request, "amount"), overdue_days=days)
    amount = None if stage is Stage.SETTLED else _figure(request, "amount")
    return Told(stage, visitor.today, amount_cny=amount)


def _figure(request: HttpRequest, name: str) -> Decimal | None:
    """Read a figure; what was left empty is none, never nought: the room says what is lacking."""
    text = request.POST.get(name, "").strip()
    return outcomes.read_number(text) if text else None


def _whole_figure(request: HttpRequest, name: str, *, times: int = 1) -> int | None:
    number = _figure(request, name)
    return None if number is None else outcomes.whole(number * times)


def _whole(card: Card, visitor: Visitor) -> dict[str, Any]:
    assert card.case is not None
    found = shared.whole(card, visitor)
    given = register.of_case(card.subject, card.institution, card.case.id)
    said = any(one.side is Side.INSTITUTION for one in found["feedback"])
    later = [stage for act, stage in _LATER.items() if card.may(act)]
    return {
        "here": _HERE,
        **found,
        "firm": subjects.get(card.subject),
        "grants": given,
        "live": next((grant for grant in given if grant.status is Status.ACTIVE), None),
        "report_at": reverse("institution_report", kwargs={"number": card.case.id}),
        "may_take_up": card.may(Act.TAKE_UP),
        "may_ask": card.may(Act.ASK_PAPERS),
        "may_decide": card.may(Act.APPROVE),
        "later": later,
        "may_comment": found["decided"] and not said,
        "rejections": list(Rejection),
    }


def _own(number: UUID, visitor: Visitor) -> Card:
    try:
        return applications.own(number, institution=visitor.role.party)
    except UnknownFinancingApplication as error:
        raise Http404(str(error)) from error


def _act(
    request: HttpRequest, visitor: Visitor, number: UUID, verb: Callable[[], object], done: str
) -> HttpResponseBase:
    card = _own(number, visitor)
    try:
        verb()
    except FinancingError as error:
        context = {**_whole(card, visitor), "mistake": pages.words(error), "given": request.POST}
        return pages.render(request, "institution/application.html", context, status=422)
    messages.success(request, done)
    return redirect("institution_application", number=number)
