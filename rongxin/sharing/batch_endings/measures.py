"""Ending and withdrawing a whole batch, told row for row; what is foreseen was done and taken back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from rongxin.records import filing, row_endings
from rongxin.sharing.aggregation import row_changes, withdrawal
from rongxin.sharing.batch_endings.rules import Foreseen, Measure
from rongxin.sharing.models import Batch
from rongxin.vocabulary.actor import Actor


def carry_out(
    batch: Batch, measure: Measure, *, why: str, ground: str, actor: Actor, as_of: datetime
) -> Foreseen:
    """Do it, in the caller's transaction; return what it touched. Raises `Refused`, `NotFiled`."""
    corrections = withdrawal.corrections_of(batch)
    theirs = [batch.id, *corrections]
    # In the order in which whoever files a batch waits, so that the two never wait for each other.
    filing.queue(batch.item)
    before = filing.settled_through(batch.item)
    ends, whose = row_endings.tally(theirs, item=batch.item)
    match measure:
        case Measure.END:
            row_changes.end_batch(batch.id, why=why, reason=ground, actor=actor, as_of=as_of)
        case Measure.WITHDRAW:
            withdrawal.withdraw(batch.id, actor=actor, as_of=as_of)
    returns, whose_again = row_endings.tally_behind(before, item=batch.item)
    return Foreseen(ends, returns, len(whose | whose_again), len(corrections))


def foresee(
    batch: Batch, measure: Measure, *, why: str, ground: str, actor: Actor, as_of: datetime
) -> Foreseen:
    """Say what it would touch: do it, and take everything back. Raises like `carry_out`."""
    with transaction.atomic():
        before = transaction.savepoint()
        found = carry_out(batch, measure, why=why, ground=ground, actor=actor, as_of=as_of)
        transaction.savepoint_rollback(before)
    return found
