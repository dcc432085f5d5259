"""更正或撤回结果: a step that the institution told of a case, put right or taken back openly ((七)(九))."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.entrypoints.portals import pages, visitors
from rongxin.entrypoints.portals.enterprise.applications import what
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.financing import outcomes, rules
from rongxin.financing.errors import FinancingError, UnfitOutcome, UnknownOutcome
from rongxin.financing.outcomes import Card
from rongxin.financing.rules import Rejection, Security, Stage, Told
from rongxin.parties import subjects
from rongxin.parties.rules import permission

_NUMBER_MAX = Decimal("1e15")
_CHOSEN = {"security": Security, "rejection": Rejection}
_LABELS = {
    "amount_cny": _lazy("金额（元）"),
    "rate_bp": _lazy("年利率（单利，%）"),
    "term_months": _lazy("期限（月）"),
    "security": _lazy("担保方式"),
    "rejection": _lazy("原因类别"),
    "outstanding_cny": _lazy("余额（元）"),
    "overdue_days": _lazy("逾期天数"),
    "overdue_cny": _lazy("其中逾期金额（元，可不填）"),
}


@visitors.page(permission.INSTITUTION)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show a step as it was told, the form that puts it right, and what taking it back would mean."""
    card = _own(number, visitor)
    return pages.render(request, "institution/outcome.html", _whole(card, visitor, request.GET))


@visitors.page(permission.INSTITUTION, "POST")
def correct(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Put what was sent in the place of a wrong step."""

    def verb() -> Card:
        told, why = told_of(request.POST), request.POST.get("why", "")
        return outcomes.correct(number, visitor.role.party, told, why, actor=visitor.actor, as_of=visitor.at)

    return _act(request, visitor, number, verb, _("已更正，企业会收到通知；更正前的内容仍可查阅"))


@visitors.page(permission.INSTITUTION, "POST")
def withdraw(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Take back a step that never was."""

    def verb() -> Card:
        why = request.POST.get("withdraw_why", "")
        return outcomes.withdraw(number, visitor.role.party, why, actor=visitor.actor, as_of=visitor.at)

    return _act(request, visitor, number, verb, _("已撤回，企业会收到通知；撤回的一步仍可查阅"))


def steps(case: UUID) -> list[dict[str, Any]]:
    """Return all that was told of a case of the visitor's own, as a page lists it."""
    return [{"card": card, "what": what(card.told)} for card in outcomes.told_of(case)]


def next_of(case: UUID) -> list[Stage]:
    """Return what can be told of a case next."""
    line = outcomes.of_case(case)
    return rules.between(line[-1].stage if line else None, None)


def _act(
    request: HttpRequest, visitor: Visitor, number: UUID, verb: Callable[[], Card], done: str
) -> HttpResponseBase:
    card = _own(number, visitor)
    try:
        now = verb()
    except FinancingError as error:
        context = {**_whole(card, visitor, request.POST), "mistake": pages.words(error)}
        return pages.render(request, "institution/outcome.html", context, status=422)
    messages.success(request, done)
    return redirect("institution_case", number=now.case.id)


def _own(number: UUID, visitor: Visitor) -> Card:
    try:
        return outcomes.own(number, visitor.role.party)
    except UnknownOutcome as error:
        raise Http404(str(error)) from error


def _whole(card: Card, visitor: Visitor, given: Mapping[str, str]) -> dict[str, Any]:
    """Return a step, and the form for the stage that is asked for; without one, for its own."""
    can = outcomes.choice(card.id, visitor.role.party, as_of=visitor.at)
    stage = next((one for one in can.stages if one.value == given.get("stage")), card.told.stage)
    return {
        "here": "institution",
        "card": card,
        "what": what(card.told),
        "firm": subjects.get(card.case.subject_id),
        "stages": can.stages,
        "stays": can.stays,
        "stage": stage,
        "on": given.get("on") or card.told.on.isoformat(),
        "fields": fields_of(stage, given, card.told),
        "given": given,
        "today": visitor.today,
    }


def fields_of(stage: Stage, given: Mapping[str, str], held: Told | None = None) -> list[dict[str, Any]]:
    """Return the fields of a form for a step of this stage, with what was typed or else what is held."""
    return [_field(name, must, held, given) for name, must in rules.values_of(stage).items()]


def _field(name: str, must: bool, told: Told | None, given: Mapping[str, str]) -> dict[str, Any]:
    held = getattr(told, name, None)
    if held is None:
        held = ""
    elif name == "rate_bp":
        held = Decimal(held) / 100
    return {
        "name": name,
        "label": _LABELS[name],
        "must": must,
        "choices": list(_CHOSEN.get(name, ())),
        "value": given.get(name, str(getattr(held, "value", held))),
    }


def told_of(given: Mapping[str, str]) -> Told:
    """Read the step that was sent; whether it can be so is the room's to say."""
    stage = next((one for one in Stage if one.value == given.get("stage")), None)
    if stage is None:
        raise UnfitOutcome(_("请选择这一步是什么"))
    try:
        on = date.fromisoformat(given.get("on", ""))
    except ValueError as error:
        raise UnfitOutcome(_("请填写日期，形如 2026-12-31")) from error
    return Told(stage, on, **{name: _value(name, given) for name in rules.values_of(stage)})


def _value(name: str, given: Mapping[str, str]) -> Any:
    text = given.get(name, "").strip()
    if not text:
        return None
    if name in _CHOSEN:
        return next((one for one in _CHOSEN[name] if one.value == text), None)
    number = read_number(text)
    if name.endswith("_cny"):
        return number
    return whole(number * 100 if name == "rate_bp" else number)


def read_number(text: str) -> Decimal:
    """Read a number as people type it."""
    try:
        found = Decimal(text.replace(",", "").strip())
        if found.is_nan():
            raise InvalidOperation
    except InvalidOperation as error:
        raise UnfitOutcome(_("金额、利率、期限与天数应为数字，且不过大")) from error
    # Compared, never reckoned with or written out before: a number of a few signs may have endless digits.
    if not -_NUMBER_MAX < found < _NUMBER_MAX:
        raise UnfitOutcome(_("金额、利率、期限与天数应为数字，且不过大"))
    return found


def whole(number: Decimal) -> int:
    """Return a number that has to be whole; nothing is rounded away."""
    if number != int(number):
        raise UnfitOutcome(_("年利率至多两位小数，期限和天数为整数"))
    return int(number)
