"""更正通知 in lists: an institution's own, or all of them for the operator, by the same columns ((九))."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _lazy

from rongxin.catalogue import loader
from rongxin.entrypoints.portals import lists, wording
from rongxin.entrypoints.portals.lists import Column, Filter
from rongxin.rights.corrections import Card

COLUMNS = (
    Column(_lazy("信息项"), lambda row: row["label"]),
    Column(_lazy("缘由"), lambda row: wording.named(row["why_label"])),
    Column(_lazy("应确认"), lists.due),
    Column(_lazy("状态"), lambda row: wording.named(row["done_label"] or row["state_label"])),
)
FILTERS = (lists.SEARCH, Filter("all", _lazy("也看已确认的"), "tick"))
SORTS = (("due", _lazy("先到期的在前")), ("newest", _lazy("最近通知的在前")))


def row(card: Card, firm: str, *, on: date) -> dict[str, Any]:
    """Return a notice as a line of the lists: about which firm, and which of its items."""
    return {**card.document(on=on), "firm": firm, "label": wording.named(loader.load().item(card.item).label)}
