"""接入机构: the list of those that are connected, with their standing."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext_lazy as _lazy

from rongxin.entrypoints.portals import lists, visitors
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties import institutions
from rongxin.parties.rules import permission
from rongxin.parties.rules.standing import InstitutionKind, Standing


def _rows(_visitor: Visitor, wanted: Wanted, window: Window) -> Part[institutions.Card]:
    return institutions.part_of(
        window,
        find=wanted["find"],
        kind=InstitutionKind(wanted["kind"]) if wanted["kind"] else None,
        standing=Standing(wanted["standing"]) if wanted["standing"] else None,
    )


INSTITUTIONS = Listing(
    "operator_institutions",
    _lazy("接入机构"),
    (
        Column(_lazy("机构"), lambda one: Cell(one.name, reverse("operator_institution", args=[one.id]))),
        Column(_lazy("种类"), lambda one: lists.label(one.kind)),
        Column(_lazy("状态"), lambda one: Cell(lists.label(one.standing), tag=_tone(one))),
        Column(
            _lazy("安全评估至"), lambda one: one.assessed_until.isoformat() if one.assessed_until else "—"
        ),
        Column(_lazy("每日上限"), lambda one: one.daily_quota, number=True),
    ),
    _rows,
    _lazy("还没有接入机构。核准接入申请后会出现在这里。"),
    (
        lists.SEARCH,
        Filter("kind", _lazy("种类"), "choice", lambda: lists.words(InstitutionKind)),
        Filter("standing", _lazy("状态"), "choice", lambda: lists.words(Standing)),
    ),
)


@visitors.page(permission.DESK | permission.SECURITY | permission.AUDIT, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the institutions with their standing, by name."""
    context = {"here": "operator_institutions"}
    return lists.answer(request, visitor, INSTITUTIONS, "operator/institutions.html", context)


def _tone(one: institutions.Card) -> str:
    return "good" if one.standing is Standing.ACTIVE else "warn"
