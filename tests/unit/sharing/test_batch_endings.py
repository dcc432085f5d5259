"""The operator ends or withdraws a batch: two persons, exactly as foreseen; all that is derived follows."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError

from rongxin.delivery.webhooks import rules as webhooks
from rongxin.journal.models import Entry
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Window
from rongxin.parties.errors import NotAllowed
from rongxin.parties.rules.membership import Role
from rongxin.records.models import Record
from rongxin.sharing.aggregation import batches, row_changes, withdrawal
from rongxin.sharing.batch_endings import proposals
from rongxin.sharing.batch_endings.models import BatchProposal
from rongxin.sharing.batch_endings.rules import Foreseen, Measure, State
from rongxin.sharing.errors import NotFiled, ProposalOver, Refused
from rongxin.sharing.models import RowChange
from rongxin.sharing.rules import Status
from rongxin.vocabulary.actor import Actor
from tests.unit.consent import stage

from .conftest import CLERK, Bureau
from .test_desk_races import _at_once as at_once
from .test_row_changes import ITEM, Store

pytestmark = pytest.mark.django_db(transaction=True)
WITHDRAW, END = (Measure.WITHDRAW, ""), (Measure.END, "over")
GROUND = "云市监函〔2026〕12号"
Way = tuple[Measure, str]


@pytest.fixture
def store(bureau: Bureau, penalties: Callable[..., Path]) -> Store:
    return Store(bureau, penalties)


@pytest.fixture
def people() -> tuple[Actor, Actor]:
    first, second = stage.operators(2, Role.CHECKER)
    return first, second


def foresees(store: Store, batch: UUID, way: Way, actor: Actor) -> Foreseen:
    return proposals.foresee(batch, way[0], why=way[1], actor=actor, as_of=store.later())


def proposes(store: Store, batch: UUID, way: Way, actor: Actor) -> proposals.Card:
    seen = foresees(store, batch, way, actor).mark
    given: dict[str, Any] = {"why": way[1], "ground": GROUND, "seen": seen}
    return proposals.propose(batch, way[0], **given, actor=actor, as_of=store.later())


def confirms(store: Store, card: proposals.Card, actor: Actor) -> proposals.Card:
    return proposals.confirm(card.id, seen=card.foreseen.mark, actor=actor, as_of=store.later())


def standing() -> dict[int, int]:
    return dict(Record.objects.filter(ended_at=None).values_list("id", "subject_id"))


def test_a_batch_withdrawn_by_two_persons_is_as_if_it_had_never_come(
    store: Store, people: tuple[Actor, Actor]
) -> None:
    store.files((1, "一号", "100"), (2, "二号", "200"))
    before = store.shows()
    batch = store.files((1, "一号", "150"), (3, "三号", "300"))
    store.corrects(batch, {"罚款金额": "310"}, line=3)
    came = store.shows()
    card = proposes(store, batch, WITHDRAW, people[0])
    assert card.foreseen == Foreseen(ends=2, returns=1, subjects=2, corrections=1)
    assert (store.shows(), batches.get(batch).status) == (came, Status.FILED), "a proposal touched the store"
    assert confirms(store, card, people[1]).state is State.CARRIED_OUT
    assert (store.shows(), batches.get(batch).status) == (before, Status.WITHDRAWN)


def test_a_batch_ended_by_two_persons_stays_away_as_by_the_command(
    store: Store, people: tuple[Actor, Actor]
) -> None:
    kept = store.files((2, "二号", "200"))
    batch, rows = None, ((1, "一号", "100"), (3, "三号", "300"))
    batch = store.files(*rows)
    card = proposes(store, batch, END, people[0])
    assert card.foreseen == Foreseen(ends=2, returns=0, subjects=2, corrections=0)
    confirms(store, card, people[1])
    report, lake, leaving = store.shows()
    assert ([row[2] for row in report], len(lake), len(leaving)) == ([kept], 1, 1)
    assert set(Record.objects.filter(batch_id=batch).values_list("ended_why", flat=True)) == {
        "publication_ended"
    }
    assert {one["reason"] for one in row_changes.of_batch(batch)} == {GROUND}
    again = store.bureau.submits(store.penalties(*rows, (2, "四号", "1")), ITEM)
    assert (again.counts.accepted, len(store.report())) == (1, 2), (
        "a later export brought back what has ended"
    )


@pytest.mark.parametrize("seed", range(4))
def test_what_is_foreseen_is_what_happens_row_for_row(
    store: Store, people: tuple[Actor, Actor], seed: int
) -> None:
    draw = random.Random(seed)
    filed: list[UUID] = []
    for number in range(6):
        keys = draw.sample([(firm, f"{key}号") for firm in (1, 2, 3) for key in "一二三"], 3)
        filed.append(store.files(*((firm, key, f"{number + 1}{firm}") for firm, key in keys)))
        if draw.random() < 0.5:
            store.corrects(filed[-1], {"罚款金额": f"9{number}"}, line=draw.choice([2, 3, 4]))
    for batch in draw.sample(filed, 3):
        way, before = draw.choice([WITHDRAW, END]), standing()
        try:
            card = proposes(store, batch, way, people[0])
        except Refused:  # nothing of it stands, to be ended
            assert not Record.objects.filter(batch_id=batch, ended_at=None).exists()
            continue
        assert standing() == before
        confirms(store, card, people[1])
        after = standing()
        gone, come = before.keys() - after.keys(), after.keys() - before.keys()
        whose = {before[one] for one in gone} | {after[one] for one in come}
        found = card.foreseen
        assert (found.ends, found.returns, found.subjects) == (len(gone), len(come), len(whose))
    store.shows()


def test_nobody_confirms_or_declines_what_they_proposed_in_whatever_role(
    store: Store, people: tuple[Actor, Actor]
) -> None:
    batch = store.files((1, "一号", "100"))
    card, came = proposes(store, batch, WITHDRAW, people[0]), store.shows()
    same = Actor(people[0].kind, people[0].id, "operator:other")
    for act in (
        partial(proposals.confirm, seen=card.foreseen.mark),
        partial(proposals.decline, reason="无"),
    ):
        with pytest.raises(NotAllowed):
            act(card.id, actor=same, as_of=store.later())
    with pytest.raises(NotAllowed):
        proposals.take_back(card.id, reason="无", actor=people[1], as_of=store.later())
    with pytest.raises(NotAllowed):
        foresees(store, batch, WITHDRAW, CLERK)
    assert (proposals.get(card.id).state, store.shows()) == (State.PROPOSED, came)
    row = BatchProposal.objects.filter(pk=card.id)
    with pytest.raises(IntegrityError):
        row.update(state="carried_out", decided_by=card.proposed_by, decided_at=store.later())


@pytest.mark.parametrize("way", [WITHDRAW, END])
def test_what_is_refused_or_taken_back_leaves_nothing_but_its_entry(
    store: Store, people: tuple[Actor, Actor], way: Way
) -> None:
    batch = store.files((1, "一号", "100"))
    came = store.shows()
    declined = proposes(store, batch, way, people[0])
    over = proposals.decline(declined.id, reason="与来函不符", actor=people[1], as_of=store.later())
    assert (over.state, over.decided_why) == (State.DECLINED, "与来函不符")
    back = proposes(store, batch, way, people[0])
    proposals.take_back(back.id, reason="写错了文号", actor=people[0], as_of=store.later())
    for card in (declined, back):
        with pytest.raises(ProposalOver):
            confirms(store, card, people[1])
    assert (store.shows(), batches.get(batch).status) == (came, Status.FILED)
    assert not RowChange.objects.exists()
    entries = Entry.objects.filter(kind=Kind.BATCH_PROPOSAL_CHANGED).order_by("id")
    changes = [
        webhooks.told(Kind.BATCH_PROPOSAL_CHANGED, json.loads(entry.body)["refs"]) for entry in entries
    ]
    told = sorted(one.type for one in changes if one)
    assert told == ["batch.ending_decided"] * 2 + ["batch.ending_proposed"] * 2, "its provider is told"
    assert [one.state for one in proposals.part_of(Window(9), state=State.DECLINED).rows] == [State.DECLINED]


def test_of_two_who_confirm_at_once_one_does(store: Store, people: tuple[Actor, Actor]) -> None:
    batch = store.files((1, "一号", "100"), (2, "二号", "200"))
    card, (third,) = proposes(store, batch, WITHDRAW, people[0]), stage.operators(1, Role.CHECKER)
    now = store.later()
    acts = [
        partial(proposals.confirm, card.id, seen=card.foreseen.mark, actor=actor, as_of=now)
        for actor in (people[1], third)
    ]
    done, failed = at_once(acts)
    assert (len(done), [type(one) for one in failed]) == (1, [ProposalOver])
    assert standing() == {}
    assert Entry.objects.filter(kind=Kind.BATCH_WITHDRAWN).count() == 1


def test_one_proposal_at_a_time_waits_for_a_batch_and_says_its_ground(
    store: Store, people: tuple[Actor, Actor]
) -> None:
    batch = store.files((1, "一号", "100"))
    seen = foresees(store, batch, WITHDRAW, people[0]).mark
    given: dict[str, Any] = {"why": "", "actor": people[0], "as_of": store.later()}
    for ground, mark, code in ((" ", seen, "ground_missing"), (GROUND, "9-9-9-9", "foreseen_otherwise")):
        with pytest.raises(Refused) as refused:
            proposals.propose(batch, Measure.WITHDRAW, ground=ground, seen=mark, **given)
        assert refused.value.code == code
    proposes(store, batch, WITHDRAW, people[0])
    with pytest.raises(Refused) as refused:
        proposes(store, batch, END, people[1])
    assert refused.value.code == "proposal_open"
    assert proposals.waiting() == 1


def test_what_has_changed_since_is_looked_at_again_before_anything_is_done(
    store: Store, people: tuple[Actor, Actor]
) -> None:
    batch = store.files((1, "一号", "100"), (2, "二号", "200"))
    card = proposes(store, batch, END, people[0])
    store.files((1, "一号", "150"))
    came = store.shows()
    with pytest.raises(Refused) as refused:
        confirms(store, card, people[1])
    assert (refused.value.code, store.shows()) == ("foreseen_otherwise", came)
    assert not RowChange.objects.exists()
    again = proposals.get(card.id)
    assert (again.state, again.foreseen.ends) == (State.PROPOSED, 1)
    with pytest.raises(Refused):
        confirms(store, card, people[1])  # what was shown before
    assert confirms(store, again, people[1]).state is State.CARRIED_OUT
    assert [row[1] for row in store.set_path()] == ["150"]


def test_a_proposal_lapses_once_the_provider_has_done_it_itself(
    store: Store, people: tuple[Actor, Actor]
) -> None:
    withdrawn, ended = store.files((1, "一号", "100")), store.files((2, "二号", "200"))
    first = proposes(store, withdrawn, WITHDRAW, people[0])
    second = proposes(store, ended, END, people[0])
    assert proposals.lapse(as_of=store.later()) == 0
    withdrawal.withdraw(withdrawn, actor=CLERK, as_of=store.later())
    row_changes.end_batch(ended, why="removed", reason="移出", actor=CLERK, as_of=store.later())
    with pytest.raises(ProposalOver):
        confirms(store, first, people[1])
    assert proposals.get(first.id).state is State.LAPSED
    assert proposals.lapse(as_of=store.later()) == 1
    assert proposals.get(second.id).state is State.LAPSED
    with pytest.raises(NotFiled):
        foresees(store, withdrawn, WITHDRAW, people[0])
