"""异议与修复: object to one's own record, ask for its repair, follow both, see who was told."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rongxin.catalogue import loader
from rongxin.catalogue.errors import UnknownItem
from rongxin.catalogue.schema import Item
from rongxin.entrypoints.portals import pages, shown, uploads, visitors
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties.kept_files import KeptFileGone
from rongxin.parties.rules import permission
from rongxin.parties.rules.membership import PartyKind
from rongxin.rights import corrections, objections, papers, policy, repairs
from rongxin.rights.errors import RightsError
from rongxin.rights.objections import Complaint
from rongxin.rights.repairs import Wish
from rongxin.rights.rules.repair import OPEN, Material, Severity


@visitors.page(permission.SUBJECT)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """List objections, requests for repair and who was told of corrected records, the newest first."""
    few, today = pages.first(100), visitor.today
    context = {
        "here": "enterprise_rights",
        "objections": [card.document(on=today) for card in objections.of_subject(visitor.subject, few).rows],
        "repairs": [
            {**card.document(on=today), "open": card.state in OPEN}
            for card in repairs.of_subject(visitor.subject, few).rows
        ],
        "told": [
            {**card.document(on=today), "who": shown.name(PartyKind(card.recipient_kind), card.recipient)}
            for card in corrections.of_subject(visitor.subject, few).rows
        ],
    }
    return pages.render(request, "enterprise/rights.html", context)


@visitors.page(permission.SUBJECT, "GET", "POST")
def object_to(request: HttpRequest, visitor: Visitor, item: str) -> HttpResponseBase:
    """Take an objection to one record, or to an item of which the platform holds none."""
    found, record = _item(item), _record(request)
    context: dict[str, Any] = {
        "here": "enterprise_rights",
        "item": found,
        "record": record,
        "chosen": request.POST.getlist("fields"),
        "statement": request.POST.get("statement", ""),
    }
    if request.method != "POST":
        return pages.render(request, "enterprise/objection.html", context)
    try:
        evidence = _files(request, papers.EVIDENCE, "files")
        complaint = Complaint(item, record, tuple(context["chosen"]), context["statement"], evidence)
        card = objections.lodge(visitor.subject, complaint, actor=visitor.actor, as_of=visitor.at)
    except (RightsError, KeptFileGone) as error:
        context["mistake"] = pages.words(error)
        return pages.render(request, "enterprise/objection.html", context, status=422)
    messages.success(
        request, _("异议已提交，报告从现在起标注“异议处理中”，应于%(due_on)s前答复") % {"due_on": card.due_on}
    )
    return redirect("enterprise_rights")


@visitors.page(permission.SUBJECT, "POST")
def take_back(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Take an objection of one's own back; its mark goes."""
    try:
        card = objections.get(number)
    except RightsError as error:
        raise Http404(str(error)) from error
    if card.subject != visitor.subject:
        raise Http404(str(number))
    objections.withdraw(number, actor=visitor.actor, as_of=visitor.at)
    messages.success(request, _("已撤回异议，标注已取消"))
    return redirect("enterprise_rights")


@visitors.page(permission.SUBJECT, "POST")
def take_repair_back(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Take a request for repair back; what the window may still decide is not followed."""
    try:
        card = repairs.get(number)
    except RightsError as error:
        raise Http404(str(error)) from error
    if card.subject != visitor.subject:
        raise Http404(str(number))
    repairs.withdraw(number, actor=visitor.actor, as_of=visitor.at)
    messages.success(request, _("已撤回修复申请，标注已取消；以后可以重新申请"))
    return redirect("enterprise_rights")


@visitors.page(permission.SUBJECT, "GET", "POST")
def repair(request: HttpRequest, visitor: Visitor, record: int) -> HttpResponseBase:
    """Ask for the repair of a record that was made good; the national window decides, not the platform."""
    edition = policy.repairs_on(visitor.today)
    place = repairs.repairable(visitor.subject, record, actor=visitor.actor, as_of=visitor.at)
    context: dict[str, Any] = {
        "here": "enterprise_rights",
        "item": loader.load().item(place.item),
        "provider": loader.load().provider_label(place.provider),
        "observed_on": place.observed_on,
        "severities": [
            (one, months, repairs.period_of(place.observed_on, one, on=visitor.today))
            for one, months in edition.severities.items()
        ],
        "file_bytes_max": edition.file_bytes_max,
        "severity": request.POST.get("severity", ""),
        "statement": request.POST.get("statement", ""),
    }
    if request.method != "POST":
        return pages.render(request, "enterprise/repair.html", context)
    try:
        materials = (
            *_files(request, Material.FULFILMENT_PROOF.value, "fulfilment_proof"),
            *_files(request, Material.CREDIT_COMMITMENT.value, "credit_commitment"),
        )
        wish = Wish(record, Severity(context["severity"]), context["statement"], materials)
        repairs.request(visitor.subject, wish, actor=visitor.actor, as_of=visitor.at)
    except (RightsError, KeptFileGone, ValueError) as error:
        unknown = isinstance(error, ValueError)
        context["mistake"] = _("请选择失信程度，见认定文书") if unknown else pages.words(error)
        return pages.render(request, "enterprise/repair.html", context, status=422)
    messages.success(request, _("修复申请已受理并转送，决定由国家统一窗口作出，进展见本页"))
    return redirect("enterprise_rights")


def _item(name: str) -> Item:
    try:
        return loader.load().item(name)
    except UnknownItem as error:
        raise Http404(str(error)) from error


def _record(request: HttpRequest) -> int | None:
    given = request.POST.get("record") or request.GET.get("record") or ""
    number = pages.whole(given)
    if given and number is None:
        raise Http404(given)
    return number


def _files(request: HttpRequest, purpose: str, name: str) -> tuple[papers.File, ...]:
    return tuple(
        papers.File(file.name, file.media_type, file.content, purpose)
        for file in uploads.every(request, name)
    )
