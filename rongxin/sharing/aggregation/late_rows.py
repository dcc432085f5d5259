"""A single row is filed after its batch, exactly as if it had come with its subject's code ((五)).

What came in between counts as it would have: a row received later keeps its place, a newer full list has its
say.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from rongxin.catalogue.schema import Item
from rongxin.parties import subjects
from rongxin.records import filing, unmatching
from rongxin.records.rules import Fate
from rongxin.sharing.aggregation import (
    attempts,
    full_lists,
    mandates,
    outcomes,
    record_keys,
    registration,
    waiting_rows,
)
from rongxin.sharing.aggregation.outcomes import RowEnd
from rongxin.sharing.errors import Refused
from rongxin.sharing.models import Batch, Outcome
from rongxin.sharing.rules import RowOutcome
from rongxin.vocabulary.actor import Actor


def file(batch: Batch, row: Outcome, subject_id: int, *, actor: Actor, as_of: datetime) -> RowEnd:
    """File one kept row of a batch for a subject, inside the caller's transaction; return how it ends."""
    item, _ = mandates.admitted(batch.item, batch.provider_id)
    lot = attempts.lot_of(batch, item)
    staging = filing.stage(lot, as_of=as_of)
    staging.write(_staged(batch, item, row, subject_id))
    if end := _stands_against(lot, row.line) or _overtaken(batch, item, lot, row.line):
        return end
    if staging.file().stored:
        registration.follow(lot, actor=actor, as_of=as_of)
        return RowEnd(row.line, RowOutcome.MATCHED, "matched_by_person", "经人工核对已归集到主体。")
    (finding,) = staging.findings()
    end = outcomes.of_finding(finding)
    assert end is not None
    return end


def _staged(batch: Batch, item: Item, row: Outcome, subject_id: int) -> pl.DataFrame:
    raw = outcomes.raw_of(row) or {}
    checked = waiting_rows.read(batch, item, row.line, raw, code=subjects.get(subject_id).uscc)
    if checked.rejects:
        raise Refused(
            "row_no_longer_fits",
            what=checked.rejects[0].message,
            where=f"{batch.id}:{row.line}",
            what_to_do="该行不符合现行清单的要求，请退回提供单位（rongxin matching dismiss --return）。",
        )
    rows = record_keys.keyed(checked.accepted)
    return rows.with_columns(subject_id=pl.lit(subject_id, dtype=pl.Int64))


def _stands_against(lot: filing.Lot, line: int) -> RowEnd | None:
    found = unmatching.stands_against(lot)
    if found is None:
        return None
    if found.same_batch:
        message = f"与第 {found.line} 行是同一条记录而内容不同，无法判断以哪一行为准；请核对后只报送一行。"
        return RowEnd(line, RowOutcome.REJECTED, str(Fate.CONFLICT_IN_FILE), message)
    message = (
        f"平台已有该记录在本批次之后报送的版本（{found.received_on}，批次 {found.batch_id} "
        f"第 {found.line} 行），本行不再入库。"
    )
    return RowEnd(line, RowOutcome.REJECTED, "overtaken", message)


def _overtaken(batch: Batch, item: Item, lot: filing.Lot, line: int) -> RowEnd | None:
    """Had the row come with its code, a newer full list would have confirmed or ended it by now."""
    lists = full_lists.newer_lists(batch)
    if not lists:
        return None
    if item.full_list == "by_record_key" and not unmatching.spoken_of(lot, [one for one, _ in lists]):
        return None
    latest, listed_on = max(lists, key=lambda one: one[1])
    message = (
        f"截至 {listed_on} 的全量名单（批次 {latest}）已取代本批次；如名单中仍有该记录，请以最新名单报送。"
    )
    return RowEnd(line, RowOutcome.REJECTED, "list_overtaken", message)
