"""书面授权复核: papers that wait; the scan is shown only to who checks it, and only while it waits."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rongxin.catalogue import loader
from rongxin.consent import cases, grants, written
from rongxin.consent.errors import ConsentError
from rongxin.entrypoints.portals import pages, visitors
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties import institutions, subjects
from rongxin.parties.rules import permission

_SEES = permission.DESK | permission.AUDIT


@visitors.page(_SEES)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """List the papers that wait."""
    part = written.listed(pages.window(request))
    context = {
        "here": "operator_papers",
        "rows": [_line(card, visitor) for card in part.rows],
        "onward": pages.onward(part.last),
    }
    return pages.render(request, "operator/papers.html", context)


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
        "waited": (visitor.today - card.proposed_at.date()).days,
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
