"""Sequencing, checkpoints and proofs over stored trees of every shape."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rongxin.journal import checkpoints, keyring, models, proofs, sequencer, tree
from rongxin.journal.errors import Damaged, JournalError, NotYetCovered, UnknownEntry
from rongxin.proof import checkpoint as notes
from rongxin.proof import merkle

from .conftest import Append, Fill

pytestmark = pytest.mark.django_db


def test_it_integrates_what_is_pending_and_then_nothing(fill: Fill) -> None:
    fill(10)
    assert sequencer.integrate() == 10
    assert sequencer.integrate() == 0
    assert tree.size() == 10
    assert not models.Pending.objects.exists()


def test_its_batches_join_seamlessly(fill: Fill, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencer, "BATCH_ENTRIES_MAX", 300)
    made = []
    for count in (1, 254, 1, 1, 700, 256, 3):
        made += fill(count)
        assert sequencer.integrate() == count
    hashes = [entry.leaf_hash for entry in made]
    assert checkpoints.sign(as_of=now).root == merkle.root(hashes)
    stored = models.Subtree.objects.filter(level=1).order_by("index").values_list("hash", flat=True)
    assert [bytes(hash_) for hash_ in stored] == [
        merkle.root(hashes[at : at + 256]) for at in range(0, len(hashes) - 255, 256)
    ]


def test_it_stores_the_second_level_when_65536_leaves_are_there(fill: Fill, now: datetime) -> None:
    hashes = [entry.leaf_hash for _ in range(5) for entry in fill(13_200)]
    sequencer.integrate()
    subtree = models.Subtree.objects.get(level=2)
    assert bytes(subtree.hash) == merkle.root(hashes[: 1 << 16])
    assert checkpoints.sign(as_of=now).root == merkle.root(hashes)
    entry = models.Leaf.objects.get(index=40_000).entry
    with CaptureQueriesContext(connection) as queries:
        assert proofs.inclusion(entry).holds()
    assert len(queries) <= 8  # entry, leaf, note, and one tile per level and edge


def test_a_checkpoint_is_signed_numbered_and_not_repeated(fill: Fill, now: datetime) -> None:
    assert checkpoints.latest() is None
    empty = checkpoints.sign(as_of=now)
    assert (empty.size, empty.number, empty.root) == (0, 1, merkle.EMPTY_ROOT)
    fill(3)
    sequencer.integrate()
    second = checkpoints.sign(as_of=now + timedelta(seconds=9))
    assert (second.size, second.number) == (3, 2)
    assert checkpoints.sign(as_of=now + timedelta(seconds=20)) == second == checkpoints.latest()
    note = checkpoints.latest_note() or ""
    keys = keyring.verifying_keys().values()
    assert notes.verify(note, keys, origin=keyring.origin()) == second
    assert checkpoints.note_covering(1) == note
    assert checkpoints.note_covering(4) is None


def test_it_signs_no_tree_that_lost_its_last_checkpoint(fill: Fill, now: datetime) -> None:
    fill(300)
    sequencer.integrate()
    checkpoints.sign(as_of=now)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE journal_leaf SET hash = sha256('x') WHERE index = 299")
        cursor.execute("SET LOCAL session_replication_role = origin")
    fill(1)
    sequencer.integrate()
    with pytest.raises(Damaged, match="journal verify"):
        checkpoints.sign(as_of=now)
    assert models.Checkpoint.objects.count() == 1


def test_it_signs_nothing_after_a_checkpoint_of_a_foreign_key(fill: Fill, now: datetime) -> None:
    fill(2)
    sequencer.integrate()
    from rongxin.proof.keys import SigningKey

    forged = notes.Checkpoint(keyring.origin(), 2, tree.Reader(2).root(), now)
    note = forged.sign(SigningKey.generate("journal"))
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO journal_checkpoint (note) VALUES (%s)", [note])
    with pytest.raises(Damaged, match="no key"):
        checkpoints.sign(as_of=now)


def test_every_entry_is_proved_in_trees_of_all_small_sizes(append: Append, now: datetime) -> None:
    made = []
    for size in range(1, 12):
        made.append(append(size))
        sequencer.integrate()
        head = checkpoints.sign(as_of=now)
        for entry in made:
            proof = proofs.inclusion(entry.id)
            assert proof.holds()
            assert notes.parse(proof.note) == head
            assert proof.document()["index"] == proof.index


def test_consistency_is_proved_between_any_two_sizes(fill: Fill) -> None:
    hashes = [entry.leaf_hash for entry in fill(600)]
    sequencer.integrate()
    for first, second in [(1, 600), (255, 256), (256, 600), (257, 513), (600, 600)]:
        path = proofs.consistency(first, second).path
        roots = merkle.root(hashes[:first]), merkle.root(hashes[:second])
        assert merkle.verify_consistency(first, second, *roots, path)


def test_a_proof_asked_too_early_says_when_to_come_back(append: Append, now: datetime) -> None:
    entry = append()
    with pytest.raises(NotYetCovered, match="ten seconds"):
        proofs.inclusion(entry.id)
    sequencer.integrate()
    with pytest.raises(NotYetCovered, match="ten seconds"):
        proofs.inclusion(entry.id)
    checkpoints.sign(as_of=now)
    assert proofs.inclusion(entry.id).holds()
    with pytest.raises(NotYetCovered):
        proofs.consistency(1, 2)
    with pytest.raises(UnknownEntry):
        proofs.inclusion(uuid4())
    with pytest.raises(JournalError, match="smaller first"):
        proofs.consistency(2, 1)


def test_a_changed_entry_is_no_longer_proved(append: Append, now: datetime) -> None:
    entry = append()
    append(2)
    sequencer.integrate()
    checkpoints.sign(as_of=now)
    proof = proofs.inclusion(entry.id)
    changed = proofs.InclusionProof(
        proof.entry, proof.body.replace("bank_a", "bank_b"), proof.index, proof.path, proof.note
    )
    assert not changed.holds()


def test_a_tile_with_a_hole_is_not_read_as_if_whole(fill: Fill) -> None:
    fill(10)
    sequencer.integrate()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM journal_leaf WHERE index = 4")
    with pytest.raises(Damaged, match="verify"):
        tree.Reader(10).root()
