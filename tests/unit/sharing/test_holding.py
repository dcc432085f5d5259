"""A poisoned batch waits for a second person, and nothing of it counts; an ordinary one never waits."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest

from rongxin.journal.models import Entry
from rongxin.parties import providers, subjects
from rongxin.records.models import Record
from rongxin.sharing.aggregation import batches, holding, spool, sweeping
from rongxin.sharing.errors import Held, NotHeld, Refused
from rongxin.sharing.models import Batch, Outcome
from rongxin.sharing.rules import Status
from rongxin.vocabulary import uscc
from rongxin.vocabulary.actor import Actor, ActorKind

from .conftest import CLERK, NOW, PROVIDER, Bureau

pytestmark = pytest.mark.django_db
PENALTY = "administrative_penalty"
SECOND = Actor(ActorKind.ACCOUNT, "second", "operator")
HEADER = ("企业名称", "统一社会信用代码", "行政处罚决定书文号", "罚款金额", "行政处罚决定日期", "违法事实")
KINDS = ("volume_up", "volume_down", "null_share", "duplicates_in_file", "mean_shift", "region")
Row = tuple[str, str, str, str, str, str]


class Sender:
    """A department that sends much the same every week, and once something else."""

    def __init__(self, bureau: Bureau, seed: int) -> None:
        self.bureau, self.random, self.sent = bureau, random.Random(seed), 0

    def rows(self, count: int, region: str = "990100") -> list[Row]:
        return [self._row(region) for _ in range(count)]

    def _row(self, region: str) -> Row:
        self.sent += 1
        number = f"云罚{self.sent}号"
        fine = f"{self.random.lognormvariate(8, 1):.2f}"
        firm = uscc.compose("91", region, f"MA{self.sent:06d}")
        return (f"云州{self.sent}厂", firm, number, fine, "2026-03-01", "虚构事实")

    def usual(self) -> list[Row]:
        return self.rows(self.random.randint(50, 70))

    def poisoned(self, kind: str) -> list[Row]:
        rows = self.usual()
        match kind:
            case "volume_up":
                return rows + self.rows(self.random.randint(60, 200))
            case "volume_down":
                return rows[: self.random.randint(1, 20)]
            case "null_share":
                return [(*row[:5], "") for row in rows]
            case "duplicates_in_file":
                return rows + rows[: self.random.randint(25, 30)]
            case "mean_shift":
                times = self.random.choice([0.0001, 0.1, 10, 10_000])
                return [(*row[:3], f"{float(row[3]) * times:.2f}", *row[4:]) for row in rows]
            case "outside_remit":  # too few for what was learned to tell
                return rows[:50] + self.rows(8, "110100")
        return rows[:30] + self.rows(self.random.randint(25, 30), "110100")

    def writes(self, rows: list[Row]) -> Path:
        return self.bureau.writes(HEADER, rows)


@pytest.fixture
def sender(bureau: Bureau) -> Sender:
    made = Sender(bureau, seed=7)
    for _ in range(4):
        bureau.submits(made.writes(made.usual()), PENALTY)
    return made


def held(sender: Sender, kind: str) -> Held:
    with pytest.raises(Held) as found:
        sender.bureau.submits(sender.writes(sender.poisoned(kind)), PENALTY)
    return found.value


def bounded(provider: str, *kinds: str) -> None:
    """Declare that a provider speaks of the invented city's firms alone."""
    remit = providers.remit(["990100"], kinds)
    providers.declare(provider, remit, actor=SECOND, as_of=NOW)


def test_it_holds_thirty_poisoned_batches_and_keeps_nothing_of_them(sender: Sender) -> None:
    stored = Record.objects.count()
    for kind in KINDS * 5:
        found = held(sender, kind)
        wanted = "volume" if kind.startswith("volume") else kind
        assert wanted in {finding["rule"] for finding in found.findings}, (kind, found.findings)
    bounded(PROVIDER)
    assert {finding["rule"] for finding in held(sender, "outside_remit").findings} == {"outside_remit"}
    assert Batch.objects.filter(status=Status.HELD).count() == len(holding.waiting()) == 31
    assert Record.objects.count() == stored
    assert not Outcome.objects.filter(batch__status=Status.HELD).exists()
    assert subjects.find(uscc.compose("91", "990100", f"MA{sender.sent:06d}")) is None


@pytest.mark.parametrize("seed", range(3))
def test_it_lets_ordinary_batches_pass(bureau: Bureau, seed: int) -> None:
    sender = Sender(bureau, seed)
    for _ in range(12):
        bureau.submits(sender.writes(sender.usual()), PENALTY)
    assert not holding.waiting()


def test_it_counts_every_row_of_a_released_batch(sender: Sender) -> None:
    found = held(sender, "duplicates_in_file")
    receipt = holding.release(found.batch, actor=SECOND, as_of=sender.bureau.today)
    batch = Batch.objects.get(pk=found.batch)
    assert receipt.counts.read == batch.read == receipt.counts.accepted + receipt.counts.duplicate
    assert (batch.status, batch.released_by) == (Status.FILED, str(SECOND))
    assert Record.objects.filter(batch_id=found.batch).count() == receipt.counts.accepted
    assert not spool.path_of(found.batch).exists()
    kinds = Entry.objects.filter(body__contains=str(found.batch)).values_list("kind", flat=True)
    assert {"batch.received", "batch.held", "batch.released", "batch.filed"} <= set(kinds)


def test_whoever_handed_it_in_may_not_release_it(sender: Sender) -> None:
    found = held(sender, "mean_shift")
    same = Actor(CLERK.kind, CLERK.id, "operator")
    stranger = Actor(ActorKind.ACCOUNT, "x", "provider:customs")
    for actor, code in ((same, "second_person_needed"), (stranger, "not_the_operator")):
        with pytest.raises(Refused) as refused:
            holding.release(found.batch, actor=actor, as_of=sender.bureau.today)
        assert refused.value.code == code
    assert batches.get(found.batch).status is Status.HELD


def test_a_refused_batch_is_over_and_may_come_again(sender: Sender) -> None:
    found = held(sender, "null_share")
    holding.refuse(found.batch, reason="列错位", actor=SECOND, as_of=sender.bureau.today)
    card = batches.get(found.batch)
    assert card.status is Status.REFUSED
    assert card.refusal is not None
    assert "列错位" in str(card.refusal["what"])
    with pytest.raises(NotHeld):
        holding.release(found.batch, actor=SECOND, as_of=sender.bureau.today)


def test_a_held_batch_keeps_its_file_and_is_one_batch_however_often_it_comes(sender: Sender) -> None:
    path = sender.writes(sender.poisoned("mean_shift"))
    ids = set()
    for _ in range(2):
        with pytest.raises(Held) as found:
            sender.bureau.submits(path, PENALTY)
        ids.add(found.value.batch)
    assert len(ids) == 1
    sweeping.sweep(now=(sender.bureau.today + timedelta(days=900)).timestamp())
    assert spool.path_of(ids.pop()).exists()


def test_a_release_that_was_killed_before_filing_is_filed_by_the_next_worker(sender: Sender) -> None:
    found = held(sender, "region")
    holding.approve(found.batch, actor=SECOND, as_of=sender.bureau.today)
    (card,) = batches.resume_unfinished(as_of=sender.bureau.today)
    assert (card.id, card.status) == (found.batch, Status.FILED)


def test_a_rehearsal_says_that_the_batch_would_wait(sender: Sender) -> None:
    path = sender.writes(sender.poisoned("mean_shift"))
    receipt = sender.bureau.submits(path, PENALTY, dry_run=True)
    assert any("待复核" in warning for warning in receipt.warnings)
    assert not holding.waiting()
