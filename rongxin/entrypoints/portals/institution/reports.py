"""信用信息报告 for a clerk: by a case and its consent, or what is public; each stands in the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rongxin.catalogue import loader
from rongxin.consent import cases as matters
from rongxin.consent.register import Grant
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
    return of(request, visitor, case, next(iter(cases.active_of(case)), None))


def of(
    request: HttpRequest,
    visitor: Visitor,
    case: matters.Card,
    live: Grant | None,
    claims: Mapping[str, Mapping[str, str]] | None = None,
) -> HttpResponse:
    """Give the report of a case, with what is claimed compared beside it."""
    form = _FORMS.get(request.POST.get("form", "page"), "text/html")
    return _report(request, visitor, question(visitor, case, live, claims=claims), form)


def question(
    visitor: Visitor,
    case: matters.Card,
    live: Grant | None,
    *,
    items: tuple[str, ...] = (),
    claims: Mapping[str, Mapping[str, str]] | None = None,
    card: UUID | None = None,
) -> Request:
    """Return what is asked of the gate in a case: by consent, of these items or all, or a card's score."""
    return Request(
        recipient=_recipient(visitor),
        uscc=subjects.get(case.subject_id).uscc or "",
        items=() if card else items or tuple(loader.load().all_names),
        purpose=live.terms.purpose if live else Purpose.FINANCING_SUPPORT,
        reference=case.reference,
        # What is public needs no case; a case named without a consent carries nothing and is refused whole.
        case_id=case.id if live else None,
        consent_id=live.id if live else None,
        claims=claims or {},
        card=card,
    )


def onward(reason: Reason) -> str:
    """Say what somebody can do who was refused."""
    if reason is Reason.STEP_UP_REQUIRED:
        return _("请退出后以验证码重新登录，再查询。")
    return _("拒绝已记入存证，信息主体可以看到。")


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
            asked = Request(
                recipient=_recipient(visitor),
                uscc=code,
                items=tuple(loader.load().all_names),
                purpose=Purpose.FINANCING_SUPPORT,
                reference=reference,
            )
            return _report(request, visitor, asked, _FORMS.get(request.POST.get("form", "page"), "text/html"))
        except UnknownSubject:  # counted and journalled: nobody tries out codes unseen or for nothing
            mistake = _("未找到这个统一社会信用代码的登记信息")
    return pages.render(request, "institution/public.html", {**context, "mistake": mistake}, status=422)


def _recipient(visitor: Visitor) -> Recipient:
    institution = institutions.get(visitor.role.party)
    return Recipient(
        RecipientKind.INSTITUTION, institution.id, institution.name, visitor.account.display_name
    )


def _report(request: HttpRequest, visitor: Visitor, asked: Request, form: str) -> HttpResponse:
    asked = replace(asked, export=form != "text/html")
    answer = gate.release(asked, actor=visitor.actor, as_of=visitor.at)
    if isinstance(answer, Refusal):
        return pages.refusal(request, 403, wording.reason(answer.reason), onward(answer.reason))
    return reports.rendered(answer, form)
