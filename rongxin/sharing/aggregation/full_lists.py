"""A provider's whole list of an item: what is on file and no longer in it ends ((五): 及时更新)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import QuerySet

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Item
from rongxin.records import filing
from rongxin.sharing.errors import Refused
from rongxin.sharing.models import Batch
from rongxin.sharing.rules import Mode, Status


@dataclass(frozen=True)
class FullList:
    """The day a list is of, what it speaks of, and the batches that know more than it does."""

    listed_on: date
    by_key: bool
    newer: tuple[UUID, ...]


def admitted(item: Item, mode: Mode, listed_on: date | None, received_on: date) -> date | None:
    """Return the day that a list is of (that of receipt, if it doesn't say), None for an increment."""
    if mode is not Mode.SNAPSHOT:
        if listed_on is not None:
            raise _refused(
                "listed_on_of_increment", "增量文件没有名单日期", "请去掉名单日期，或以全量名单报送。"
            )
        return None
    if item.full_list is None:
        raise _refused(
            "no_full_list",
            f"“{item.label}”不是名单，文件中没有的记录不能视为已终止",
            "请以增量方式报送（increment）。",
        )
    if listed_on is not None and listed_on > received_on:
        raise _refused(
            "listed_on_in_future", f"名单日期 {listed_on} 晚于报送日期 {received_on}", "请核对名单日期。"
        )
    return listed_on or received_on


def of(batch: Batch, item: Item) -> FullList | None:
    """Return what a batch's list may end, under the item's lock; None for an increment.

    Raises `Refused` where a newer list counts, or a newer increment confirmed rows: which ones nobody kept.
    """
    if batch.listed_on is None:
        return None
    filing.queue(item.item)
    filed = Batch.objects.filter(item=batch.item, provider_id=batch.provider_id, status=Status.FILED)
    newer = [other for other in filed.exclude(pk=batch.id) if _order(other) > _order(batch)]
    for other in newer:
        if other.listed_on is not None or other.duplicate:
            raise _refused(
                "list_overtaken",
                f"截至 {batch.listed_on} 的名单已被批次 {other.id} 取代",
                "请报送最新的全量名单；或先撤回该批次。",
            )
    return FullList(batch.listed_on, item.full_list == "by_record_key", tuple(other.id for other in newer))


def standing(batch: Batch) -> filing.FullLists:
    """Return the full lists of the batch's item that count, every source's, without the batch itself."""
    filed = Batch.objects.filter(item=batch.item, status=Status.FILED, mode=Mode.SNAPSHOT).exclude(
        pk=batch.id
    )
    lists = [
        (one.id, one.finished_at, one.listed_on, one.provider_id)
        for one in filed
        if one.finished_at is not None and one.listed_on is not None
    ]
    by_key = loader.load().item(batch.item).full_list == "by_record_key"
    ids, filed_at, listed_on, by = zip(*lists, strict=True) if lists else ((), (), (), ())
    return filing.FullLists(by, ids, filed_at, listed_on, by_key)


def newer_lists(batch: Batch) -> list[tuple[UUID, date]]:
    """Return the filed full lists of the batch's provider and item that tell of a later day, with the day."""
    return [(one.id, one.listed_on) for one in _lists(batch) if one.listed_on and _order(one) > _order(batch)]


def _lists(batch: Batch) -> QuerySet[Batch]:
    filed = Batch.objects.filter(item=batch.item, provider_id=batch.provider_id, status=Status.FILED)
    return filed.filter(mode=Mode.SNAPSHOT).exclude(pk=batch.id)


def _order(batch: Batch) -> tuple[date, object, UUID]:
    """Where a batch stands among those of its provider and item: by what day it tells, then by receipt."""
    day = batch.listed_on or batch.received_at.astimezone(filing.CHINA).date()
    return (day, batch.received_at, batch.id)


def _refused(code: str, what: str, what_to_do: str) -> Refused:
    return Refused(code, what=what, where="--mode snapshot", what_to_do=what_to_do)
