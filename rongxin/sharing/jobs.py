"""Batches that came by the API are filed in the background, once, whatever is killed in between ((五); P1).

`defer` runs in the transaction that commits the batch as received. A worker that dies leaves its job in
"doing"; `batches.resume_unfinished`, a duty of every worker, files what no job will file any more.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from rongxin.sharing.aggregation import batches
from rongxin.sharing.errors import Held, Refused

QUEUE = "intake"


def defer(batch_id: UUID) -> None:
    """Have a batch filed; called inside the transaction that received it."""
    file_batch.configure(queueing_lock=f"batch:{batch_id}").defer(batch_id=str(batch_id))


def defer_released(batch_id: UUID) -> None:
    """Have a batch filed that a second person let in, even if the job of its receipt still queues."""
    file_batch.configure(queueing_lock=f"batch:{batch_id}:released").defer(batch_id=str(batch_id))


@app.task(
    queue=QUEUE,
    name="sharing.file_batch",
    retry=RetryStrategy(max_attempts=10, exponential_wait=2),
)
def file_batch(batch_id: str) -> None:
    """File one batch; a refusal or a hold is its end and no failure of the job."""
    try:
        batches.file(UUID(batch_id), as_of=datetime.now(UTC))
    except (Refused, Held):
        return
