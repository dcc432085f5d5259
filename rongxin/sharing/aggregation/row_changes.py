"""A provider corrects, ends or takes back one row of its own ((五) 及时更新, (九) 更正; decision 0013).

A corrected row is a batch of one row with a receipt of its own: withdrawing that batch takes the correction
back. One transaction does each act whole, with its journal entries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import transaction

from rongxin.catalogue import redaction
from rongxin.catalogue.schema import Item
from rongxin.journal import entries, keyring
from rongxin.journal.rules import Kind
from rongxin.parties.errors import PartiesError
from rongxin.proof import canonical
from rongxin.records import filing, row_endings
from rongxin.records.rules import EndedWhy
from rongxin.sharing import source_levels
from rongxin.sharing.aggregation import (
    attempts,
    batches,
    corrected_row,
    full_lists,
    identifiers,
    mandates,
    outcomes,
    registration,
    saved_mappings,
    withdrawal,
)
from rongxin.sharing.aggregation.receipts import Receipt
from rongxin.sharing.errors import NotFiled, Refused
from rongxin.sharing.models import Batch, RowChange
from rongxin.sharing.rules import Counts, RowAct, Status, Steps
from rongxin.vocabulary.actor import Actor

MODE = "correction"
# Why a provider may say that a record is over. Both bar it from coming back with the next full export.
ENDINGS: Mapping[str, EndedWhy] = {
    "removed": EndedWhy.REMOVED_BY_AUTHORITY,
    "over": EndedWhy.PUBLICATION_ENDED,
}


@dataclass(frozen=True)
class Ended:
    """A row that counts no more; `reinstated`: how many earlier ones count again."""

    batch: UUID
    line: int
    why: EndedWhy
    reinstated: int


def correct(
    batch_id: UUID, line: int, given: Mapping[str, str], *, reason: str, actor: Actor, as_of: datetime
) -> Receipt:
    """File the row anew with the given columns set, in place of the one that stands; return its receipt.

    Raises `Refused`, `RowUnknown`, `RowOver`; then nothing has changed.
    """
    try:
        return _correct(batch_id, line, given, reason, actor=actor, as_of=as_of)
    except PartiesError as error:
        raise Refused(
            error.code,
            what=str(error),
            where=f"{batch_id} 第 {line} 行",
            what_to_do="原记录未变；请核对该信息主体的登记信息。",
        ) from error


def _correct(
    batch_id: UUID, line: int, given: Mapping[str, str], reason: str, *, actor: Actor, as_of: datetime
) -> Receipt:
    with transaction.atomic():
        batch, item = _own(batch_id, actor)
        held = row_endings.standing(batch_id, line, item=batch.item)
        own = saved_mappings.of(batch, item)
        corrected = corrected_row.of(held, item, given, own=own, actor=actor, as_of=as_of)
        _check_subject(item, held, corrected)
        made = _batch_of(batch, line, given, corrected, actor=actor, as_of=as_of)
        refs = {**batches.refs_of(made), "corrects": f"{batch_id}:{line}"}
        entry = entries.append(
            Kind.BATCH_RECEIVED, actor=actor, refs=refs, commitments={"file": made.sha256}, as_of=as_of
        )
        made.journal_entry = entry.id
        made.save(force_insert=True)
        row_endings.end(held, EndedWhy.CORRECTED, ended_by=f"batch:{made.id}", actor=actor, as_of=as_of)
        _file(made, item, held, corrected, actor=actor, as_of=as_of)
        receipt = _receipt(made, batch_id, line, corrected)
        entry = entries.append(
            Kind.BATCH_FILED,
            actor=actor,
            refs={**refs, "accepted": 1, "read": 1},
            commitments={"file": made.sha256, "receipt": receipt.commitment()},
            as_of=as_of,
        )
        receipt = batches.with_entry(receipt, entry.id).signed()
        made.status, made.finished_at, made.receipt = Status.FILED, as_of, receipt.document()
        made.read = made.accepted = 1
        made.save()
        _note(batch, line, RowAct.CORRECT, reason, actor=actor, as_of=as_of, correction=made)
    return receipt


def end(batch_id: UUID, line: int, *, why: str, reason: str, actor: Actor, as_of: datetime) -> Ended:
    """End a record that is over (`why`: one of `ENDINGS`); raises `Refused`, `RowUnknown`, `RowOver`."""
    with transaction.atomic():
        batch = _to_be_ended(batch_id, why, f"{batch_id} 第 {line} 行", actor)
        held = row_endings.standing(batch_id, line, item=batch.item)
        by = f"provider:{batch.provider_id}"
        row_endings.end(held, ENDINGS[why], ended_by=by, actor=actor, as_of=as_of)
        _note(batch, line, RowAct.END, reason, actor=actor, as_of=as_of)
    return Ended(batch_id, line, ENDINGS[why], 0)


def end_batch(
    batch_id: UUID,
    *,
    why: str,
    reason: str,
    actor: Actor,
    as_of: datetime,
    progress: Steps | None = None,
) -> int:
    """End all rows of a batch that still stand, its corrections' too; return how many. Raises `Refused`.

    `progress` is told how many of them are ended.
    """
    with transaction.atomic():
        batch = _to_be_ended(batch_id, why, str(batch_id), actor)
        theirs = [batch_id, *withdrawal.corrections_of(batch)]
        rows = row_endings.live(theirs, item=batch.item)
        if not rows:
            raise Refused(
                "nothing_stands",
                what=f"批次 {batch_id} 的记录都已终止或被更新",
                where=str(batch_id),
                what_to_do="如已由后来的批次更新，请对该批次操作。",
            )
        by, done = f"provider:{batch.provider_id}", 0
        for subject, of_subject in groupby(rows, key=lambda row: row[3]):
            ids = [row[2] for row in of_subject]
            filing.end(ids, ENDINGS[why], subject_id=subject, ended_by=by, actor=actor, as_of=as_of)
            done += len(ids)
            if progress is not None:
                progress(done, len(rows))
        RowChange.objects.bulk_create(
            [_change(row[0], row[1], RowAct.END, reason, actor=actor, as_of=as_of) for row in rows],
            batch_size=2_000,
        )
    return len(rows)


def _to_be_ended(batch_id: UUID, why: str, where: str, actor: Actor) -> Batch:
    if why not in ENDINGS:
        raise Refused(
            "unknown_ending",
            what=f"没有终止原因“{why[:40]}”",
            where="why",
            what_to_do="removed（认定机关移除）或 over（公示期满）。",
        )
    batch, item = _own(batch_id, actor)
    if item.item == registration.ITEM:
        raise Refused(
            "licence_not_ended",
            what="营业执照信息是主体的登记信息，不能单独终止",
            where=where,
            what_to_do="企业注销的，请更正“登记状态”；误报的，请撤回。",
        )
    return batch


def withdraw(batch_id: UUID, line: int, *, reason: str, actor: Actor, as_of: datetime) -> Ended:
    """Take a row back as if it had never come; what it had replaced counts again. Raises like `end`."""
    with transaction.atomic():
        batch, item = _own(batch_id, actor)
        held = row_endings.standing(batch_id, line, item=batch.item)
        if RowChange.objects.filter(correction=batch).exists():
            # The only row of a correction: with it the batch goes, and what was corrected counts again.
            reinstated = withdrawal.withdraw(batch_id, actor=actor, as_of=as_of).reinstated
        else:
            by = f"row:{batch_id}:{line}"
            places = source_levels.precedence(item, as_of=as_of)
            lists = full_lists.standing(batch)
            reinstated = row_endings.withdraw(
                held, lists=lists, ended_by=by, actor=actor, as_of=as_of, precedence=places
            )
            registration.follow_withdrawal(batch_id, item.item, actor=actor, as_of=as_of)
        _note(batch, line, RowAct.WITHDRAW, reason, actor=actor, as_of=as_of)
    return Ended(batch_id, line, EndedWhy.WITHDRAWN, reinstated)


def of_batch(batch_id: UUID) -> list[dict[str, Any]]:
    """Return what was done to single rows of a batch, the latest first; raises `UnknownBatch`."""
    batches.get(batch_id)
    return [
        {
            "line": change.line,
            "act": change.act,
            "act_label": RowAct(change.act).label,
            "reason": change.reason,
            "correction": str(change.correction_id) if change.correction_id else None,
            "at": change.at.isoformat(),
            "by": change.by,
        }
        for change in RowChange.objects.filter(batch_id=batch_id).order_by("-at", "-id")
    ]


def _own(batch_id: UUID, actor: Actor) -> tuple[Batch, Item]:
    """Return a filed batch of the actor's own, locked, and its item; the operator may act for everybody."""
    batch = batches.locked(batch_id)
    if not mandates.may_act_for(batch.provider_id, actor=actor):
        raise Refused(
            "not_your_batch",
            what=f"批次 {batch_id} 由 {batch.provider_id} 报送",
            where=actor.party,
            what_to_do="只有报送单位或平台运营机构可以更正、终止或撤回其中的行。",
        )
    if batch.status != Status.FILED:
        raise NotFiled(batch_id, Status(batch.status).label)
    return batch, mandates.admitted(batch.item, batch.provider_id)[0]


def _check_subject(item: Item, held: row_endings.Standing, corrected: corrected_row.Corrected) -> None:
    if item.item == registration.ITEM and corrected.subject_id != held.subject_id:
        raise Refused(
            "licence_of_another",
            what="营业执照信息是主体的登记信息，不能更正到另一主体名下",
            where="、".join(item.column(name).label for name in item.subject_key),
            what_to_do="请撤回该行，再以正确的统一社会信用代码报送。",
        )


def _batch_of(
    batch: Batch,
    line: int,
    given: Mapping[str, str],
    corrected: corrected_row.Corrected,
    *,
    actor: Actor,
    as_of: datetime,
) -> Batch:
    """The batch that the corrected row is; known by a keyed hash, since one row could be tried out."""
    content = canonical.dumps({"batch": str(batch.id), "line": line, "given": dict(given)})
    return Batch(
        id=identifiers.time_ordered(),
        item=batch.item,
        provider_id=batch.provider_id,
        sha256=keyring.data_keys().index(content, use="sharing.correction").hex(),
        file_name=f"更正：{batch.id} 第 {line} 行",
        size_bytes=len(content),
        status=Status.FILING,
        received_at=as_of,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_party=actor.party,
        headers=list(corrected.labels),
    )


def _file(
    made: Batch,
    item: Item,
    held: row_endings.Standing,
    corrected: corrected_row.Corrected,
    *,
    actor: Actor,
    as_of: datetime,
) -> None:
    lot = attempts.lot_of(made, item)
    staging = filing.stage(lot, as_of=as_of)
    staging.write(corrected.row)
    filed = staging.file()
    where = "、".join(corrected.labels)
    for finding in staging.findings():
        raise _not_filed(finding, held, where)
    if filed.superseded:
        raise Refused(
            "record_exists",
            what="更正后的行与平台已有的另一条记录同为一条",
            where=where,
            what_to_do="原记录未变；如两条确为一条，请撤回本行，再更正另一条。",
        )
    registration.follow(lot, actor=actor, as_of=as_of)


def _not_filed(finding: filing.Finding, held: row_endings.Standing, where: str) -> Refused:
    ended = outcomes.of_finding(finding)
    if finding.ended_why is EndedWhy.CORRECTED and finding.fate.value == "barred":
        return Refused(
            "nothing_corrected",
            what="更正后的内容与现有内容相同，或与此前已被更正的内容相同",
            where=where,
            what_to_do="原记录未变；如此前的更正有误，请撤回该更正的批次。",
        )
    rule, message = (ended.rule, ended.message) if ended else (str(finding.fate), f"记录 {held.id}")
    return Refused(rule, what=message, where=where, what_to_do="原记录未变。")


def _receipt(made: Batch, batch_id: UUID, line: int, corrected: corrected_row.Corrected) -> Receipt:
    return Receipt(
        batch=made.id,
        sha256=made.sha256,
        file_name=made.file_name,
        item=made.item,
        provider=made.provider_id,
        counts=Counts(accepted=1),
        superseded=0,
        rejects=(),
        warnings=(f"更正批次 {batch_id} 第 {line} 行：{'、'.join(corrected.labels)}", *corrected.notes),
        unknown_columns=(),
        absent_columns=(),
        received_at=made.received_at,
        mode=MODE,
        ended=1,
    )


def _note(
    batch: Batch,
    line: int,
    act: RowAct,
    reason: str,
    *,
    actor: Actor,
    as_of: datetime,
    correction: Batch | None = None,
) -> None:
    made = _change(batch.id, line, act, reason, actor=actor, as_of=as_of)
    made.correction = correction
    made.save(force_insert=True)


def _change(batch: UUID, line: int, act: RowAct, reason: str, *, actor: Actor, as_of: datetime) -> RowChange:
    if not reason.strip():
        raise Refused(
            "reason_missing", what="没有给出原因", where="reason", what_to_do="请写明更正、终止或撤回的原因。"
        )
    return RowChange(
        id=identifiers.time_ordered(),
        batch_id=batch,
        line=line,
        act=act,
        reason=redaction.redact(reason.strip())[:1000],
        at=as_of,
        by=str(actor),
    )
