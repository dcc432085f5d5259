"""What a withdrawn or repaired answer leaves behind: nothing to be believed, nobody asked for ever."""

from __future__ import annotations

import pytest

from rongxin.records import filing
from rongxin.records.models import Record
from rongxin.records.rules import EndedWhy
from rongxin.sharing.aggregation import withdrawal
from rongxin.sharing.bulk import freshness
from rongxin.sharing.bulk.models import BulkFreshness, BulkTurn
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.sharing.bulk import stage
from tests.unit.sharing.bulk.stage import ITEM, Town

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_repaired_record_is_no_fault_of_the_answer(town: Town) -> None:
    town.listed(1)
    card = stage.agree()
    town.turn(card.id)
    row = Record.objects.get(item=ITEM)
    repaired = {"subject_id": row.subject_id, "ended_by": "objection:1", "actor": SYSTEM}
    filing.end([row.id], EndedWhy.REPAIRED, as_of=town.now, **repaired)
    for _ in range(3):
        town.passes(days=7)
        town.turn(card.id)
    assert BulkFreshness.objects.get(subject_id=row.subject_id).availability != "partial"
    town.passes(minutes=15)
    assert town.turn(card.id) is None


def test_a_withdrawn_answer_that_a_later_turn_confirmed_is_not_believed(town: Town) -> None:
    town.listed(1)
    card = stage.agree()
    first = town.turn(card.id)
    town.passes(days=7)
    town.turn(card.id)
    town.passes(minutes=1)
    withdrawal.withdraw(BulkTurn.objects.get(pk=first.id).batch_id, actor=SYSTEM, as_of=town.now)
    assert town.live() == {}
    assert freshness.kept(town.firms[1], [ITEM], own=False, as_of=town.now) == {}
