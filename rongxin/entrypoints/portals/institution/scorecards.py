"""机构评分卡: the institution's own cards, uploaded, applied to what a case's consent opens ((七))."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rongxin.catalogue import loader
from rongxin.disclosure import gate
from rongxin.disclosure.release import Refusal, Release
from rongxin.entrypoints.portals import pages, visitors, wording
from rongxin.entrypoints.portals.institution import cases, reports
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.evaluation import card_inputs, institution_cards
from rongxin.evaluation.errors import (
    EvaluationError,
    InstitutionCardRefused,
    UnknownInstitutionCard,
)
from rongxin.evaluation.institution_cards import NAME_MAX, Held
from rongxin.parties import subjects
from rongxin.parties.rules import permission

_HERE = "institution_cards"


@visitors.page(permission.INSTITUTION, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the own cards, the newest first; by POST upload one, which is checked whole."""
    if request.method != "POST":
        return pages.render(request, "institution/cards.html", _cards(visitor))
    name, file = request.POST.get("name", "").strip(), request.FILES.get("file")
    try:
        if not isinstance(file, UploadedFile):
            raise InstitutionCardRefused(_("请选择评分卡文件（JSON）"))
        data = file.read(institution_cards.limits(visitor.today).bytes_max + 1)
        institution_cards.upload(visitor.role.party, name, data, actor=visitor.actor, as_of=visitor.at)
    except EvaluationError as error:
        context = {**_cards(visitor), "mistake": pages.words(error), "name": name}
        return pages.render(request, "institution/cards.html", context, status=422)
    messages.success(request, _("评分卡已上传，可在融资业务的页面上使用"))
    return redirect(_HERE)


@visitors.page(permission.INSTITUTION)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show a card: what each column reads, and which items have to be consented to for it."""
    held = _own(number, visitor)
    known = loader.load().items
    context = {
        "here": _HERE,
        "card": held,
        "columns": [_column(column) for column in held.content.columns],
        "items": [known[name].label for name in held.items if name in known],
    }
    return pages.render(request, "institution/card.html", context)


@visitors.page(permission.INSTITUTION, "POST")
def retire(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Let a card be applied no more."""
    held = _own(number, visitor)
    institution_cards.retire(held.id, institution=visitor.role.party, actor=visitor.actor, as_of=visitor.at)
    messages.success(request, _("已停用，不能再用它评分"))
    return redirect(_HERE)


@visitors.page(permission.INSTITUTION, "POST")
def score(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Score the firm of a case by one of the own cards; what it was computed from does not leave."""
    case = cases.own(number, visitor)
    chosen = request.POST.get("card", "")
    held = next((one for one in live(visitor) if str(one.id) == chosen), None)
    if held is None:
        return pages.refusal(request, 422, _("请选择一张在用的评分卡"))
    asked = reports.question(visitor, case, next(iter(cases.active_of(case)), None), card=held.id)
    answer = gate.release(asked, actor=visitor.actor, as_of=visitor.at)
    if isinstance(answer, Refusal):
        return pages.refusal(request, 403, wording.reason(answer.reason), reports.onward(answer.reason))
    context = {
        "here": "institution",
        "case": case,
        "firm": subjects.get(case.subject_id),
        "card": held,
        "found": _found(answer),
        "release": answer,
    }
    return pages.render(request, "institution/card_score.html", context)


def live(visitor: Visitor) -> list[Held]:
    """Return the cards that may be applied."""
    return [one for one in institution_cards.every(visitor.role.party) if one.retired_at is None]


def _found(answer: Release) -> dict[str, Any]:
    (item,) = answer.items
    return {name: field.value for name, field in item.rows[0].fields.items()}


def _column(column: Any) -> dict[str, str]:
    read = card_inputs.of_column(column.name)
    label = card_inputs.label(read, institution_cards.specification()) if read else column.name
    return {"name": column.name, "label": label}


def _own(number: UUID, visitor: Visitor) -> Held:
    try:
        return institution_cards.of(number, institution=visitor.role.party)
    except UnknownInstitutionCard as error:
        raise Http404(str(error)) from error


def _cards(visitor: Visitor) -> dict[str, Any]:
    return {
        "here": _HERE,
        "cards": institution_cards.every(visitor.role.party),
        "limits": institution_cards.limits(visitor.today),
        "name_max": NAME_MAX,
    }
