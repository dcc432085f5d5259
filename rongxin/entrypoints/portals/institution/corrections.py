"""更正通知: whose record that an institution received is wrong, and what became of its copy ((九))."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.entrypoints.portals import corrected, lists, pages, visitors
from rongxin.entrypoints.portals.lists import Cell, Column, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties import subjects
from rongxin.parties.rules import permission
from rongxin.rights import corrections
from rongxin.rights.corrections import Card
from rongxin.rights.errors import RightsError
from rongxin.rights.rules.correction import Done

_HERE = "institution_corrections"


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    part = corrections.of_recipient(
        "institution",
        visitor.role.party,
        window,
        owed_only=not wanted["all"],
        find=wanted["find"],
        sort=wanted.sort,
    )
    firms = subjects.many({card.subject for card in part.rows})
    return part.of(lambda card: corrected.row(card, firms[card.subject].name, on=visitor.today))


CORRECTIONS = Listing(
    _HERE,
    _lazy("更正通知"),
    (
        Column(
            _lazy("企业"),
            lambda row: Cell(row["firm"], reverse("institution_correction", args=[row["correction"]])),
        ),
        *corrected.COLUMNS,
    ),
    _rows,
    _lazy("没有待确认的更正通知。曾提供给本机构的记录修复、更正或移除后，会出现在这里。"),
    corrected.FILTERS,
    corrected.SORTS,
)


@visitors.page(permission.INSTITUTION, "GET", "POST", unserved=True)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the notices that wait for an answer, what is late first."""
    return lists.answer(request, visitor, CORRECTIONS, "institution/corrections.html", {"here": _HERE})


@visitors.page(permission.INSTITUTION, "GET", "POST", unserved=True)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show a notice; by POST say what became of the copy: corrected, deleted, or none is held."""
    context = _one(_own(number, visitor), visitor)
    if request.method != "POST":
        return pages.render(request, "institution/correction.html", context)
    try:
        done = Done(request.POST.get("done", ""))
        note = request.POST.get("note", "")
        corrections.acknowledge(number, done, note=note, actor=visitor.actor, as_of=visitor.at)
    except (RightsError, ValueError) as error:
        ours = isinstance(error, RightsError)
        context["mistake"] = pages.words(error) if ours else _("请选择对留存副本的处理")
        return pages.render(request, "institution/correction.html", context, status=422)
    messages.success(request, _("已确认更正通知"))
    return redirect(_HERE)


def _own(number: UUID, visitor: Visitor) -> Card:
    try:
        card = corrections.get(number)
    except RightsError as error:
        raise Http404(str(error)) from error
    if (card.recipient_kind, card.recipient) != ("institution", visitor.role.party):
        raise Http404(str(number))
    return card


def _one(card: Card, visitor: Visitor) -> dict[str, Any]:
    return {
        "here": _HERE,
        "one": card.document(on=visitor.today),
        "firm": subjects.get(card.subject),
        "ways": list(Done),
    }
