"""What a kill left on disk is swept up; the file of a batch that may still be filed stays."""

from __future__ import annotations

from rongxin.sharing import rules
from rongxin.sharing.aggregation import spool
from rongxin.sharing.models import Batch
from rongxin.sharing.rules import Status


def sweep(*, now: float) -> None:
    """Delete what a kill left on disk: the file of a batch that is finished, and one that became no batch."""
    lying = spool.waiting()
    known = dict(Batch.objects.filter(pk__in=lying).values_list("id", "status"))
    for batch_id in lying:
        status = known.get(batch_id)
        finished = status is not None and Status(status) not in (*rules.UNFINISHED, Status.HELD)
        if finished or (status is None and spool.abandoned(batch_id, now=now)):
            spool.drop(batch_id)
    spool.drop_parts(now=now)
