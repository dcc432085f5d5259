"""删除回执: what an institution owes for consents that ended ((九))."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.catalogue import loader
from rongxin.consent import cases
from rongxin.consent.deletion import duties, policy, receipts
from rongxin.consent.deletion.rules import Act
from rongxin.consent.errors import ConsentError, UnknownConsent
from rongxin.entrypoints.portals import lists, pages, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties import subjects
from rongxin.parties.rules import permission


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    part = duties.part_of(
        window,
        institution=visitor.role.party,
        owed_only=not wanted["all"],
        find=wanted["find"],
        sort=wanted.sort,
    )
    firms = subjects.many({card.subject_id for card in part.rows})
    numbers = cases.of_consents({card.duty.consent for card in part.rows})
    return part.of(
        lambda card: {
            **card.document(on=visitor.today),
            "firm": firms[card.subject_id].name,
            "case": numbers[card.duty.consent].reference,
        }
    )


def _due(row: dict[str, Any]) -> Cell:
    return Cell(row["due_on"] or "", note=_("已逾期") if row["overdue"] else "", warns=row["overdue"])


DUTIES = Listing(
    "institution_duties",
    _lazy("删除回执"),
    (
        Column(
            _lazy("企业"),
            lambda row: Cell(row["firm"], reverse("institution_receipt", args=[row["consent"]])),
        ),
        Column(_lazy("业务编号"), lambda row: row["case"]),
        Column(_lazy("应交回"), _due),
        Column(
            _lazy("状态"),
            lambda row: Cell(wording.named(row["state_label"]), tag="warn" if row["overdue"] else ""),
        ),
    ),
    _rows,
    _lazy("没有应交的删除回执。"),
    (lists.SEARCH, Filter("all", _lazy("也看已交回的"), "tick")),
    (("due", _lazy("先到期的在前")), ("newest", _lazy("最近产生的在前"))),
)


@visitors.page(permission.INSTITUTION, "GET", "POST", unserved=True)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the receipts owed, what is late first."""
    return lists.answer(request, visitor, DUTIES, "institution/duties.html", {"here": "institution_duties"})


@visitors.page(permission.INSTITUTION, "GET", "POST", unserved=True)
def state(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show what is owed for a consent; by POST take the institution's statement: deleted on a day, or
    restricted until a day under a named law.
    """
    context = _receipt(number, visitor)
    if request.method != "POST":
        return pages.render(request, "institution/receipt.html", context)
    try:
        act = Act.RESTRICT if request.POST.get("statement") == "restricted" else Act.DELETE
        receipts.state(
            number,
            act,
            deleted_on=_day(request.POST.get("deleted_on", "")) if act is Act.DELETE else None,
            until=_day(request.POST.get("until", "")) if act is Act.RESTRICT else None,
            law=request.POST.get("law", "") if act is Act.RESTRICT else "",
            actor=visitor.actor,
            as_of=visitor.at,
        )
    except ConsentError as error:
        context |= {"mistake": pages.words(error)}
        return pages.render(request, "institution/receipt.html", context, status=422)
    messages.success(request, _("已交回删除回执，信息主体可以看到"))
    return redirect("institution_duties")


def _receipt(number: UUID, visitor: Visitor) -> dict[str, Any]:
    try:
        card = duties.get(number)
    except UnknownConsent as error:
        raise Http404(str(error)) from error
    if card.duty.institution != visitor.role.party:
        raise Http404(str(number))
    return {
        "here": "institution_duties",
        "duty": card.document(on=visitor.today),
        "firm": subjects.get(card.subject_id),
        "case": cases.of_consents({number})[number],
        "items": [loader.load().label(name) for name in card.items],
        "laws": policy.on(visitor.today).laws,
        "today": visitor.today,
    }


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConsentError(_("请填写日期，形如 2026-12-31")) from error
