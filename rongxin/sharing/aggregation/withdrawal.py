"""Take a batch back as if it had never come ((四)): what it superseded counts again, what it brought ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.records import filing
from rongxin.sharing import rules, source_levels
from rongxin.sharing.aggregation import batches, full_lists, mandates, registration
from rongxin.sharing.bulk import freshness
from rongxin.sharing.errors import NotFiled, Refused
from rongxin.sharing.models import Batch, RowChange
from rongxin.sharing.rules import Mode, Status, Steps
from rongxin.vocabulary.actor import Actor


@dataclass(frozen=True)
class Withdrawal:
    """What the withdrawal of a batch did."""

    batch: UUID
    ended: int
    reinstated: int
    journal_entry: UUID


def withdraw(batch_id: UUID, *, actor: Actor, as_of: datetime, progress: Steps | None = None) -> Withdrawal:
    """Take a filed batch back as if it had never come, its corrections too. Raises `NotFiled`, `Refused`.

    `progress` is told how many of these are done; each is a handful of set-based statements.
    """
    with transaction.atomic():
        batch = batches.locked(batch_id)
        if rules.Act.WITHDRAW not in rules.TRANSITIONS[Status(batch.status)]:
            raise NotFiled(batch_id, Status(batch.status).label)
        if not mandates.may_act_for(batch.provider_id, actor=actor):
            raise Refused(
                "not_your_batch",
                what=f"批次 {batch_id} 由 {batch.provider_id} 报送",
                where=actor.party,
                what_to_do="只有报送单位或平台运营机构可以撤回。",
            )
        corrections, told = corrections_of(batch), progress or (lambda done, total: None)
        for number, correction in enumerate(corrections):
            told(number, len(corrections) + 1)
            withdraw(correction, actor=actor, as_of=as_of)
        told(len(corrections), len(corrections) + 1)
        done = filing.withdraw_batch(
            batch_id,
            item=batch.item,
            actor=actor,
            as_of=as_of,
            relists=batch.provider_id if batch.listed_on else None,
            precedence=source_levels.precedence_of(batch.item, as_of=as_of),
            lists=full_lists.standing(batch),
        )
        if batch.mode == Mode.ANSWERS:
            freshness.forget_turn_of(batch_id)
        registration.follow_withdrawal(batch_id, batch.item, actor=actor, as_of=as_of)
        entry = entries.append(
            Kind.BATCH_WITHDRAWN,
            actor=actor,
            refs={**batches.refs_of(batch), "ended": done.ended, "reinstated": done.reinstated},
            as_of=as_of,
        )
        batch.status, batch.withdrawn_at = Status.WITHDRAWN, as_of
        batch.save(update_fields=["status", "withdrawn_at"])
        told(len(corrections) + 1, len(corrections) + 1)
    return Withdrawal(batch_id, done.ended, done.reinstated, entry.id)


def corrections_of(batch: Batch) -> list[UUID]:
    """The corrections of the batch's rows that stand, the latest first."""
    made = RowChange.objects.filter(batch=batch, correction__status=Status.FILED)
    return list(made.order_by("-at", "-id").values_list("correction__id", flat=True))
