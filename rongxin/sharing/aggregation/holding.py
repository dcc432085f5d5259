"""A batch that looks wrong waits for a second person: held, then released or refused ((五)(十); promise P1).

Nothing of a held batch is in the store: its filing was taken back, its file waits in the spool. Released, it
is filed from that file in one transaction, so its receipt counts what then became of every row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from rongxin.catalogue import redaction
from rongxin.journal import entries, windows
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.sharing import rules
from rongxin.sharing.aggregation import batches, spool
from rongxin.sharing.aggregation.assembly import Progress
from rongxin.sharing.aggregation.receipts import Receipt
from rongxin.sharing.errors import NotHeld, Refused
from rongxin.sharing.models import Batch
from rongxin.sharing.rules import Act, Status
from rongxin.vocabulary.actor import Actor

#: In what order the held batches are read; each ends in a column that no two share.
SORTS = {"oldest": ("received_at", "id"), "newest": ("-received_at", "id")}


def waiting() -> list[dict[str, Any]]:
    """Return the batches that wait for a second person, with what was found, oldest first."""
    held = Batch.objects.filter(status=Status.HELD).order_by("received_at", "id")
    return [_document(batch) for batch in held]


def part_of(
    window: Window, *, find: str = "", items: Collection[str] = (), sort: str = "oldest"
) -> Part[dict[str, Any]]:
    """Return a part of them: of one of these items, or with this in the file's name."""
    held = Batch.objects.filter(status=Status.HELD)
    if find:
        held = held.filter(Q(file_name__icontains=find) | Q(item__in=items))
    return windows.part(held, window, *SORTS[sort]).of(_document)


def one(batch_id: UUID) -> dict[str, Any]:
    """Return one of them; raises `NotHeld` and `UnknownBatch`."""
    card = batches.get(batch_id)
    if card.status is not Status.HELD:
        raise NotHeld(batch_id, card.status.label)
    return _document(Batch.objects.get(pk=batch_id))


def _document(batch: Batch) -> dict[str, Any]:
    return {
        "batch": str(batch.id),
        "item": batch.item,
        "provider": batch.provider_id,
        "file_name": batch.file_name,
        "received_at": batch.received_at.isoformat(),
        "read": (batch.profile or {}).get("read"),
        "findings": batch.held_for,
    }


def release(batch_id: UUID, *, actor: Actor, as_of: datetime, progress: Progress | None = None) -> Receipt:
    """Let a held batch in and file it; raises `NotHeld`, `Refused`. Whoever handed it in may not."""
    approve(batch_id, actor=actor, as_of=as_of)
    return batches.file(batch_id, as_of=as_of, progress=progress)


def approve(
    batch_id: UUID, *, actor: Actor, as_of: datetime, then: Callable[[UUID], object] | None = None
) -> None:
    """Let a held batch in; a worker files it. Committed with `then`, so that a kill loses nothing."""
    with transaction.atomic():
        batch = _held(batch_id, Act.RELEASE, actor)
        if (batch.actor_kind, batch.actor_id) == (str(actor.kind), actor.id):
            raise Refused(
                "second_person_needed",
                what=f"批次 {batch_id} 由 {actor.id} 本人报送",
                where=str(batch_id),
                what_to_do="请由平台运营机构的另一人复核后放行。",
            )
        entries.append(Kind.BATCH_RELEASED, actor=actor, refs=batches.refs_of(batch), as_of=as_of)
        batch.status = rules.TRANSITIONS[Status.HELD][Act.RELEASE]
        batch.released_by, batch.released_at = str(actor), as_of
        batch.save(update_fields=["status", "released_by", "released_at"])
        if then is not None:
            then(batch_id)


def refuse(batch_id: UUID, *, reason: str, actor: Actor, as_of: datetime) -> None:
    """Hand a held batch back whole, with the reason in the refuser's words; raises `NotHeld`, `Refused`."""
    with transaction.atomic():
        batch = _held(batch_id, Act.REFUSE, actor)
        refusal = Refused(
            "refused_on_review",
            what=f"复核未通过：{redaction.redact(reason)}",
            where=batch.file_name,
            what_to_do="整个文件未入库；请核对后重新报送。",
            batch=batch_id,
        )
        refs = {**batches.refs_of(batch), "code": refusal.code}
        entries.append(Kind.BATCH_REFUSED, actor=actor, refs=refs, as_of=as_of)
        batch.status = rules.TRANSITIONS[Status.HELD][Act.REFUSE]
        batch.finished_at, batch.refusal = as_of, refusal.document()
        batch.save(update_fields=["status", "finished_at", "refusal"])
    spool.drop(batch_id)


def _held(batch_id: UUID, act: Act, actor: Actor) -> Batch:
    batch = batches.locked(batch_id)
    if act not in rules.TRANSITIONS[Status(batch.status)] or batch.status != Status.HELD:
        raise NotHeld(batch_id, Status(batch.status).label)
    if not actor.is_operator:
        raise Refused(
            "not_the_operator",
            what=f"批次 {batch_id} 待平台运营机构复核",
            where=actor.party,
            what_to_do="只有平台运营机构可以放行或退回。",
        )
    return batch
