"""信用信息报告 for a clerk: by a case and its consent, or what is public; each stands in the journal."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rongxin.catalogue import loader
from rongxin.consent import register
from rongxin.consent.rules import Status
from rongxin.disclosure import gate
from rongxin.disclosure.errors import UnknownSubject
from rongxin.disclosure.release import Recipient, Refusal, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.entrypoints.api import reports
from rongxin.entrypoints.portals import pages, visitors, wording
from rongxin.entrypoints.portals.institution import cases
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties import institutions, subjects
from rongxin.parties.rules import permission
from rongxin.vocabulary import uscc as codes
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason

_FORMS = {"page": "text/html", "pdf": "application/pdf", "json": "application/json"}


@visitors.page(permission.INSTITUTION, "POST")
def of_case(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Give the report that the case's consent carries; without one, what is public."""
    case = cases.own(number, visitor)
    given = register.of_case(case.subject_id, case.institution_id, case.id)
    live = next((grant for grant in given if grant.status is Status.ACTIVE), None)
    return _report(
        request,
        visitor,
        uscc=subjects.get(case.subject_id).uscc or "",
        purpose=live.terms.purpose if live else Purpose.FINANCING_SUPPORT,
        reference=case.reference,
        # What is public needs no case; a case named without a consent carries nothing and is refused whole.
        case=case.id if live else None,
        consent=live.id if live else None,
    )


@visitors.page(permission.INSTITUTION, "GET", "POST")
def public(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Ask for what is public of a firm, under the institution's own reference （（六）（十））."""
    context = {"here": "institution_public", "uscc": request.POST.get("uscc", "")}
    if request.method != "POST":
        return pages.render(request, "institution/public.html", context)
    code, reference = codes.clean(context["uscc"]), request.POST.get("reference", "").strip()
    found = codes.examine(code)
    mistake = found.message if not found.acceptable else "" if reference else _("请填写本机构的业务编号")
    if not mistake:
        try:
            return _report(
                request, visitor, uscc=code, purpose=Purpose.FINANCING_SUPPORT, reference=reference
            )
        except UnknownSubject:  # counted and journalled: nobody tries out codes unseen or for nothing
            mistake = _("未找到这个统一社会信用代码的登记信息")
    return pages.render(request, "institution/public.html", {**context, "mistake": mistake}, status=422)


def _report(
    request: HttpRequest,
    visitor: Visitor,
    *,
    uscc: str,
    purpose: Purpose,
    reference: str,
    case: UUID | None = None,
    consent: UUID | None = None,
) -> HttpResponse:
    institution = institutions.get(visitor.role.party)
    form = _FORMS.get(request.POST.get("form", "page"), "text/html")
    answer = gate.release(
        Request(
            recipient=Recipient(
                RecipientKind.INSTITUTION, institution.id, institution.name, visitor.account.display_name
            ),
            uscc=uscc,
            items=tuple(loader.load().all_names),
            purpose=purpose,
            reference=reference,
            case_id=case,
            consent_id=consent,
            export=form != "text/html",
        ),
        actor=visitor.actor,
        as_of=visitor.at,
    )
    if isinstance(answer, Refusal):
        what = wording.reason(answer.reason)
        onward = _("拒绝已记入存证，信息主体可以看到。")
        if answer.reason is Reason.STEP_UP_REQUIRED:
            onward = _("请退出后以验证码重新登录，再查询。")
        return pages.refusal(request, 403, what, onward)
    return reports.rendered(answer, form)
