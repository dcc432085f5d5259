"""机构应办: the receipts and acknowledgements that institutions owe, for the operator to watch ((九)(十))."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.consent import cases
from rongxin.consent.deletion import duties
from rongxin.entrypoints.portals import corrected, lists, shown, visitors, wording
from rongxin.entrypoints.portals.lists import Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties import institutions, subjects
from rongxin.parties.rules import permission
from rongxin.parties.rules.membership import PartyKind
from rongxin.rights import corrections

_SEES = permission.SECURITY | permission.AUDIT
_RECEIPTS, _CORRECTIONS = "operator_receipts", "operator_corrections"


def _receipts(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    part = duties.part_of(window, owed_only=not wanted["all"], find=wanted["find"], sort=wanted.sort)
    firms = subjects.many({card.subject_id for card in part.rows})
    matters = cases.of_consents({card.duty.consent for card in part.rows})
    return part.of(
        lambda card: {
            **card.document(on=visitor.today),
            "firm": firms[card.subject_id].name,
            "who": institutions.get(card.duty.institution).name,
            "case": matters[card.duty.consent].reference,
        }
    )


def _corrections(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    part = corrections.every(window, owed_only=not wanted["all"], find=wanted["find"], sort=wanted.sort)
    firms = subjects.many({card.subject for card in part.rows})
    return part.of(
        lambda card: {
            **corrected.row(card, firms[card.subject].name, on=visitor.today),
            "who": shown.name(PartyKind(card.recipient_kind), card.recipient),
        }
    )


RECEIPTS = Listing(
    _RECEIPTS,
    _lazy("删除回执"),
    (
        Column(_lazy("机构"), lambda row: row["who"]),
        Column(_lazy("企业"), lambda row: row["firm"]),
        Column(_lazy("业务编号"), lambda row: row["case"]),
        Column(_lazy("应交回"), lists.due),
        Column(_lazy("状态"), lambda row: wording.named(row["state_label"])),
    ),
    _receipts,
    _lazy("没有机构应交的删除回执。"),
    (lists.SEARCH, Filter("all", _lazy("也看已交回的"), "tick")),
    (("due", _lazy("先到期的在前")), ("newest", _lazy("最近产生的在前"))),
)
CORRECTIONS = Listing(
    _CORRECTIONS,
    _lazy("更正通知"),
    (
        Column(_lazy("接收方"), lambda row: wording.named(row["who"])),
        Column(_lazy("企业"), lambda row: row["firm"]),
        *corrected.COLUMNS,
    ),
    _corrections,
    _lazy("没有待确认的更正通知。"),
    corrected.FILTERS,
    corrected.SORTS,
)


@visitors.page(_SEES, "GET", "POST")
def receipts(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List what institutions owe for consents that ended, what is late first."""
    context = {
        "here": _RECEIPTS,
        "what": RECEIPTS.title,
        "told": _("授权结束后，机构须删除凭它得到的信息并交回回执。"),
    }
    return lists.answer(request, visitor, RECEIPTS, "operator/owed.html", context)


@visitors.page(_SEES, "GET", "POST")
def notices(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List who was told of records that were wrong, and what became of their copies."""
    told = _("记录修复、更正或移除后，曾得到它的每一方都会收到通知，并须确认对副本的处理。")
    context = {"here": _CORRECTIONS, "what": CORRECTIONS.title, "told": told}
    return lists.answer(request, visitor, CORRECTIONS, "operator/owed.html", context)
