"""书面授权复核: papers that wait; the scan is shown only to who checks it, and only while it waits."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.catalogue import loader
from rongxin.consent import cases, grants, written
from rongxin.consent.errors import ConsentError
from rongxin.entrypoints.portals import lists, pages, visitors
from rongxin.entrypoints.portals.lists import Cell, Column, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties import institutions, subjects
from rongxin.parties.rules import permission
from rongxin.vocabulary.zone import business_day

_SEES = permission.DESK | permission.AUDIT


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    part = written.listed(window, find=wanted["find"], oldest_first=wanted.sort == "oldest")
    return part.of(lambda card: _line(card, visitor))


def _handed_in(row: dict[str, Any]) -> Cell:
    at = reverse("operator_paper", args=[row["card"].id])
    waited = _("已等%(waited)s天") % {"waited": row["waited"]}
    return Cell(lists.at(row["card"].proposed_at)[:10], at, note=waited)


PAPERS = Listing(
    "operator_papers",
    _lazy("书面授权复核"),
    (
        Column(_lazy("提交"), _handed_in),
        Column(_lazy("企业"), lambda row: row["firm"].name),
        Column(_lazy("机构"), lambda row: row["institution"]),
        Column(_lazy("签字人"), lambda row: row["card"].signed_by),
    ),
    _rows,
    _lazy("没有等待复核的书面授权。"),
    (lists.SEARCH,),
    (("oldest", _lazy("等得最久的在前")), ("newest", _lazy("新提交的在前"))),
)


@visitors.page(_SEES, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the papers that wait, the oldest first."""
    return lists.answer(request, visitor, PAPERS, "operator/papers.html", {"here": "operator_papers"})


@visitors.page(permission.DESK)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    return pages.render(request, "operator/paper.html", _one(number, visitor))


@visitors.page(permission.CHECKER)
def scan(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Hand out the scan to be saved, never to be shown inside a page; once it is checked, to nobody."""
    if written.get(number).checked_at is not None:
        raise Http404(str(number))
    media_type, content = written.scan_of(number)
    answer = HttpResponse(content, content_type=media_type)
    answer["Content-Disposition"] = f'attachment; filename="{number}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


@visitors.page(permission.CHECKER, "POST")
def check(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Confirm or reject what another person handed in, by the hash of the scan that was looked at."""
    note, confirmed = request.POST.get("note", "").strip(), request.POST.get("act") == "confirm"
    try:
        if not confirmed and not note:
            raise ConsentError(_("请写明不予确认的原因"))
        grants.check_written(
            number,
            confirmed=confirmed,
            scan_sha256=request.POST.get("scan", ""),
            note=note,
            actor=visitor.actor,
            as_of=visitor.at,
        )
    except ConsentError as error:
        context = {**_one(number, visitor), "mistake": pages.words(error), "note": note}
        return pages.render(request, "operator/paper.html", context, status=422)
    messages.success(request, _("已确认，授权生效，企业得到通知") if confirmed else _("未予确认"))
    return redirect("operator_papers")


def _line(card: written.Card, visitor: Visitor) -> dict[str, Any]:
    firm = subjects.get(cases.get(card.case_id).subject_id)
    return {
        "card": card,
        "firm": firm,
        "institution": institutions.get(card.institution_id).name,
        "waited": (visitor.today - business_day(card.proposed_at)).days,
    }


def _one(number: UUID, visitor: Visitor) -> dict[str, Any]:
    card = written.get(number)
    known = loader.load()
    return {
        "here": "operator_papers",
        **_line(card, visitor),
        "items": [known.label(name) for name in sorted(card.draft.items)],
        "waits": card.checked_at is None,
        "checks": permission.CHECKER.admits(visitor.role.party_kind, visitor.role.role),
    }
