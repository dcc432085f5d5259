"""处置案卷: what the watch found of an institution's queries, and its explanation ((十))."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.entrypoints.portals import lists, pages, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.governance.errors import GovernanceError
from rongxin.governance.watching import incidents
from rongxin.governance.watching.incidents import Card
from rongxin.governance.watching.rules import Action, Figure, Rule
from rongxin.journal.windows import Part, Window
from rongxin.parties.rules import permission

_HERE = "institution_incidents"
_DONE = {
    Action.WARN: _lazy("只作提示，没有限制"),
    Action.REQUIRE_CASES: _lazy("此后每次查询须关联融资业务"),
    Action.STEP_UP: _lazy("查询人须以验证码再次确认身份"),
    Action.BAR_PERSON: _lazy("该查询人暂停查询"),
    Action.SUSPEND: _lazy("本机构暂停查询"),
}


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    part = incidents.part_of(
        window,
        institution_id=visitor.role.party,
        live_only=not wanted["all"],
        rule=Rule(wanted["rule"]) if wanted["rule"] else None,
    )
    return part.of(lambda card: {"card": card, "overdue": card.overdue(visitor.today)})


def _due(row: dict[str, Any]) -> Cell:
    late = _("已逾期") if row["overdue"] else ""
    return Cell(row["card"].statement_due_on.isoformat(), note=late, warns=row["overdue"])


INCIDENTS = Listing(
    _HERE,
    _lazy("处置案卷"),
    (
        Column(
            _lazy("发现的情况"),
            lambda row: Cell(
                lists.label(row["card"].rule), reverse("institution_incident", args=[row["card"].id])
            ),
        ),
        Column(_lazy("查询人"), lambda row: row["card"].person),
        Column(_lazy("立案"), lambda row: lists.at(row["card"].opened_at), whole=True),
        Column(_lazy("说明期限"), _due),
        Column(_lazy("状态"), lambda row: Cell(lists.label(row["card"].state), tag="warn")),
    ),
    _rows,
    _lazy("没有未办结的处置案卷。平台监测到本机构的查询异常时，会在这里请本机构说明。"),
    (Filter("rule", _lazy("规则"), "choice", lambda: lists.words(Rule)), lists.EVERY),
)


@visitors.page(permission.INSTITUTION, "GET", "POST", unserved=True)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List what is not decided yet, the newest first."""
    return lists.answer(request, visitor, INCIDENTS, "institution/incidents.html", {"here": _HERE})


@visitors.page(permission.INSTITUTION, "GET", "POST", unserved=True)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show what was found and done; by POST explain it, once."""
    context = _one(_own(number, visitor), visitor)
    if request.method != "POST":
        return pages.render(request, "institution/incident.html", context)
    said = request.POST.get("statement", "").strip()
    try:
        if not said:
            raise GovernanceError(_("请写明情况说明"))
        incidents.state_case(
            number, said, institution_id=visitor.role.party, actor=visitor.actor, as_of=visitor.at
        )
    except GovernanceError as error:
        context |= {"mistake": pages.words(error), "said": said}
        return pages.render(request, "institution/incident.html", context, status=422)
    messages.success(request, _("已提交说明，平台将据此作出决定"))
    return redirect("institution_incident", number=number)


def _own(number: UUID, visitor: Visitor) -> Card:
    try:
        card = incidents.get(number)
    except GovernanceError as error:
        raise Http404(str(error)) from error
    if card.institution != visitor.role.party:
        raise Http404(str(number))
    return card


def _one(card: Card, visitor: Visitor) -> dict[str, Any]:
    counted = [(wording.named(Figure(name).label), count) for name, count in card.figures.items()]
    return {
        "here": _HERE,
        "one": card,
        "overdue": card.overdue(visitor.today),
        "counted": counted,
        "done": _DONE[card.action],
    }
