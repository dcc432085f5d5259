"""信用修复 of a provider's records: followed here and decided by the national window alone (0072)."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.entrypoints.portals import lists, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties import subjects
from rongxin.parties.rules import permission
from rongxin.rights import repairs
from rongxin.rights.rules.repair import State

_HERE = "provider_repairs"
_TONES = {State.GRANTED: "good", State.REQUESTED: "warn", State.FORWARDED: "warn"}


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    part = repairs.queue(
        window,
        provider=visitor.role.party,
        open_only=not wanted["all"],
        find=wanted["find"],
        sort=wanted.sort,
    )
    firms = subjects.many({card.subject for card in part.rows})
    return part.of(
        lambda card: {**card.document(on=visitor.today), "firm": firms[card.subject].name, "card": card}
    )


def _decision(row: dict[str, Any]) -> Cell:
    """Return what the window decided, once it counts; one that is only entered waits for a second person."""
    said = row["decision"]
    if said is None:
        return Cell(_("等待窗口决定")) if row["card"].state is State.FORWARDED else Cell("—")
    return Cell(f"{said['authority']} {said['document']}", note=f"{said['decided_on']} {said['reason']}")


REPAIRS = Listing(
    _HERE,
    _lazy("信用修复"),
    (
        Column(_lazy("申请"), lambda row: wording.day(row["requested_at"]), whole=True),
        Column(_lazy("企业"), lambda row: row["firm"]),
        Column(
            _lazy("信息项"),
            lambda row: Cell(
                wording.named(row["item_label"]), note=_("记录%(record)s") % {"record": row["record"]}
            ),
        ),
        Column(_lazy("失信程度"), lambda row: wording.named(row["severity_label"])),
        Column(
            _lazy("状态"),
            lambda row: Cell(wording.named(row["state_label"]), tag=_TONES.get(row["card"].state, "")),
        ),
        Column(_lazy("窗口的决定"), _decision),
    ),
    _rows,
    _lazy("没有涉及本单位记录的修复申请。"),
    (lists.SEARCH, lists.EVERY),
    (("oldest", _lazy("等得最久的在前")), ("newest", _lazy("新申请的在前"))),
)


@visitors.page(permission.PROVIDER, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List what is asked about the provider's records, and what the window decided."""
    return lists.answer(request, visitor, REPAIRS, "provider/repairs.html", {"here": _HERE})
