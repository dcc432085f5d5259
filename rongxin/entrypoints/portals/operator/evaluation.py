"""评价模型: the versions with their cards, challengers in shadow, and promotion by two people ((七))."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rongxin.delivery import model_report
from rongxin.entrypoints.api.reports import PRESS
from rongxin.entrypoints.portals import pages, shown, visitors
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.evaluation.errors import EvaluationError
from rongxin.evaluation.monitoring import register, reports
from rongxin.evaluation.monitoring.register import Registration
from rongxin.evaluation.monitoring.rules import TRANSITIONS, Act, State
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules import permission

_ERRORS = (EvaluationError, PartiesError)
_PROMOTES = permission.SYSTEM | permission.SECURITY
_STYLESHEET = Path(__file__).parents[2] / "static" / "rongxin" / "rongxin.css"


@visitors.page(permission.STAFF)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """List the versions, the one in use and its challengers first, and the monthly reports."""
    return pages.render(request, "operator/models.html", _listed(visitor))


@visitors.page(permission.SYSTEM, "POST")
def enter(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """Register a version with its model card, as a draft."""
    given = {key: request.POST.get(key, "").strip() for key in ("version", "made_from", "document")}
    try:
        wish = Registration(
            **given,
            data_from=_day(request, "data_from"),
            data_until=_day(request, "data_until"),
            expected_bad={},
        )
        register.register(wish, actor=visitor.actor, as_of=visitor.at)
    except _ERRORS as error:
        context = {**_listed(visitor), "given": request.POST, "mistake": pages.words(error)}
        return pages.render(request, "operator/models.html", context, status=422)
    messages.success(request, _("已登记为草稿"))
    return redirect("operator_model", version=given["version"])


@visitors.page(permission.STAFF)
def one(request: HttpRequest, visitor: Visitor, version: str) -> HttpResponse:
    """Show a version with its card, its comparison in shadow, and what may be done next."""
    return pages.render(request, "operator/model.html", _one(version, visitor))


@visitors.page(permission.SYSTEM, "POST")
def act(request: HttpRequest, visitor: Visitor, version: str) -> HttpResponseBase:
    """Have it scored in shadow, propose it, or retire it."""
    why = request.POST.get("why", "")
    try:
        wanted = request.POST.get("act", "")
        if wanted == "shadow":
            register.to_shadow(version, actor=visitor.actor, as_of=visitor.at)
        elif wanted == "propose":
            register.propose(version, why=why, actor=visitor.actor, as_of=visitor.at)
        else:
            register.retire(version, why=why, actor=visitor.actor, as_of=visitor.at)
    except _ERRORS as error:
        context = {**_one(version, visitor), "mistake": pages.words(error), "why": why}
        return pages.render(request, "operator/model.html", context, status=422)
    messages.success(request, _("已办理"))
    return redirect("operator_model", version=version)


@visitors.page(_PROMOTES, "POST")
def promote(request: HttpRequest, visitor: Visitor, version: str) -> HttpResponseBase:
    """Put another person's proposal to use."""
    try:
        register.promote(version, actor=visitor.actor, as_of=visitor.at)
    except _ERRORS as error:
        context = {**_one(version, visitor), "mistake": pages.words(error)}
        return pages.render(request, "operator/model.html", context, status=422)
    messages.success(request, _("已启用，原在用版本同时停用"))
    return redirect("operator_models")


@visitors.page(permission.STAFF)
def report(request: HttpRequest, visitor: Visitor, month: str) -> HttpResponse:
    """Show a month's report as it was made."""
    printed = model_report.printed(
        PRESS,
        reports.held(month),
        node=settings.RONGXIN_NODE_NAME,
        notice=settings.RONGXIN_NOTICE,
        form=model_report.PAGE,
        style=_STYLESHEET.read_text("utf-8"),
    )
    return HttpResponse(printed, content_type=f"{model_report.PAGE}; charset=utf-8")


def _day(request: HttpRequest, name: str) -> date | None:
    text = request.POST.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise EvaluationError(_("请填写日期，形如 2026-12-31")) from error


def _listed(visitor: Visitor) -> dict[str, Any]:
    order = [State.CHAMPION, State.SHADOW, State.DRAFT, State.RETIRED]
    found = sorted(register.every(), key=lambda one: order.index(State(one["state"])))
    return {
        "here": "operator_models",
        "versions": [{**one, "by": shown.actor(one["registered_by"])} for one in found],
        "reports": reports.months(),
        "enters": permission.SYSTEM.admits(visitor.role.party_kind, visitor.role.role),
    }


def _one(version: str, visitor: Visitor) -> dict[str, Any]:
    found = register.of(version)
    role = (visitor.role.party_kind, visitor.role.role)
    then = TRANSITIONS[State(found["state"])]
    people = ("registered_by", "proposed_by", "promoted_by", "retired_by")
    return {
        "here": "operator_models",
        "one": {**found, **{key: shown.actor(found[key]) for key in people}},
        "card": shown.in_html(found["model_card"]),
        "acts": [one.value for one in (Act.SHADOW, Act.PROPOSE, Act.RETIRE) if one in then]
        if permission.SYSTEM.admits(*role)
        else [],
        "promotes": bool(found["proposed_by"]) and Act.PROMOTE in then and _PROMOTES.admits(*role),
    }
