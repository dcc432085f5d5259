"""匹配台: rows that wait for the subject they belong to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rongxin.catalogue import loader
from rongxin.entrypoints.portals import pages, visitors
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties.rules import permission
from rongxin.sharing import errands
from rongxin.sharing.aggregation import desk, waiting_rows
from rongxin.sharing.errors import SharingError

_SHOWN = 20


@visitors.page(permission.DESK)
def matching(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """List rows that wait, those of the oldest batch first, with whom they may belong to."""
    return pages.render(request, "operator/matching.html", _waiting(visitor))


@visitors.page(permission.DESK, "POST")
def settle(request: HttpRequest, visitor: Visitor, number: UUID, line: int) -> HttpResponseBase:
    """Attach a row to a subject, say that none is meant, or return it; what is against a firm takes two."""
    act, reason = request.POST.get("act", ""), request.POST.get("reason", "").strip()
    given: dict[str, Any] = {"batch": number, "line": line, "reason": reason}
    try:
        if act == "match":
            done = _errand("match.match", visitor, **given, uscc=request.POST.get("uscc", ""))
            waits = done.get("state") == "proposed"
            messages.success(request, _("已提出，等另一人复核") if waits else _("已归集"))
        elif act in ("dismiss", "send_back"):
            if not reason:
                raise SharingError(_("请写明原因"))
            _errand(f"match.{act}", visitor, **given)
            messages.success(request, _("已处理"))
        else:
            raise SharingError(_("请选择归集到哪个主体，或无此主体、退回"))
    except SharingError as error:
        context = {**_waiting(visitor), "mistake": pages.words(error)}
        return pages.render(request, "operator/matching.html", context, status=422)
    return redirect("operator_matching")


@visitors.page(permission.CHECKER, "POST")
def confirm(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Put another person's decision in force."""
    try:
        _errand("match.confirm", visitor, decision=number)
    except SharingError as error:
        context = {**_waiting(visitor), "mistake": pages.words(error)}
        return pages.render(request, "operator/matching.html", context, status=422)
    messages.success(request, _("已复核，记录已归集"))
    return redirect("operator_matching")


def _errand(act: str, visitor: Visitor, **given: Any) -> dict[str, Any]:
    return errands.ask(act, **given, actor=visitor.actor, as_of=visitor.at)


def _waiting(visitor: Visitor) -> dict[str, Any]:
    rows = [
        {
            **row.document(),
            "from": loader.load().provider_label(row.provider),
            "candidates": [one.document() for one in row.candidates()],
            "proposed": [card.document() for card in desk.decisions_on(row.batch, row.line)]
            if row.proposal
            else [],
        }
        for row in waiting_rows.find(as_of=visitor.at, limit=_SHOWN)
    ]
    return {"here": "operator_matching", "rows": rows, "checks": _checks(visitor), "shown": _SHOWN}


def _checks(visitor: Visitor) -> bool:
    return permission.CHECKER.admits(visitor.role.party_kind, visitor.role.role)
