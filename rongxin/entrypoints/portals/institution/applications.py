"""申请工作台: what firms apply for, late ones first; each with its report, papers, questions and decision."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from rongxin.consent import register
from rongxin.consent.rules import Status
from rongxin.entrypoints.api.financing_applications import attachment
from rongxin.entrypoints.portals import pages, visitors
from rongxin.entrypoints.portals.enterprise import applications as shared
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.financing.applying import answers, applications, cards, worklist
from rongxin.financing.applying.cards import Card
from rongxin.financing.applying.rules import Act, Group, Side
from rongxin.financing.errors import ApplicationRefused, FinancingError, UnknownFinancingApplication
from rongxin.financing.rules import Rejection, Security, Stage, Told
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


@visitors.page(permission.INSTITUTION)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """List one heap of applications, by due day or the newest first."""
    asked = request.GET.get("group", Group.UNANSWERED.value)
    group = next((one for one in Group if one.value == asked), None)
    sort = request.GET.get("sort", "due")
    sort = sort if sort in worklist.SORTS else "due"
    part = worklist.of_institution(visitor.role.party, group, pages.window(request, 50), sort=sort)
    counts = worklist.counts(visitor.role.party)
    context = {
        "here": _HERE,
        "groups": [{"group": one, "count": counts[one], "now": one is group} for one in Group],
        "group": group.value if group else "all",
        "sort": sort,
        "lines": [{**shared.line(card, visitor), "firm": subjects.get(card.subject)} for card in part.rows],
        "onward": _onward(part.last, group, sort),
    }
    return pages.render(request, "institution/applications.html", context)


@visitors.page(permission.INSTITUTION)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show an application whole, and what can be done with it where it stands."""
    return pages.render(request, "institution/application.html", _whole(_own(number, visitor), visitor))


@visitors.page(permission.INSTITUTION)
def paper(request: HttpRequest, visitor: Visitor, number: UUID, which: UUID) -> HttpResponse:
    """Give a paper that the firm handed in, to be saved."""
    return attachment(_own(number, visitor), which)


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
    given = int(rating) if rating.isdigit() else 0
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
        amount_cny=_money(request, "amount"),
        rate_bp=int(_money(request, "rate") * 100),
        term_months=int(_money(request, "term")),
        security=security,
    )


def _later(request: HttpRequest, card: Card, visitor: Visitor) -> Told:
    stage = next((one for one in _LATER.values() if one.value == request.POST.get("stage")), None)
    if stage is None:
        raise ApplicationRefused(_("请选择要反馈的情况"))
    if stage is Stage.REPAYMENT:
        days = int(_money(request, "overdue_days"))
        return Told(stage, visitor.today, outstanding_cny=_money(request, "amount"), overdue_days=days)
    amount = None if stage is Stage.SETTLED else _money(request, "amount")
    return Told(stage, visitor.today, amount_cny=amount)


def _money(request: HttpRequest, name: str) -> Decimal:
    try:
        found = Decimal(request.POST.get(name, "").replace(",", "").strip() or "0")
    except InvalidOperation as error:
        raise ApplicationRefused(_("金额、利率、期限与天数应为数字")) from error
    if not found.is_finite():
        raise ApplicationRefused(_("金额、利率、期限与天数应为数字"))
    return found


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


def _onward(last: tuple[str, ...] | None, group: Group | None, sort: str) -> str:
    more = pages.onward(last)
    return f"group={group.value if group else 'all'}&sort={sort}&{more}" if more else ""
