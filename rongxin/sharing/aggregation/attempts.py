"""One attempt at filing a batch: what it is made of, when it is made again, what comes out of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from django.db import OperationalError
from psycopg import errors as postgres_errors

from rongxin.catalogue import redaction
from rongxin.catalogue.schema import Channel, Item
from rongxin.parties import providers
from rongxin.parties.errors import PartiesError
from rongxin.proof.errors import Forged
from rongxin.records import filing, lake_ahead
from rongxin.sharing import source_levels
from rongxin.sharing.aggregation import full_lists, readers, saved_mappings, spool
from rongxin.sharing.aggregation.assembly import Assembly, Tally
from rongxin.sharing.aggregation.receipts import KNOWN_MAX, Known, Receipt
from rongxin.sharing.errors import Refused
from rongxin.sharing.models import Batch
from rongxin.vocabulary.actor import Actor, ActorKind

log = logging.getLogger(__name__)
T = TypeVar("T")

# Two batches that open the same subjects in another order can block each other; PostgreSQL ends one of them.
_ATTEMPTS = 5
_PASSING = (postgres_errors.DeadlockDetected, postgres_errors.SerializationFailure)


def assembly(
    batch: Batch,
    item: Item,
    channel: Channel,
    path: Path,
    *,
    as_of: datetime,
    ahead: lake_ahead.LakeAhead | None = None,
) -> Assembly:
    """Return how a batch's file is filed: as whose, by which columns, beside what stands already."""
    full_list, lot = full_lists.of(batch, item), lot_of(batch, item)
    saved, actor = saved_mappings.of(batch, item), actor_of(batch)
    remit = providers.get(batch.provider_id).remit
    return Assembly(path, batch.file_name, item, channel, lot, actor, as_of, full_list, saved, ahead, remit)


def lot_of(batch: Batch, item: Item) -> filing.Lot:
    return filing.Lot(
        batch_id=batch.id,
        item=item.item,
        item_version=item.version,
        provider=batch.provider_id,
        received_at=batch.received_at,
        is_state=not item.record_key,
        precedence=source_levels.precedence(item, as_of=batch.received_at),
        decided_by=item.decided_by,
    )


def receipt(batch: Batch, tally: Tally) -> Receipt:
    mapping = tally.mapping
    assert mapping is not None
    return Receipt(
        batch=batch.id,
        sha256=batch.sha256,
        file_name=batch.file_name,
        item=batch.item,
        provider=batch.provider_id,
        counts=tally.counts,
        superseded=tally.superseded,
        mode=str(batch.mode),
        ended=tally.ended,
        rejects=tally.rejects,
        warnings=tuple(map(redaction.redact, tally.warnings())),
        unknown_columns=tuple(map(redaction.redact, (*mapping.unknown, *mapping.not_aggregated))),
        absent_columns=mapping.absent,
        received_at=batch.received_at,
        mapping=batch.mapping.version if batch.mapping else None,
        known=tuple(
            Known(held.provider, str(held.batch), held.received_on.isoformat(), rows)
            for held, rows in tally.known.most_common(KNOWN_MAX)
        ),
    )


def patiently(act: Callable[[], T]) -> T:
    """Do it again where the database asks for that; each attempt starts from nothing."""
    for attempt in range(1, _ATTEMPTS):
        try:
            return act()
        except OperationalError as error:
            if not isinstance(error.__cause__, _PASSING):
                raise
            log.warning("batch: attempt %s: %s", attempt, error)
    return act()


def refused(refusal: readers.Refusal, batch_id: UUID | None = None) -> Refused:
    return Refused(
        refusal.code,
        # A file without a header row has its first row read as one, and the refusal names what it found.
        what=redaction.redact(refusal.message),
        where=redaction.redact(refusal.where),
        what_to_do=redaction.redact(refusal.what_to_do),
        batch=batch_id,
    )


@contextmanager
def spooled(batch_id: UUID) -> Iterator[Path]:
    """Give the received file in clear as long as it is read; raises `Refused` where it is lost or damaged."""
    with ExitStack() as stack:
        try:
            path = stack.enter_context(spool.opened(batch_id))
        except (FileNotFoundError, Forged) as error:
            raise Refused(
                "spool_lost",
                what="已接收的文件在本机丢失或损坏",
                where=str(spool.path_of(batch_id)),
                what_to_do="请重新报送同一文件；本批次没有任何一行入库。",
                batch=batch_id,
            ) from error
        yield path


def contradicted(error: PartiesError, file_name: str) -> Refused:
    """Tell the sender that a file can't be reconciled with what the platform holds of a party."""
    return Refused(
        error.code,
        what=str(error),
        where=file_name,
        what_to_do="整个文件未入库；请核对该信息主体的登记信息，更正后重新报送。",
    )


def answers_handed_in() -> Refused:
    """Answers come from a provider's own machine, never as a file that somebody says is one."""
    return Refused(
        "answers_handed_in",
        what="批量调用的应答由平台自行入库，不能作为文件报送",
        where="--mode",
        what_to_do="请以增量（increment）或全量名单（snapshot）方式报送。",
    )


def actor_of(batch: Batch) -> Actor:
    return Actor(ActorKind(batch.actor_kind), batch.actor_id, batch.actor_party)
