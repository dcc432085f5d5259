"""（十）: what was recorded can't be changed unseen, not even by the administrator of the database.

Every kind of tampering of promise P5, each at several random places (`make test-long`: a hundred), as
superuser with triggers, constraints and generated columns taken off.
"""

from __future__ import annotations

import random

import pytest

from rongxin.journal import checkpoints, keyring, models, sequencer, tree, verification
from rongxin.journal.findings import Code
from rongxin.proof.checkpoint import Checkpoint
from rongxin.proof.keys import SigningKey

from . import administrator, tampering

pytestmark = pytest.mark.django_db

FEW, MANY = 3, 100


@pytest.fixture(autouse=True)
def blocks_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "BLOCK_LEAVES", 256)


def check(name: str, times: int, *, witnessed: bool) -> None:
    act, codes = (tampering.WITNESSED if witnessed else tampering.TAMPERINGS)[name]
    seed = random.randrange(1 << 32)
    rng = random.Random(seed)
    journal = administrator.build(rng)
    notes = [journal.last_note] if witnessed else []
    for number in range(times):
        with administrator.as_administrator():
            act(rng, journal)
            outcome = verification.verify(trusted_checkpoints=notes)
        where = f"{name}, seed {seed}, number {number}: {outcome.counts}"
        assert not outcome.ok, where
        assert codes & set(outcome.counts), where
    assert verification.verify(trusted_checkpoints=journal.notes).ok


@pytest.mark.parametrize("name", tampering.TAMPERINGS)
def test_it_finds(name: str) -> None:
    check(name, FEW, witnessed=False)


@pytest.mark.parametrize("name", tampering.WITNESSED)
def test_a_witness_finds(name: str) -> None:
    check(name, FEW, witnessed=True)


@pytest.mark.long
@pytest.mark.parametrize("name", tampering.TAMPERINGS)
def test_it_finds_a_hundred_times(name: str) -> None:
    check(name, MANY, witnessed=False)


@pytest.mark.long
@pytest.mark.parametrize("name", tampering.WITNESSED)
def test_a_witness_finds_a_hundred_times(name: str) -> None:
    check(name, MANY, witnessed=True)


@pytest.mark.parametrize("name", tampering.UNSEEN_WITHOUT_WITNESS)
def test_without_a_witness_it_could_not_be_found(name: str) -> None:
    """The honest limit, held as a fact: this is why checkpoints must leave the house."""
    rng = random.Random(7)
    journal = administrator.build(rng)
    with administrator.as_administrator():
        tampering.WITNESSED[name][0](rng, journal)
        outcome = verification.verify()
    assert outcome.ok, outcome.counts


def test_a_replaced_signing_key_is_found_by_the_witness() -> None:
    journal = administrator.build(random.Random(1))
    new = SigningKey.generate("journal")
    with administrator.as_administrator():
        administrator.resign(new)
        ours = verification.verify()
        theirs = verification.verify(keys=[new.public], trusted_checkpoints=journal.notes)
    assert ours.counts[Code.CHECKPOINT_FORGED] == len(journal.notes)
    assert theirs.counts == {Code.WITNESS_UNKNOWN: len(journal.notes)}


def test_a_split_view_is_found_when_witnesses_meet() -> None:
    journal = administrator.build(random.Random(2))
    other = Checkpoint(keyring.origin(), journal.signed, bytes(32), administrator.NOW, len(journal.notes))
    note = other.sign(keyring.journal_key())
    outcome = verification.verify(trusted_checkpoints=[journal.last_note, note])
    assert outcome.counts == {Code.SPLIT_VIEW: 1, Code.CHECKPOINT_DENIED: 1}


def test_a_witness_of_another_log_is_not_taken_for_ours() -> None:
    administrator.build(random.Random(3))
    other = Checkpoint("other.example/journal", 1, bytes(32), administrator.NOW).sign(keyring.journal_key())
    outcome = verification.verify(trusted_checkpoints=[other, "no note at all"])
    assert outcome.counts == {Code.WITNESS_UNKNOWN: 2}


@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(4, 100))]
)
def test_it_raises_no_alarm_over_a_clean_journal(seed: int) -> None:
    rng = random.Random(seed)
    journal = administrator.build(rng)
    for _ in range(rng.randrange(3)):
        sequencer.integrate()
        administrator.append(rng.randrange(600))
        if rng.randrange(2):
            checkpoints.sign(as_of=administrator.NOW)
    outcome = verification.verify(trusted_checkpoints=journal.notes)
    assert outcome.ok, (seed, outcome.document())
    assert outcome.size == tree.size()
    assert outcome.root == tree.Reader(tree.size()).root()
    assert outcome.pending == models.Pending.objects.count()
    assert outcome.checkpoints == models.Checkpoint.objects.count()


def test_it_raises_no_alarm_over_an_empty_journal() -> None:
    assert verification.verify().ok
    note = checkpoints.sign(as_of=administrator.NOW) and checkpoints.latest_note()
    assert verification.verify(trusted_checkpoints=[note or ""]).ok


def test_every_finding_says_what_it_means_and_what_to_do() -> None:
    for code in Code:
        assert code.zh
        assert code.en
        assert code.action
