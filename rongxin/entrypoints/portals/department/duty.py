"""履职查询: a department's mandates, and one question by one of them （（五））."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from rongxin.disclosure import gate
from rongxin.disclosure.release import Recipient, Refusal, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.entrypoints.api import reports
from rongxin.entrypoints.portals import pages, visitors, wording
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties import departments, duty_mandates, subjects
from rongxin.parties.rules import permission
from rongxin.vocabulary import uscc as codes
from rongxin.vocabulary.purpose import Purpose


@visitors.page(permission.DEPARTMENT, "GET", "POST")
def home(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """List the department's mandates; by POST ask about one firm by one of them."""
    mandates = duty_mandates.of_department(visitor.role.party)
    context: dict[str, Any] = {
        "here": "department",
        "department": departments.get(visitor.role.party),
        "mandates": [card.document() for card in mandates],
        "uscc": request.POST.get("uscc", ""),
        "reference": request.POST.get("reference", ""),
    }
    if request.method != "POST":
        return pages.render(request, "department/home.html", context)
    chosen = next((card for card in mandates if str(card.id) == request.POST.get("mandate")), None)
    code = codes.clean(context["uscc"])
    mistake = (
        _("请选择履职依据") if chosen is None
        else _("请填写本部门的案号或文号") if not context["reference"].strip()
        else _("未找到这个统一社会信用代码的登记信息") if subjects.find(code) is None
        else ""
    )  # fmt: skip
    if chosen is None or mistake:
        return pages.render(request, "department/home.html", {**context, "mistake": mistake}, status=422)
    answer = gate.release(
        Request(
            recipient=Recipient(
                RecipientKind.DEPARTMENT,
                visitor.role.party,
                context["department"].name,
                visitor.account.display_name,
            ),
            uscc=code,
            items=tuple(chosen.terms.items),
            purpose=Purpose.OFFICIAL_DUTY,
            reference=context["reference"].strip(),
            mandate_id=UUID(str(chosen.id)),
        ),
        actor=visitor.actor,
        as_of=visitor.at,
    )
    if isinstance(answer, Refusal):
        return pages.refusal(request, 403, wording.reason(answer.reason))
    return reports.rendered(answer, "text/html")
