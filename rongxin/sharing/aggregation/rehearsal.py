"""A dry run: the whole way into the store, and back. What it says is what would happen."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

from django.db import transaction

from rongxin.catalogue.schema import Channel, Item
from rongxin.parties.errors import PartiesError
from rongxin.records import filing
from rongxin.sharing.aggregation import (
    attempts,
    full_lists,
    identifiers,
    mandates,
    readers,
    receipts,
    saved_mappings,
    spool,
    suspicion,
)
from rongxin.sharing.aggregation.assembly import Progress
from rongxin.sharing.aggregation.receipts import Receipt
from rongxin.sharing.models import Batch
from rongxin.sharing.rules import Mode, Status
from rongxin.vocabulary.actor import Actor


def of(
    path: Path,
    file_name: str,
    item_name: str,
    provider: str,
    mode: Mode,
    listed_on: date | None,
    *,
    actor: Actor,
    as_of: datetime,
    progress: Progress | None,
) -> Receipt:
    """Return the receipt that the file would get; raises `Refused`."""
    item, channel = mandates.admitted(item_name, provider)
    listed_on = full_lists.admitted(item, mode, listed_on, as_of.astimezone(filing.CHINA).date())
    batch_id = identifiers.time_ordered()
    try:
        spooled = spool.take(path, batch_id)
    except FileNotFoundError as error:
        raise attempts.refused(readers.Refusal("file_missing", where=file_name)) from error
    batch = Batch(
        id=batch_id,
        item=item.item,
        mode=mode,
        listed_on=listed_on,
        provider_id=provider,
        sha256=spooled.sha256,
        file_name=file_name,
        size_bytes=spooled.size_bytes,
        status=Status.FILING,
        received_at=as_of,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_party=actor.party,
        journal_entry=batch_id,
        mapping=saved_mappings.standing(item.item, provider, as_of=as_of),
    )
    try:
        with attempts.spooled(batch_id) as opened:
            return attempts.patiently(
                lambda: _file_and_take_back(batch, item, channel, opened, as_of, progress)
            )
    except readers.Refusal as refusal:
        raise attempts.refused(refusal) from refusal
    except PartiesError as error:
        raise attempts.contradicted(error, file_name) from error
    finally:
        spool.drop(batch_id)


def _file_and_take_back(
    batch: Batch, item: Item, channel: Channel, path: Path, as_of: datetime, progress: Progress | None
) -> Receipt:
    with transaction.atomic():
        savepoint = transaction.savepoint()
        # The same file may be here already; the rehearsal is a batch of its own that nobody else ever sees.
        batch.sha256, sha256 = batch.id.hex * 2, batch.sha256
        batch.save(force_insert=True)
        tally = attempts.assembly(batch, item, channel, path, as_of=as_of).file(progress)
        held_for = suspicion.of(batch, item, tally)
        transaction.savepoint_rollback(savepoint)
    batch.sha256 = sha256
    tally.notes += [f"报送后将暂存待复核：{finding['message']}" for finding in held_for]
    receipt = attempts.receipt(batch, tally)
    return receipts.read({**receipt.document(), "batch": None, "dry_run": True})
