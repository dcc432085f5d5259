"""Every kind of tampering of promise P5: what is done, and which findings may tell of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from uuid import uuid4

from django.db import connection

from rongxin.journal import keyring, models
from rongxin.journal.findings import Code
from rongxin.proof.keys import SigningKey

from .administrator import (
    Journal,
    append_lookalikes,
    changed,
    cut,
    entry_at,
    flip,
    rebuild,
    resign,
    rewrite,
    slip_in,
    sql,
)

Act = Callable[[random.Random, Journal], None]
Tampering = tuple[Act, set[Code]]
TAMPERINGS: dict[str, Tampering] = {}
WITNESSED: dict[str, Tampering] = {}  # the same where only a witness can tell


def tampering(name: str, *codes: Code, into: dict[str, Tampering] | None = None) -> Callable[[Act], Act]:
    def register(act: Act) -> Act:
        (TAMPERINGS if into is None else into)[name] = (act, set(codes))
        return act

    return register


def _flip_column(table: str, key: str, column: str) -> Act:
    def act(rng: random.Random, journal: Journal) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT ctid::text, {column}::text, pg_typeof({column})::text"
                f" FROM journal_{table} ORDER BY {key}"
            )
            ctid, value, type_ = rng.choice(cursor.fetchall())
        if type_ in ("bigint", "smallint"):
            new = str(int(value) + rng.choice([1, 2, 7, 1000]))
        elif type_ == "timestamp with time zone":
            new = value.replace("2026", rng.choice(["2025", "2027"]))
        elif type_ == "bytea":
            new = "\\x" + flip(rng, value[2:])
        else:
            new = flip(rng, value)
        changed(f"UPDATE journal_{table} SET {column} = %s::{type_} WHERE ctid = %s::tid", new, ctid)

    return act


for _column in ("kind", "actor_kind", "actor", "party", "at", "subject", "institution", "consent"):
    TAMPERINGS[f"flip entry.{_column}"] = (_flip_column("entry", "id", _column), {Code.COLUMN_ALTERED})
TAMPERINGS |= {
    "flip entry.id": (_flip_column("entry", "id", "id"), {Code.LEFTOVER}),
    "flip entry.body": (_flip_column("entry", "id", "body"), {Code.ENTRY_ALTERED}),
    "flip leaf.index": (_flip_column("leaf", "index", "index"), {Code.LEAF_MISSING, Code.DOUBLED}),
    "flip leaf.entry": (_flip_column("leaf", "index", "entry"), {Code.ENTRY_MISSING}),
    "flip leaf.hash": (_flip_column("leaf", "index", "hash"), {Code.ENTRY_ALTERED}),
    "flip pending.entry": (_flip_column("pending", "number", "entry"), {Code.ENTRY_MISSING}),
    "flip pending.hash": (_flip_column("pending", "number", "hash"), {Code.ENTRY_ALTERED}),
    "flip subtree.level": (_flip_column("subtree", "index", "level"), {Code.SUBTREE_WRONG}),
    "flip subtree.index": (_flip_column("subtree", "index", "index"), {Code.SUBTREE_WRONG}),
    "flip subtree.hash": (_flip_column("subtree", "index", "hash"), {Code.SUBTREE_WRONG}),
    "flip checkpoint.note": (_flip_column("checkpoint", "number", "note"), {Code.CHECKPOINT_FORGED}),
    "flip checkpoint.number": (
        _flip_column("checkpoint", "number", "number"),
        {Code.COLUMN_ALTERED, Code.CHECKPOINT_MISSING},
    ),
    "flip checkpoint.size": (_flip_column("checkpoint", "number", "size"), {Code.COLUMN_ALTERED}),
    "flip checkpoint.root": (_flip_column("checkpoint", "number", "root"), {Code.COLUMN_ALTERED}),
    "flip checkpoint.at": (_flip_column("checkpoint", "number", "at"), {Code.COLUMN_ALTERED}),
}


@tampering("change the time of an entry", Code.ENTRY_ALTERED)
def _(rng: random.Random, journal: Journal) -> None:
    entry = entry_at(rng.randrange(journal.size))
    changed(
        "UPDATE journal_entry SET body = replace(body, '2026-03-01', '2026-02-01'),"
        " at = at - interval '28 days' WHERE id = %s",
        entry,
    )


@tampering("change the actor of an entry", Code.ENTRY_ALTERED)
def _(rng: random.Random, journal: Journal) -> None:
    entry = entry_at(rng.randrange(journal.size))
    changed(
        "UPDATE journal_entry SET body = replace(body, 'client_7', 'client_8'), actor = 'client_8'"
        " WHERE id = %s",
        entry,
    )


@tampering("change an entry and its leaf", Code.CHECKPOINT_DENIED)
def _(rng: random.Random, journal: Journal) -> None:
    index = rng.randrange(journal.signed)
    changed(
        "UPDATE journal_entry SET body = replace(body, 'bank_a', 'bank_b'), institution = 'bank_b',"
        " party = 'institution:bank_b' WHERE id = %s",
        entry_at(index),
    )
    rebuild()


@tampering("put a tab where COPY would write one", Code.ENTRY_ALTERED)
def _(rng: random.Random, journal: Journal) -> None:
    entry = entry_at(rng.randrange(journal.size))
    changed("UPDATE journal_entry SET body = body || chr(9) WHERE id = %s", entry)


@tampering("put a line break into an entry", Code.ENTRY_ALTERED)
def _(rng: random.Random, journal: Journal) -> None:
    entry = entry_at(rng.randrange(journal.size))
    changed("UPDATE journal_entry SET body = chr(10) || body WHERE id = %s", entry)


@tampering("delete an entry", Code.ENTRY_MISSING)
def _(rng: random.Random, journal: Journal) -> None:
    changed("DELETE FROM journal_entry WHERE id = %s", entry_at(rng.randrange(journal.size)))


@tampering("delete a leaf", Code.LEFTOVER)
def _(rng: random.Random, journal: Journal) -> None:
    changed("DELETE FROM journal_leaf WHERE index = %s", rng.randrange(journal.size))


@tampering("delete an entry and its leaf", Code.LEAF_MISSING, Code.CHECKPOINT_DENIED)
def _(rng: random.Random, journal: Journal) -> None:
    index = rng.randrange(journal.signed)
    changed("DELETE FROM journal_entry WHERE id = %s", entry_at(index))
    changed("DELETE FROM journal_leaf WHERE index = %s", index)


@tampering("delete a range of entries and leaves", Code.LEAF_MISSING)
def _(rng: random.Random, journal: Journal) -> None:
    start = rng.randrange(journal.signed - 1)
    stop = rng.randrange(start + 1, journal.signed + 1)
    where = "entry IN (SELECT entry FROM journal_leaf WHERE index >= %s AND index < %s)"
    sql(f"DELETE FROM journal_entry e USING journal_leaf l WHERE l.entry = e.id AND l.{where}", start, stop)
    assert sql("DELETE FROM journal_leaf WHERE index >= %s AND index < %s", start, stop) == stop - start


@tampering("close the gap after deleting an entry", Code.CHECKPOINT_DENIED, Code.TRUNCATED)
def _(rng: random.Random, journal: Journal) -> None:
    index = rng.randrange(journal.signed)
    changed("DELETE FROM journal_entry WHERE id = %s", entry_at(index))
    changed("DELETE FROM journal_leaf WHERE index = %s", index)
    sql("UPDATE journal_leaf SET index = index - 1 WHERE index > %s", index)
    rebuild()


@tampering("delete a pending place", Code.LEFTOVER)
def _(rng: random.Random, journal: Journal) -> None:
    number = rng.choice(list(models.Pending.objects.values_list("number", flat=True)))
    changed("DELETE FROM journal_pending WHERE number = %s", number)


@tampering("delete a checkpoint that is not the last", Code.CHECKPOINT_MISSING)
def _(rng: random.Random, journal: Journal) -> None:
    changed("DELETE FROM journal_checkpoint WHERE number = %s", rng.randrange(1, len(journal.notes)))


@tampering("cut the tail off", Code.TRUNCATED)
def _(rng: random.Random, journal: Journal) -> None:
    cut(rng.randrange(journal.signed))


@tampering("slip an entry in without a leaf", Code.LEFTOVER)
def _(rng: random.Random, journal: Journal) -> None:
    slip_in(entry_at(rng.randrange(journal.size)))


@tampering("slip an entry in before others", Code.CHECKPOINT_DENIED)
def _(rng: random.Random, journal: Journal) -> None:
    index = rng.randrange(journal.signed)
    new = slip_in(entry_at(index))
    sql("UPDATE journal_leaf SET index = index + 1 WHERE index >= %s", index)
    changed("INSERT INTO journal_leaf (index, entry, hash) VALUES (%s, %s, sha256('x'))", index, new)
    rebuild()


@tampering("swap the bodies of two entries", Code.ENTRY_ALTERED)
def _(rng: random.Random, journal: Journal) -> None:
    one, other = (entry_at(index) for index in rng.sample(range(journal.size), 2))
    bodies = {id_: models.Entry.objects.get(id=id_).body for id_ in (one, other)}
    changed("UPDATE journal_entry SET body = %s WHERE id = %s", bodies[other], one)
    changed("UPDATE journal_entry SET body = %s WHERE id = %s", bodies[one], other)


@tampering("swap two leaves", Code.CHECKPOINT_DENIED)
def _(rng: random.Random, journal: Journal) -> None:
    one, other = rng.sample(range(journal.signed), 2)
    sql(
        "UPDATE journal_leaf SET index = CASE index WHEN %s THEN %s ELSE %s END WHERE index IN (%s, %s)",
        one,
        other,
        one,
        one,
        other,
    )
    rebuild()


@tampering("put an entry into the tree twice", Code.DOUBLED)
def _(rng: random.Random, journal: Journal) -> None:
    index = rng.randrange(journal.size)
    changed(
        "INSERT INTO journal_leaf SELECT %s, entry, hash FROM journal_leaf WHERE index = %s",
        journal.size,
        index,
    )
    rebuild()


@tampering("queue an entry again", Code.DOUBLED)
def _(rng: random.Random, journal: Journal) -> None:
    index = rng.randrange(journal.size)
    changed(
        "INSERT INTO journal_pending (entry, hash) SELECT entry, hash FROM journal_leaf WHERE index = %s",
        index,
    )


@tampering("copy an entry under a new id", Code.LEFTOVER)
def _(rng: random.Random, journal: Journal) -> None:
    changed(
        "INSERT INTO journal_entry SELECT %s, body, kind, actor_kind, actor, party, at, subject, institution,"
        " consent FROM journal_entry WHERE id = %s",
        uuid4(),
        entry_at(rng.randrange(journal.size)),
    )


@tampering("rewrite from one entry to the end", Code.CHECKPOINT_DENIED)
def _(rng: random.Random, journal: Journal) -> None:
    rewrite(rng.randrange(journal.signed))


@tampering("rewrite and sign with another key", Code.CHECKPOINT_FORGED)
def _(rng: random.Random, journal: Journal) -> None:
    rewrite(rng.randrange(journal.signed))
    resign(SigningKey.generate("journal"))


@tampering("take the guards off", Code.GUARD_MISSING)
def _(rng: random.Random, journal: Journal) -> None:
    table = rng.choice(["entry", "leaf", "subtree", "checkpoint"])
    if rng.randrange(2):
        sql(f"DROP TRIGGER journal_append_only ON journal_{table}")
    else:
        sql(f"ALTER TABLE journal_{table} DISABLE TRIGGER ALL")


@tampering("cut the tail off with its checkpoints", Code.TRUNCATED, into=WITNESSED)
def _(rng: random.Random, journal: Journal) -> None:
    size = rng.randrange(journal.signed)
    cut(size)
    sql("DELETE FROM journal_checkpoint WHERE size > %s", size)


@tampering("restore an old state", Code.TRUNCATED, into=WITNESSED)
def _(rng: random.Random, journal: Journal) -> None:
    old = models.Checkpoint.objects.order_by("number")[0]
    cut(old.size)
    sql("DELETE FROM journal_checkpoint WHERE number > 1")


@tampering(
    "restore an old state and go on from there", Code.CHECKPOINT_DENIED, Code.TRUNCATED, into=WITNESSED
)
def _(rng: random.Random, journal: Journal) -> None:
    old = models.Checkpoint.objects.order_by("number")[0]
    cut(old.size)
    sql("DELETE FROM journal_checkpoint WHERE number > 1")
    append_lookalikes(rng.randrange(1, 40))


@tampering("rewrite and sign with the node's own key", Code.CHECKPOINT_DENIED, into=WITNESSED)
def _(rng: random.Random, journal: Journal) -> None:
    rewrite(rng.randrange(journal.signed))
    resign(keyring.journal_key())


@tampering("rewrite and drop the later checkpoints", Code.CHECKPOINT_DENIED, into=WITNESSED)
def _(rng: random.Random, journal: Journal) -> None:
    index = rng.randrange(journal.signed)
    rewrite(index)
    sql("DELETE FROM journal_checkpoint WHERE size > %s", index)


# An earlier checkpoint may cover the place of a rewriting; these leave nothing behind that contradicts them.
UNSEEN_WITHOUT_WITNESS = [name for name in WITNESSED if name != "rewrite and drop the later checkpoints"]
