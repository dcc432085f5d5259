"""What a database administrator can do to a journal: every guard lifted, every table open (promise P5)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

from django.db import connection, transaction

from rongxin.journal import checkpoints, entries, keyring, models, sequencer
from rongxin.journal.entries import Draft
from rongxin.journal.rules import Kind
from rongxin.proof import merkle
from rongxin.proof.checkpoint import Checkpoint
from rongxin.proof.keys import SigningKey
from rongxin.vocabulary.actor import Actor, ActorKind

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
BANK = Actor(ActorKind.API_CLIENT, "client_7", "institution:bank_a")
GENERATED = ("size", "root", "at", "number")  # of a checkpoint


@dataclass
class Journal:
    """A journal with signed checkpoints, entries signed by none yet, and entries still pending."""

    size: int
    signed: int
    notes: list[str]

    @property
    def last_note(self) -> str:
        return self.notes[-1]


def build(rng: random.Random) -> Journal:
    notes = []
    for number in range(rng.randrange(2, 5)):
        append(rng.randrange(1, 330) + (0 if number else 256))  # so that one subtree is complete
        sequencer.integrate()
        checkpoints.sign(as_of=NOW)
        notes.append(checkpoints.latest_note() or "")
    signed = models.Leaf.objects.count()
    append(rng.randrange(1, 5))
    sequencer.integrate()
    append(rng.randrange(1, 5))
    return Journal(models.Leaf.objects.count(), signed, notes)


def append(count: int) -> list[entries.Entry]:
    drafts = [
        Draft(
            kind=Kind.DISCLOSURE_RELEASED,
            refs={"subject": number, "institution": "bank_a", "consent": f"consent-{number}"},
            commitments={"response": f"{number:064x}"},
        )
        for number in range(count)
    ]
    return entries.append_all(drafts, actor=BANK, as_of=NOW)


@contextmanager
def as_administrator() -> Iterator[None]:
    """Lift every guard of the database; everything is as before when the block is left."""
    with transaction.atomic():
        sql("SET LOCAL session_replication_role = replica")
        for column in GENERATED:
            sql(f"ALTER TABLE journal_checkpoint ALTER {column} DROP EXPRESSION")
        for constraint in (
            "entry DROP CONSTRAINT journal_entry_pkey",
            "leaf DROP CONSTRAINT journal_leaf_entry_key",
            "leaf DROP CONSTRAINT journal_leaf_pkey",
            "leaf DROP CONSTRAINT journal_leaf_hash_check",
            "subtree DROP CONSTRAINT journal_subtree_pkey",
            "subtree DROP CONSTRAINT journal_subtree_hash_check",
            "checkpoint DROP CONSTRAINT journal_checkpoint_pkey",
            "checkpoint DROP CONSTRAINT journal_checkpoint_size_key",
        ):
            sql(f"ALTER TABLE journal_{constraint}")
        yield
        transaction.set_rollback(True)


def sql(statement: str, *parameters: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(parameters) or None)  # type: ignore[arg-type]
        return cursor.rowcount


def changed(statement: str, *parameters: object) -> None:
    """Run a statement that must hit exactly one row: a tampering that changed nothing tests nothing."""
    assert sql(statement, *parameters) == 1, statement


def entry_at(index: int) -> UUID:
    return models.Leaf.objects.values_list("entry", flat=True).get(index=index)


def flip(rng: random.Random, text: str) -> str:
    """Change one letter or digit of a text to another."""
    places = [place for place, letter in enumerate(text) if letter.isalnum() and letter.isascii()]
    place = rng.choice(places)
    letter = rng.choice([other for other in "0123456789abcdef" if other != text[place]])
    return text[:place] + letter + text[place + 1 :]


def rebuild() -> None:
    """Compute leaves and subtrees anew from the bodies, as an attacker who knows the code would."""
    sql(
        "UPDATE journal_leaf l SET hash = sha256('\\x00'::bytea || convert_to(e.body, 'UTF8'))"
        " FROM journal_entry e WHERE e.id = l.entry"
    )
    hashes = [bytes(row) for row in models.Leaf.objects.order_by("index").values_list("hash", flat=True)]
    sql("DELETE FROM journal_subtree")
    for number in range(len(hashes) // 256):
        node = merkle.root(hashes[number * 256 : (number + 1) * 256])
        sql("INSERT INTO journal_subtree (level, index, hash) VALUES (1, %s, %s)", number, node)


def resign(key: SigningKey) -> None:
    """Sign every checkpoint anew over the tree as it is now."""
    hashes = [bytes(row) for row in models.Leaf.objects.order_by("index").values_list("hash", flat=True)]
    for stored in models.Checkpoint.objects.order_by("number"):
        head = Checkpoint(
            keyring.origin(), stored.size, merkle.root(hashes[: stored.size]), stored.at, stored.number
        )
        changed(
            "UPDATE journal_checkpoint SET note = %s, root = %s WHERE number = %s",
            head.sign(key),
            head.root,
            stored.number,
        )


def cut(size: int) -> None:
    sql("DELETE FROM journal_entry e USING journal_leaf l WHERE l.entry = e.id AND l.index >= %s", size)
    sql("DELETE FROM journal_leaf WHERE index >= %s", size)
    sql("DELETE FROM journal_subtree WHERE (index + 1) * 256 > %s", size)


def rewrite(index: int) -> None:
    changed(
        "UPDATE journal_entry SET body = replace(body, 'bank_a', 'bank_b'), institution = 'bank_b',"
        " party = 'institution:bank_b' WHERE id = %s",
        entry_at(index),
    )
    rebuild()


def slip_in(model: UUID) -> UUID:
    """A well-made entry that nobody appended."""
    new = uuid4()
    changed(
        "INSERT INTO journal_entry SELECT %s, replace(body, %s, %s), kind, actor_kind, actor, party, at,"
        " subject, institution, consent FROM journal_entry WHERE id = %s",
        new,
        str(model),
        str(new),
        model,
    )
    return new


def append_lookalikes(count: int) -> None:
    """Append entries that look as the code makes them."""
    size = models.Leaf.objects.count()
    for index in range(size, size + count):
        new = slip_in(entry_at(0))
        changed("INSERT INTO journal_leaf (index, entry, hash) VALUES (%s, %s, sha256('x'))", index, new)
    rebuild()
