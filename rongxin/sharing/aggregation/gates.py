"""Which batches a second person has to look at before they count ((五)(十)); thresholds are a dated file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from statistics import fmean, median
from typing import Any

from rongxin.catalogue import regions
from rongxin.catalogue.schema import Item
from rongxin.sharing.errors import SharingError
from rongxin.sharing.rules import PARAMETERS
from rongxin.vocabulary import edition as dated
from rongxin.vocabulary.subject_kind import SubjectKind

Document = Mapping[str, Any]


class Thresholds(dated.Edition):
    """One edition of the figures; the file says what each means."""

    history_batches: int
    history_batches_min: int
    rows_min: int
    volume_change: float
    null_share_change: float
    duplicate_in_file_share: float
    duplicate_share_change: float
    mean_shift_log10: float
    unusual_region_share: float
    usual_region_share: float
    outside_remit_share: float
    outside_remit_min: int
    snapshot_ended_share: float
    snapshot_ended_min: int
    reject_share_change: float
    reject_share_first: float


@dataclass(frozen=True)
class Ending:
    """What a full list would end: of how many live records it covers, and how many of its rows it lacks.

    `named`: rows of the list that name a record; `unread`: rows handed back or waiting, whose record nobody
    knows.
    """

    ended: int
    live: int
    named: int
    unread: int


@cache
def editions() -> tuple[Thresholds, ...]:
    """Return every edition on file."""
    return dated.read(PARAMETERS, "gates_*.yaml", Thresholds, broken=SharingError)


def in_force(on: date) -> Thresholds:
    """Return the thresholds of a day; before the first edition, the first."""
    return dated.in_force(editions(), on)


def findings(
    item: Item, batch: Document, history: Sequence[Document], ending: Ending | None, limits: Thresholds
) -> list[dict[str, str]]:
    """Return what is suspicious about a batch: rule and words; empty for an ordinary one.

    `history` holds the profiles of the provider's last batches of the item.
    """
    found = list(_of_ending(ending, limits)) if ending is not None else []
    found += _of_remit(batch, limits)
    if len(history) >= limits.history_batches_min:
        found += _of_volume(batch, history, limits)
    if batch["read"] >= limits.rows_min:
        found += _of_duplicates_in_file(batch, limits)
        usual = [past for past in history if past["read"] >= limits.rows_min]
        if len(usual) >= limits.history_batches_min:
            found += _of_shares(item, batch, usual, limits)
    return [{"rule": rule, "message": message} for rule, message in found]


def _of_ending(ending: Ending, limits: Thresholds) -> Iterator[tuple[str, str]]:
    share = ending.ended / max(ending.live, 1)
    many = ending.ended >= limits.snapshot_ended_min and share > limits.snapshot_ended_share
    if ending.ended and (many or not ending.named):
        yield "snapshot_ended", f"该名单将终止现有 {ending.live} 条记录中的 {ending.ended} 条（{share:.0%}）"
    if ending.ended and ending.unread:
        yield (
            "snapshot_unread",
            f"名单中有 {ending.unread} 行未能读取或待确认，而将终止的 {ending.ended} 条记录可能正是这些行；"
            "请改正后重新报送",
        )


def _of_volume(batch: Document, history: Sequence[Document], limits: Thresholds) -> Iterator[tuple[str, str]]:
    usual = median(past["read"] for past in history)
    if max(batch["read"], usual) < limits.rows_min:
        return
    if abs(batch["read"] - usual) > limits.volume_change * usual:
        yield "volume", f"本批 {batch['read']} 行，该单位此项近期批次的中位数为 {usual:g} 行"


def _of_duplicates_in_file(batch: Document, limits: Thresholds) -> Iterator[tuple[str, str]]:
    share = batch["duplicates_in_file"]
    if share > limits.duplicate_in_file_share:
        yield "duplicates_in_file", f"本批 {share:.0%} 的行与本文件中其他行重复"


def _of_shares(
    item: Item, batch: Document, history: Sequence[Document], limits: Thresholds
) -> Iterator[tuple[str, str]]:
    usual = fmean(past["duplicates"] for past in history)
    if batch["duplicates"] - usual > limits.duplicate_share_change:
        yield "duplicates", f"本批 {batch['duplicates']:.0%} 的行平台已有，以往为 {usual:.0%}"
    if not batch["rows"]:
        return
    for name, share in batch["nulls"].items():
        usual = fmean(past["nulls"].get(name, 1.0) for past in history)
        if abs(share - usual) > limits.null_share_change:
            yield "null_share", f"“{item.field(name).label}”为空的占 {share:.0%}，以往为 {usual:.0%}"
    for name, mean in batch["log_means"].items():
        means = [past["log_means"][name] for past in history if name in past["log_means"]]
        if means and abs(mean - fmean(means)) > limits.mean_shift_log10:
            times = 10 ** (mean - fmean(means))
            yield (
                "mean_shift",
                f"“{item.field(name).label}”的平均水平约为以往的 {times:.3g} 倍，请核对单位与列",
            )
    if not batch.get("outside", {}).get("regions_declared"):  # which goes before what was learned
        yield from _of_regions(batch, history, limits)


def _of_remit(batch: Document, limits: Thresholds) -> Iterator[tuple[str, str]]:
    """Judge by the declared remit: it needs no earlier batches, and learns nothing from wrong ones."""
    outside = batch.get("outside")
    if not outside or outside["rows"] < limits.outside_remit_min:
        return
    share = outside["rows"] / max(outside["coded"], 1)
    if share > limits.outside_remit_share:
        named = [regions.label(code) for code in outside["regions"]]
        named += [SubjectKind(kind).label for kind in outside["kinds"]]
        yield (
            "outside_remit",
            f"{outside['rows']} 行（{share:.0%}）的主体不在该单位登记的职责范围内（{'、'.join(named)}）",
        )


def _of_regions(
    batch: Document, history: Sequence[Document], limits: Thresholds
) -> Iterator[tuple[str, str]]:
    known = {region for past in history for region in past["regions"]}
    usual = {
        region
        for region in known
        if fmean(past["regions"].get(region, 0.0) for past in history) >= limits.usual_region_share
    }
    outside = {region: share for region, share in batch["regions"].items() if region not in usual}
    if usual and sum(outside.values()) > limits.unusual_region_share:
        names = "、".join(f"{region}00" for region in list(outside)[:5])
        yield "region", f"{sum(outside.values()):.0%} 的主体登记于该单位通常职责区域以外（{names}）"
