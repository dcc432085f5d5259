"""应尽事项: receipts that an institution owes for consents that ended, and incidents that it may explain."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rongxin.consent.deletion import duties, policy, receipts
from rongxin.consent.deletion.rules import Act
from rongxin.consent.errors import ConsentError
from rongxin.entrypoints.portals import pages, visitors
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.governance.errors import GovernanceError
from rongxin.governance.watching import incidents
from rongxin.parties import subjects
from rongxin.parties.rules import permission
from rongxin.rights import corrections
from rongxin.rights.errors import RightsError
from rongxin.rights.rules.correction import Done

_AT_ONCE = 20


@visitors.page(permission.INSTITUTION, unserved=True)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    return pages.render(request, "institution/duties.html", _all(request, visitor))


@visitors.page(permission.INSTITUTION, "POST", unserved=True)
def state(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Take the institution's statement: deleted on a day, or restricted until a day under a named law."""
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
        context = {**_all(request, visitor), "mistake": pages.words(error)}
        return pages.render(request, "institution/duties.html", context, status=422)
    messages.success(request, _("已交回删除回执，信息主体可以看到"))
    return redirect("institution_duties")


@visitors.page(permission.INSTITUTION, "POST", unserved=True)
def acknowledge(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Say what became of the copy of a record that was wrong: corrected, deleted, or none is held."""
    try:
        done = Done(request.POST.get("done", ""))
        corrections.acknowledge(number, done, actor=visitor.actor, as_of=visitor.at)
    except (RightsError, ValueError) as error:
        mistake = pages.words(error) if isinstance(error, RightsError) else _("请选择对留存副本的处理")
        return pages.render(
            request, "institution/duties.html", {**_all(request, visitor), "mistake": mistake}, status=422
        )
    messages.success(request, _("已确认更正通知"))
    return redirect("institution_duties")


@visitors.page(permission.INSTITUTION, "POST", unserved=True)
def explain(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Explain an incident, once."""
    said = request.POST.get("statement", "").strip()
    try:
        if not said:
            raise GovernanceError(_("请写明情况说明"))
        incidents.state_case(
            number, said, institution_id=visitor.role.party, actor=visitor.actor, as_of=visitor.at
        )
    except GovernanceError as error:
        context = {**_all(request, visitor), "mistake": pages.words(error)}
        return pages.render(request, "institution/duties.html", context, status=422)
    messages.success(request, _("已提交说明，平台将据此作出决定"))
    return redirect("institution_duties")


def _all(request: HttpRequest, visitor: Visitor) -> dict[str, Any]:
    every = request.GET.get("all") == "1"
    window = pages.window(request, _AT_ONCE)
    owed = duties.part_of(window, institution=visitor.role.party, owed_only=not every)
    return {
        "here": "institution_duties",
        "every": every,
        "onward": pages.onward(owed.last, all="1" if every else ""),
        "owed": [
            {
                "duty": card.document(on=visitor.today),
                "firm": subjects.get(card.subject_id).name,
            }
            for card in owed.rows
        ],
        "done": list(Done),
        "corrections": [
            card.document(on=visitor.today)
            for card in corrections.of_recipient(
                "institution", visitor.role.party, pages.first(100), owed_only=False
            ).rows
        ],
        "laws": policy.on(visitor.today).laws,
        "today": visitor.today,
        "incidents": [
            one.document(on=visitor.today)
            for one in incidents.part_of(
                pages.first(100), institution_id=visitor.role.party, live_only=False
            ).rows
        ],
    }


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConsentError(_("请填写日期，形如 2026-12-31")) from error
