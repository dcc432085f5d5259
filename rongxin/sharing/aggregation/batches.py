"""A department's file, from the hand-over to the signed receipt (国办发〔2021〕52号 （五）; promises P1, P2).

A file is on disk and its batch committed as *received* before anything else happens. Then one transaction
reads, checks and files all of it together with the outcome rows, the receipt and the journal entry. Whatever
is killed in between, the batch is either wholly filed or still received; `resume_unfinished` files it once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from django.db import IntegrityError, transaction

from rongxin.catalogue import redaction
from rongxin.journal import entries, windows
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties.errors import PartiesError
from rongxin.records import filing, lake_ahead, lake_keeping
from rongxin.sharing import rules
from rongxin.sharing.aggregation import (
    attempts,
    full_lists,
    identifiers,
    mandates,
    readers,
    receipts,
    rehearsal,
    saved_mappings,
    spool,
    suspicion,
    sweeping,
)
from rongxin.sharing.aggregation.assembly import Progress, Tally
from rongxin.sharing.aggregation.receipts import Receipt
from rongxin.sharing.errors import Held, Refused, UnknownBatch
from rongxin.sharing.models import Batch
from rongxin.sharing.rules import Mode, Status
from rongxin.vocabulary.actor import SYSTEM, Actor

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Card:
    """A batch as a list shows it."""

    id: UUID
    item: str
    provider: str
    file_name: str
    status: Status
    counts: rules.Counts
    received_at: datetime
    refusal: dict[str, object] | None
    mode: Mode
    held_for: list[dict[str, str]] | None
    mapping: int | None


def submit(
    path: Path,
    *,
    item: str,
    provider: str,
    actor: Actor,
    as_of: datetime,
    dry_run: bool = False,
    file_name: str | None = None,
    progress: Progress | None = None,
    mode: Mode = Mode.INCREMENT,
    listed_on: date | None = None,
) -> Receipt:
    """Take in a file and file it at once; raises `Refused`, `Held`.

    The same file for the same item from the same provider is the same batch: its receipt comes back, marked
    `repeated`. A dry run goes the whole way and takes everything back.
    """
    if dry_run:
        name = file_name or path.name
        return rehearsal.of(
            path, name, item, provider, mode, listed_on, actor=actor, as_of=as_of, progress=progress
        )
    batch_id, repeated = receive(
        path,
        item=item,
        provider=provider,
        actor=actor,
        as_of=as_of,
        file_name=file_name,
        mode=mode,
        listed_on=listed_on,
    )
    receipt = file(batch_id, as_of=as_of, progress=progress)
    return receipts.read(receipt.document(), repeated=repeated)


def receive(
    path: Path,
    *,
    item: str,
    provider: str,
    actor: Actor,
    as_of: datetime,
    file_name: str | None = None,
    then: Callable[[UUID], object] | None = None,
    mode: Mode = Mode.INCREMENT,
    listed_on: date | None = None,
) -> tuple[UUID, bool]:
    """Promise to file: spool the file, commit the batch as received; return it, and whether it was known.

    `then` runs in the same transaction: a job deferred there exists if and only if the batch does.
    """
    if mode is Mode.ANSWERS and actor != SYSTEM:
        raise attempts.answers_handed_in()
    admitted, _ = mandates.admitted(item, provider, mode=mode)
    day = full_lists.admitted(admitted, mode, listed_on, as_of.astimezone(filing.CHINA).date())
    batch_id = identifiers.time_ordered()
    name = (file_name or path.name)[-255:]
    if redaction.holds_number(name):  # it is shown and signed in receipts: masked, not sealed
        name = redaction.redact(name)[-255:]
    spooled = _spooled(path, batch_id, name)
    try:
        with transaction.atomic():
            entry = entries.append(
                Kind.BATCH_RECEIVED,
                actor=actor,
                refs={"batch": str(batch_id), "item": item, "provider": provider},
                commitments={"file": spooled.sha256},
                as_of=as_of,
            )
            Batch.objects.create(
                id=batch_id,
                item=item,
                provider_id=provider,
                mode=mode,
                listed_on=day,
                sha256=spooled.sha256,
                file_name=name,
                size_bytes=spooled.size_bytes,
                received_at=as_of,
                actor_kind=actor.kind,
                actor_id=actor.id,
                actor_party=actor.party,
                journal_entry=entry.id,
                mapping=saved_mappings.standing(item, provider, as_of=as_of),
            )
            if then is not None:
                then(batch_id)
    except IntegrityError as error:
        spool.drop(batch_id)
        same = Batch.objects.filter(sha256=spooled.sha256, item=item, provider_id=provider, mode=mode)
        standing = same.filter(listed_on=day, status__in=rules.STANDING).first()
        if standing is None:
            raise error
        return standing.id, True
    return batch_id, False


def file(batch_id: UUID, *, as_of: datetime, progress: Progress | None = None) -> Receipt:
    """File a received batch, or return the receipt of one that is filed; raises `Refused`, `Held`."""
    # Committed by itself, so that whoever looks sees that the batch is being worked on.
    Batch.objects.filter(pk=batch_id, status=Status.RECEIVED).update(status=Status.FILING)
    with lake_ahead.of(get(batch_id).item, batch_id) as ahead:
        try:
            receipt = attempts.patiently(lambda: _file_whole(batch_id, ahead, as_of=as_of, progress=progress))
        except readers.Refusal as refusal:
            raise _refuse(batch_id, attempts.refused(refusal, batch_id), as_of=as_of) from refusal
        except Refused as refusal:
            raise _refuse(batch_id, refusal, as_of=as_of) from refusal
        except PartiesError as error:
            where = Batch.objects.values_list("file_name", flat=True).get(pk=batch_id)
            raise _refuse(batch_id, attempts.contradicted(error, where), as_of=as_of) from error
        if receipt is None:
            raise Held(batch_id, get(batch_id).held_for or [])
        spool.drop(batch_id)
        lake_keeping.take_up(ahead, as_of=as_of)
    return receipt


def resume_unfinished(*, as_of: datetime, progress: Progress | None = None) -> list[Card]:
    """File or refuse every batch that was received and not finished, oldest first; return how they stand.

    One that fails for a reason of the node's own (a full disk, a fault of ours) stays for the next time and
    keeps no other waiting.
    """
    unfinished = Batch.objects.filter(status__in=rules.UNFINISHED).order_by("received_at", "id")
    ids = list(unfinished.values_list("id", flat=True))
    for batch_id in ids:
        if _in_work(batch_id):
            continue
        try:
            file(batch_id, as_of=as_of, progress=progress)
        except Refused as refusal:
            log.warning("batch %s refused: %s", batch_id, refusal)
        except Held as held:
            log.warning("%s", held)
        except Exception:
            log.exception("batch %s could not be filed; it stays as it is and is tried again", batch_id)
    sweeping.sweep(now=time.time())
    return [get(batch_id) for batch_id in ids]


def get(batch_id: UUID) -> Card:
    """Return a batch as it stands; raises `UnknownBatch`."""
    batch = Batch.objects.select_related("mapping").filter(pk=batch_id).first()
    if batch is None:
        raise UnknownBatch(batch_id)
    return _card(batch)


def receipt_of(batch_id: UUID) -> Receipt | None:
    """Return the receipt of a batch, None while it has none; raises `UnknownBatch`."""
    document = Batch.objects.filter(pk=batch_id).values_list("receipt", flat=True)
    if not document:
        raise UnknownBatch(batch_id)
    return receipts.read(document[0]) if document[0] else None


def latest(*, provider: str | None = None, limit: int = 50) -> Sequence[Card]:
    """Return the batches last received, newest first."""
    return part_of(Window(limit), provider=provider).rows


def part_of(
    window: Window,
    *,
    provider: str | None = None,
    find: str = "",
    item: str | None = None,
    status: Status | None = None,
) -> Part[Card]:
    """Return a part of the batches received, newest first: of all, or of one provider's, with this in the
    file's name, of an item, in a status.
    """
    found = Batch.objects.select_related("mapping")
    if provider is not None:
        found = found.filter(provider_id=provider)
    if find:
        found = found.filter(file_name__icontains=find)
    if item is not None:
        found = found.filter(item=item)
    if status is not None:
        found = found.filter(status=status)
    return windows.part(found, window, "-received_at", "-id").of(_card)


def locked(batch_id: UUID) -> Batch:
    """Return a batch, its row locked till the transaction ends; raises `UnknownBatch`."""
    batch = Batch.objects.select_for_update().filter(pk=batch_id).first()
    if batch is None:
        raise UnknownBatch(batch_id)
    return batch


def refs_of(batch: Batch) -> dict[str, str | int]:
    """What a journal entry says of a batch."""
    return {"batch": str(batch.id), "item": batch.item, "provider": batch.provider_id}


def _spooled(path: Path, batch_id: UUID, name: str) -> spool.Spooled:
    try:
        return spool.take(path, batch_id)
    except FileNotFoundError as error:
        raise attempts.refused(readers.Refusal("file_missing", where=name)) from error


def _file_whole(
    batch_id: UUID, ahead: lake_ahead.LakeAhead, *, as_of: datetime, progress: Progress | None
) -> Receipt | None:
    """The one transaction: rows, subjects opened for them, outcomes, receipt, journal entry, status.

    None: the batch looks wrong, all of that was taken back, and it waits for a second person.
    """
    with transaction.atomic():
        batch = locked(batch_id)
        status = Status(batch.status)
        if status is Status.HELD:
            return None
        if status not in rules.UNFINISHED:
            return _as_it_ended(batch)
        item, channel = mandates.admitted(batch.item, batch.provider_id, mode=Mode(batch.mode))
        before = transaction.savepoint()
        with attempts.spooled(batch_id) as path:
            tally = attempts.assembly(batch, item, channel, path, as_of=as_of, ahead=ahead).file(progress)
        if held_for := suspicion.of(batch, item, tally):
            transaction.savepoint_rollback(before)
            _hold(batch, tally, held_for, as_of)
            return None
        receipt = attempts.receipt(batch, tally)
        entry = entries.append(
            Kind.BATCH_FILED,
            actor=attempts.actor_of(batch),
            refs={**refs_of(batch), "accepted": tally.accepted, "read": tally.read},
            commitments={"file": batch.sha256, "receipt": receipt.commitment()},
            as_of=as_of,
        )
        receipt = with_entry(receipt, entry.id).signed()
        _finish(batch, tally, receipt, as_of)
    return receipt


def with_entry(receipt: Receipt, entry: UUID) -> Receipt:
    """The receipt with the journal entry that commits to all the rest of it."""
    return receipts.read({**receipt.document(), "journal_entry": str(entry)})


def _hold(batch: Batch, tally: Tally, held_for: list[dict[str, str]], as_of: datetime) -> None:
    refs = {**refs_of(batch), "findings": len(held_for), "read": tally.read}
    entries.append(Kind.BATCH_HELD, actor=attempts.actor_of(batch), refs=refs, as_of=as_of)
    batch.status, batch.held_for, batch.profile = Status.HELD, held_for, tally.profile
    batch.save(update_fields=["status", "held_for", "profile"])


def _finish(batch: Batch, tally: Tally, receipt: Receipt, as_of: datetime) -> None:
    batch.status, batch.finished_at = Status.FILED, as_of
    batch.read, batch.accepted, batch.rejected = tally.read, tally.accepted, tally.rejected
    batch.pending, batch.duplicate = tally.pending, tally.duplicate
    batch.ended, batch.profile = tally.ended, tally.profile
    batch.headers, batch.receipt = [*map(redaction.redact, tally.headers)], receipt.document()
    batch.save()


def _in_work(batch_id: UUID) -> bool:
    """Whether another process is filing this batch: it holds the batch's row till it is done."""
    with transaction.atomic():
        return not Batch.objects.select_for_update(skip_locked=True).filter(pk=batch_id).exists()


def _refuse(batch_id: UUID, refusal: Refused, *, as_of: datetime) -> Refused:
    """Note why a received file could not be filed; it may be handed in again."""
    refusal.batch = batch_id
    with transaction.atomic():
        batch = locked(batch_id)
        if Status(batch.status) in rules.UNFINISHED:
            entries.append(
                Kind.BATCH_REFUSED,
                actor=attempts.actor_of(batch),
                refs={**refs_of(batch), "code": refusal.code},
                as_of=as_of,
            )
            batch.status, batch.finished_at, batch.refusal = Status.REFUSED, as_of, refusal.document()
            batch.save(update_fields=["status", "finished_at", "refusal"])
    spool.drop(batch_id)
    return refusal


def _as_it_ended(batch: Batch) -> Receipt:
    if batch.receipt is not None:
        return receipts.read(batch.receipt)
    kept = batch.refusal or {}
    raise Refused(
        kept["code"], what=kept["what"], where=kept["where"], what_to_do=kept["what_to_do"], batch=batch.id
    )


def _card(batch: Batch) -> Card:
    return Card(
        id=batch.id,
        item=batch.item,
        provider=batch.provider_id,
        file_name=batch.file_name,
        status=Status(batch.status),
        counts=rules.Counts(batch.accepted, batch.rejected, batch.pending, batch.duplicate),
        received_at=batch.received_at,
        refusal=batch.refusal,
        mode=Mode(batch.mode),
        held_for=batch.held_for if batch.status == Status.HELD else None,
        mapping=batch.mapping.version if batch.mapping else None,
    )
