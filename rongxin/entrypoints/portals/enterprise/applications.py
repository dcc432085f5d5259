"""我的申请: where each stands, since when, what comes next; papers, withdrawal, a word afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rongxin.entrypoints.api import handed_in
from rongxin.entrypoints.portals import offered, pages, uploads, visitors, wording
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.financing.applying import answers, applications, cards, papers, statements
from rongxin.financing.applying.cards import Card
from rongxin.financing.applying.rules import OPEN, Act, Side, State
from rongxin.financing.errors import FinancingError, UnknownFinancingApplication
from rongxin.financing.products.rules import percent
from rongxin.financing.rules import Told
from rongxin.parties.kept_files import KeptFileGone
from rongxin.parties.rules import permission

_HERE = "enterprise_applications"


@visitors.page(permission.SUBJECT)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """List what was submitted, the newest first, each with its state, its day and the next step."""
    find = pages.sought(request)
    part = applications.of_subject(visitor.subject, pages.window(request, 20), find=find)
    context = {
        "here": _HERE,
        "lines": [line(card, visitor) for card in part.rows],
        "onward": pages.onward(part.last, find=find),
        "find": find,
    }
    return pages.render(request, "enterprise/applications.html", context)


@visitors.page(permission.SUBJECT)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show an application whole."""
    return pages.render(request, "enterprise/application.html", _whole(_own(number, visitor), visitor))


@visitors.page(permission.SUBJECT)
def paper(request: HttpRequest, visitor: Visitor, number: UUID, which: UUID) -> HttpResponse:
    """Give a paper back to whoever handed it in."""
    card = _own(number, visitor)
    return handed_in.attachment(*papers.read(which, card.form, card.id))


@visitors.page(permission.SUBJECT, "POST")
def hand_in(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Hand in the papers that the institution asked for."""

    def given() -> None:
        files = uploads.every(request, "files")
        applications.hand_in(number, files, actor=visitor.actor, as_of=visitor.at)

    return _act(
        request,
        visitor,
        number,
        given,
        _("材料已交给机构"),
    )


@visitors.page(permission.SUBJECT, "POST")
def withdraw(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Take it back; the case ends, and with it every consent for it."""
    return _act(
        request,
        visitor,
        number,
        lambda: applications.withdraw(number, actor=visitor.actor, as_of=visitor.at),
        _("已撤回申请，机构不能再凭这笔申请的授权查询"),
    )


@visitors.page(permission.SUBJECT, "POST")
def comment(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Say how it went."""
    rating, words = request.POST.get("rating", ""), request.POST.get("words", "")
    return _act(
        request,
        visitor,
        number,
        lambda: answers.comment(
            number,
            Side.SUBJECT,
            pages.whole(rating) or 0,
            words,
            actor=visitor.actor,
            as_of=visitor.at,
        ),
        _("谢谢您的评价"),
    )


def line(card: Card, visitor: Visitor) -> dict[str, Any]:
    """Return an application as both sides' lists show it."""
    return {
        "card": card,
        "state": card.state,
        "product": offered.product(card.product),
        "amount": offered.money(card.amount_cny),
        "clock": card.clock(visitor.today),
        "tone": tone(card.state),
    }


def tone(state: State) -> str:
    """Return how a state is marked beside its word."""
    if state in (State.APPROVED, State.DRAWN, State.SETTLED):
        return "good"
    return "warn" if state in (State.PAPERS_ASKED, State.REJECTED, State.WRITTEN_OFF) else ""


def steps(card: Card) -> list[dict[str, str]]:
    """Return what was told of the case, step by step, as people read it."""
    return [{"label": one.stage.label, "on": one.on.isoformat(), "what": what(one)} for one in card.line]


def what(told: Told) -> str:
    """Return what a step says, in one line."""
    found = []
    if told.amount_cny is not None:
        found.append(_("%(amount)s元") % {"amount": offered.money(told.amount_cny)})
    if told.rate_bp is not None:
        found.append(_("年利率（单利）%(rate)s") % {"rate": percent(told.rate_bp)})
    if told.term_months is not None:
        found.append(_("%(term)s个月") % {"term": told.term_months})
    found += [wording.named(one.label) for one in (told.security, told.rejection) if one is not None]
    if told.outstanding_cny is not None:
        found.append(_("余额%(amount)s元") % {"amount": offered.money(told.outstanding_cny)})
    if told.overdue_days:
        found.append(_("逾期%(days)s天") % {"days": told.overdue_days})
    return _("，").join(found)


def whole(card: Card, visitor: Visitor) -> dict[str, Any]:
    """Return all of an application that both sides read."""
    words = cards.words_of(card.form)
    return {
        **line(card, visitor),
        "words": words,
        "stated": statements.shown(words.stated, on=visitor.today),
        "papers": papers.of(card.form, card.id),
        "steps": steps(card),
        "feedback": answers.feedback_of(card.id),
        "decided": card.state not in OPEN,
    }


def _whole(card: Card, visitor: Visitor) -> dict[str, Any]:
    found = whole(card, visitor)
    said = any(one.side is Side.SUBJECT for one in found["feedback"])
    return {
        "here": _HERE,
        **found,
        "may_withdraw": card.may(Act.WITHDRAW),
        "may_comment": found["decided"] and not said,
    }


def _own(number: UUID, visitor: Visitor) -> Card:
    try:
        card = applications.own(number, subject=visitor.subject)
    except UnknownFinancingApplication as error:
        raise Http404(str(error)) from error
    if card.case is None:
        raise Http404(str(number))
    return card


def _act(
    request: HttpRequest, visitor: Visitor, number: UUID, verb: Callable[[], object], done: str
) -> HttpResponseBase:
    """Do something with one's own application and come back to it; a refusal is told above it."""
    card = _own(number, visitor)
    try:
        verb()
    except (FinancingError, KeptFileGone) as error:
        context = {**_whole(card, visitor), "mistake": pages.words(error)}
        return pages.render(request, "enterprise/application.html", context, status=422)
    messages.success(request, done)
    return redirect("enterprise_application", number=number)
