"""告警: what each is about in words, with the way to it; acknowledged by the security administrator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import NoReverseMatch, resolve, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.consent import cases
from rongxin.consent.errors import ConsentError
from rongxin.entrypoints.portals import lists, pages, shown, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.financing.applying import cards as applications
from rongxin.financing.errors import FinancingError
from rongxin.governance import alarms
from rongxin.governance.alarms import Card
from rongxin.governance.errors import GovernanceError
from rongxin.governance.rules import Kind
from rongxin.governance.watching.rules import Rule
from rongxin.journal.windows import Part, Window
from rongxin.parties import institutions
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules import permission
from rongxin.parties.rules.membership import PartyKind
from rongxin.rights import corrections, objections, repairs
from rongxin.rights.errors import RightsError

SEES = permission.SECURITY | permission.AUDIT
_HERE = "operator_watch"
_GONE = (RightsError, ConsentError, FinancingError, PartiesError, KeyError)


@dataclass(frozen=True)
class About:
    """One thing that an alarm is about: how it is called, its name in words, where a visitor sees it."""

    label: Promise | str
    text: str
    href: str = ""


def _objection(number: str) -> str:
    card = objections.get(UUID(number))
    given = {"item": wording.item(card.item), "day": wording.day(card.lodged_at)}
    return _("对“%(item)s”的异议，%(day)s提出") % given


def _repair(number: str) -> str:
    card = repairs.get(UUID(number))
    given = {"item": wording.item(card.item), "day": wording.day(card.requested_at)}
    return _("修复“%(item)s”的申请，%(day)s提出") % given


def _correction(number: str) -> str:
    return _("关于“%(item)s”的通知") % {"item": wording.item(corrections.get(UUID(number)).item)}


def _application(number: str) -> str:
    card = applications.find(UUID(number))
    firm = shown.name(PartyKind.SUBJECT, str(card.subject))
    return _("%(firm)s申请“%(product)s”") % {"firm": firm, "product": card.product.terms.name}


def _consent(number: str) -> str:
    reference = cases.of_consents({UUID(number)})[UUID(number)].reference
    return _("业务编号%(reference)s的授权") % {"reference": reference}


#: What an alarm names by an id: how it is called, how a page says it, and the pages that show it or the list
#: in which it stands; who may not see the first may see the second.
_ABOUT: Mapping[str, tuple[Promise, Callable[[str], str], tuple[str, ...]]] = {
    "institution": (
        _lazy("机构"),
        lambda text: shown.name(PartyKind.INSTITUTION, text),
        ("operator_institution",),
    ),
    "rule": (_lazy("规则"), lambda text: wording.named(Rule(text).label), ()),
    "person": (_lazy("查询人"), lambda text: shown.actor(f"account:{text}").removeprefix("account:"), ()),
    "provider": (
        _lazy("数据提供单位"),
        lambda text: wording.named(shown.name(PartyKind.PROVIDER, text)),
        ("operator_quality",),
    ),
    "department": (_lazy("部门"), lambda text: shown.name(PartyKind.DEPARTMENT, text), ()),
    "subject": (_lazy("企业"), lambda text: shown.name(PartyKind.SUBJECT, text), ()),
    "item": (_lazy("信息项"), wording.item, ("catalogue_item",)),
    "day": (_lazy("日期"), str, ()),
    "due_on": (_lazy("期限"), str, ()),
    "objection": (_lazy("异议"), _objection, ("operator_objection", "operator_objections")),
    "correction": (_lazy("更正通知"), _correction, ("operator_corrections",)),
    "repair": (_lazy("信用修复申请"), _repair, ("operator_repair", "operator_repairs")),
    "application": (_lazy("融资申请"), _application, ()),
    "consent": (_lazy("授权"), _consent, ("operator_receipts",)),
}


def about(card: Card, visitor: Visitor) -> list[About]:
    """Return what an alarm is about; what is kept no more goes by its number."""
    return [
        About(label, _told(told, str(card.refs[name])), _way(ways, str(card.refs[name]), visitor))
        for name, (label, told, ways) in _ABOUT.items()
        if name in card.refs
    ]


def _told(told: Callable[[str], str], text: str) -> str:
    try:
        return told(text)
    except _GONE:
        return text


def _way(names: tuple[str, ...], ref: str, visitor: Visitor) -> str:
    """Return the first page that this visitor may see; "" where there is none."""
    for name in names:
        try:
            at = reverse(name, args=[ref])
        except NoReverseMatch:
            at = reverse(name)
        seen = getattr(resolve(at).func, "permission", None)
        if seen is None or seen.admits(visitor.role.party_kind, visitor.role.role):
            return at
    return ""


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[tuple[Card, list[About]]]:
    part = alarms.part_of(
        window,
        waiting_only=not wanted["all"],
        kind=Kind(wanted["kind"]) if wanted["kind"] else None,
        institution=wanted["institution"] or None,
        since=wanted.moment("from"),
    )
    return part.of(lambda card: (card, about(card, visitor)))


def _institutions() -> list[tuple[str, str]]:
    return [(card.id, card.name) for card in institutions.every()]


def _words(row: tuple[Card, list[About]]) -> str:
    return _("；").join(f"{one.label} {one.text}" for one in row[1])


ALARMS = Listing(
    _HERE,
    _lazy("告警"),
    (
        Column(_lazy("时间"), lambda row: lists.at(row[0].happened_at), whole=True),
        Column(
            _lazy("告警"),
            lambda row: Cell(lists.label(row[0].kind), reverse("operator_alarm", args=[row[0].id])),
        ),
        Column(_lazy("涉及"), _words),
        Column(_lazy("处置情况"), lambda row: row[0].note or Cell(_("待处理"), tag="warn")),
    ),
    _rows,
    _lazy("没有这样的告警。"),
    (
        Filter("kind", _lazy("告警"), "choice", lambda: lists.words(Kind)),
        Filter("institution", _lazy("机构"), "choice", _institutions),
        lists.SINCE,
        Filter("all", _lazy("也看已处理的"), "tick"),
    ),
)


@visitors.page(SEES, "GET", "POST")
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show an alarm with the way to what it is about; by POST the security administrator acknowledges it."""
    if request.method == "POST":
        return _acknowledge(request, number=number)
    return pages.render(request, "operator/alarm.html", _one(number, visitor))


@visitors.page(permission.SECURITY, "POST")
def _acknowledge(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Say that an alarm was seen and what was done about it; once, for good."""
    note, context = request.POST.get("note", "").strip(), _one(number, visitor)
    try:
        if not note:
            raise GovernanceError(_("请写明处置情况"))
        alarms.acknowledge(number, note=note, actor=visitor.actor, as_of=visitor.at)
    except GovernanceError as error:
        return pages.render(
            request, "operator/alarm.html", {**context, "mistake": pages.words(error)}, status=422
        )
    messages.success(request, _("已记录处置情况"))
    return redirect(_HERE)


def _one(number: UUID, visitor: Visitor) -> dict[str, Any]:
    try:
        card = alarms.get(number)
    except GovernanceError as error:
        raise Http404(str(error)) from error
    return {
        "here": _HERE,
        "card": card,
        "about": about(card, visitor),
        "by": shown.actor(card.acknowledged_by),
        "decides": permission.SECURITY.admits(visitor.role.party_kind, visitor.role.role),
    }
