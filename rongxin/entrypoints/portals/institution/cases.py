"""工作台: the cases of an institution, what each waits for, and all that is done in one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from rongxin.catalogue import loader
from rongxin.consent import cases, register, requests, templates
from rongxin.consent.deletion import duties
from rongxin.consent.errors import ConsentError, UnknownCase
from rongxin.consent.rules import CaseKind, Status
from rongxin.entrypoints.portals import pages, visitors, wording
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties import institutions, subjects
from rongxin.parties.rules import permission
from rongxin.vocabulary import uscc as codes

# By which template a consent is usually asked for a kind of case; another may be chosen.
_TEMPLATES = {
    CaseKind.LOAN_APPLICATION: "one_time_underwriting",
    CaseKind.LOAN: "loan_monitoring",
    CaseKind.GUARANTEE: "guarantee",
    CaseKind.INSURANCE: "insurance",
}


@visitors.page(permission.INSTITUTION, "GET", "POST")
def worklist(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the cases, those opened last first, each with what it waits for; by POST open one."""
    context: dict[str, Any] = {"here": "institution", "kinds": list(CaseKind)}
    if request.method == "POST":
        context |= {key: request.POST.get(key, "") for key in ("uscc", "reference", "kind")}
        subject = subjects.find(codes.clean(context["uscc"]))
        try:
            if subject is None:
                raise ConsentError(_("未找到这个统一社会信用代码的登记信息，请核对营业执照上的18位代码"))
            case = cases.open_case(
                visitor.role.party,
                subject.id,
                context["reference"],
                CaseKind(context["kind"] or CaseKind.LOAN_APPLICATION),
                actor=visitor.actor,
                as_of=visitor.at,
            )
            return redirect("institution_case", number=case.id)
        except ConsentError as error:
            context["mistake"] = pages.words(error)
    part = cases.of_institution(visitor.role.party, pages.window(request))
    context |= {
        "institution": institutions.get(visitor.role.party),
        "cases": [_line(case, visitor) for case in part.rows],
        "onward": pages.onward(part.last),
        "owed": duties.owed_count(visitor.role.party),
    }
    return pages.render(
        request, "institution/worklist.html", context, status=422 if "mistake" in context else 200
    )


@visitors.page(permission.INSTITUTION)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show a case: the firm, the consents, and what can be done next."""
    case = own(number, visitor)
    return pages.render(request, "institution/case.html", _case(case, visitor))


@visitors.page(permission.INSTITUTION, "POST")
def ask(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Ask the firm for consent to the chosen items, within the fair-use template of the case's kind."""
    case = own(number, visitor)
    items = frozenset(request.POST.getlist("items"))
    try:
        draft = templates.draft(
            request.POST.get("template") or _TEMPLATES[case.kind], items, on=visitor.today
        )
        requests.request(case.id, draft, actor=visitor.actor, as_of=visitor.at)
    except ConsentError as error:
        context = {**_case(case, visitor), "mistake": pages.words(error), "asked": items}
        return pages.render(request, "institution/case.html", context, status=422)
    messages.success(request, _("已向企业申请授权；企业答复后此页会显示"))
    return redirect("institution_case", number=number)


@visitors.page(permission.INSTITUTION, "POST")
def close(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Close a case; consents given for it carry nothing from then on."""
    cases.close_case(own(number, visitor).id, actor=visitor.actor, as_of=visitor.at)
    messages.success(request, _("已办结：为这笔业务给出的授权不再有效"))
    return redirect("institution_case", number=number)


def own(number: UUID, visitor: Visitor) -> cases.Card:
    """Return a case of the visitor's institution; another's is as good as unknown."""
    try:
        case = cases.get(number)
    except UnknownCase as error:
        raise Http404(str(error)) from error
    if case.institution_id != visitor.role.party:
        raise Http404(str(number))
    return case


def _line(case: cases.Card, visitor: Visitor) -> dict[str, Any]:
    given = register.of_case(case.subject_id, case.institution_id, case.id)
    live = next((grant for grant in given if grant.status is Status.ACTIVE), None)
    if case.closed:
        state = _("已办结")
    elif live is not None:
        state = _("已授权，至%(valid_until)s") % {"valid_until": live.terms.valid_until}
    elif given:
        state = _("授权%(label)s") % {"label": wording.named(given[0].status.label)}
    else:
        waiting = requests.of_case(case.id)
        state = (
            _("授权申请%(label)s") % {"label": wording.named(waiting[0].status.label)}
            if waiting
            else _("尚未申请授权")
        )
    return {"case": case, "firm": subjects.get(case.subject_id), "state": state, "live": live}


def _case(case: cases.Card, visitor: Visitor) -> dict[str, Any]:
    catalogue = loader.load()
    template = templates.in_force(_TEMPLATES[case.kind], visitor.today)
    sections = [
        {"label": label, "items": [item for item in items if any(c.consent for c in item.channels)]}
        for _, label, items in catalogue.sections()
    ]
    return {
        "here": "institution",
        **_line(case, visitor),
        "grants": register.of_case(case.subject_id, case.institution_id, case.id),
        "requests": requests.of_case(case.id),
        "template": template,
        "sections": [section for section in sections if section["items"]],
        "report_at": reverse("institution_report", kwargs={"number": case.id}),
    }
