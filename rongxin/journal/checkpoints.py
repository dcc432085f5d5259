"""Signing the head of the tree, so that what came before can't be changed unseen (promise P5)."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from rongxin.journal import keyring, models, sequencer, tree
from rongxin.journal.errors import Damaged
from rongxin.proof import checkpoint as notes
from rongxin.proof.checkpoint import Checkpoint
from rongxin.proof.errors import Forged


def sign(*, as_of: datetime) -> Checkpoint:
    """Sign the tree as it stands and return the checkpoint; the last one again if nothing has come since.

    A tree that no longer holds its last checkpoint is never signed: that would make a forgery official.
    """
    with transaction.atomic():
        sequencer.lock()
        reader = tree.Reader(tree.size())
        last = latest()
        if last is not None:
            _check_continues(reader, last)
            if last.size == reader.size:
                return last
        number = last.number + 1 if last else 1
        checkpoint = Checkpoint(keyring.origin(), reader.size, reader.root(), as_of, number)
        with connection.cursor() as cursor:
            note = checkpoint.sign(keyring.journal_key())
            cursor.execute("INSERT INTO journal_checkpoint (note) VALUES (%s)", [note])
    return checkpoint


def latest() -> Checkpoint | None:
    note = latest_note()
    return notes.parse(note) if note else None


def latest_note() -> str | None:
    """The last signed note, as receipts carry it and witnesses keep it."""
    return models.Checkpoint.objects.order_by("-number").values_list("note", flat=True).first()


def note_covering(size: int) -> str | None:
    """The first signed note of a tree of at least `size` entries."""
    return (
        models.Checkpoint.objects.filter(size__gte=size)
        .order_by("size")
        .values_list("note", flat=True)
        .first()
    )


def _check_continues(reader: tree.Reader, last: Checkpoint) -> None:
    note = latest_note() or ""
    try:
        notes.verify(note, keyring.verifying_keys().values(), origin=keyring.origin())
    except Forged as error:
        raise Damaged(
            f"checkpoint {last.number}: {error}; nothing is signed until this is explained"
        ) from error
    if last.size > reader.size or reader.root(last.size) != last.root:
        raise Damaged(
            f"the tree of {reader.size} entries doesn't hold checkpoint {last.number} of {last.size}; "
            "nothing is signed: run `rongxin journal verify`"
        )
