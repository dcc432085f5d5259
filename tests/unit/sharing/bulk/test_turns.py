"""One turn of the refresh: rows by the ordinary way, endings, freshness, and who may be asked at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from rongxin.journal import verification
from rongxin.records.models import Record
from rongxin.sharing import call_register
from rongxin.sharing.aggregation import withdrawal
from rongxin.sharing.bulk import agreements, freshness
from rongxin.sharing.bulk.models import BulkTurn
from rongxin.sharing.bulk.rules import Seen
from rongxin.sharing.bulk.turns import Ended
from rongxin.sharing.models import Batch, Call
from rongxin.sharing.quality import counts
from rongxin.sharing.rules import Status
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.sharing.bulk import stage
from tests.unit.sharing.bulk.stage import FIRST, ITEM, Town
from tests.unit.sharing.conftest import code

pytestmark = pytest.mark.django_db(transaction=True)


def _seen(town: Town) -> dict[int, Seen]:
    found = freshness.seen(ITEM, list(town.firms.values()), as_of=town.now)
    return {firm: found[id] for firm, id in town.firms.items()}


def test_a_turn_files_what_the_provider_holds_with_receipt_calls_and_journal(town: Town) -> None:
    town.listed(1)
    done = town.turn(stage.agree().id)
    assert done is not None
    assert (done.ended, done.asked, done.answered, done.rows) == (Ended.FILED, 3, 3, 1)
    batch = Batch.objects.get(item=ITEM)
    assert (batch.status, batch.accepted, batch.rejected, batch.provider_id) == ("filed", 1, 0, done.provider)
    assert town.live() == {1: 1}
    assert Record.objects.get(item=ITEM).payload["abnormal_operations_listed_on"] == "2026-02-01"
    assert {kept.availability for kept in call_register.of(done.id)} == {"records", "no_record"}
    assert all(kept.exchange.receipt for kept in call_register.of(done.id))
    assert verification.verify().ok


def test_never_asked_is_missing_and_asked_without_a_record_is_observed_none(
    open_town: Callable[..., Town],
) -> None:
    town = open_town(4)
    town.listed(1)
    card = stage.agree(calls_per_minute=2)
    assert set(_seen(town).values()) == {Seen.MISSING}
    town.turn(card.id)
    missing, none = Seen.MISSING, Seen.OBSERVED_NONE
    assert _seen(town) == {1: Seen.OBSERVED, 2: none, 3: missing, 4: missing}
    town.passes(days=9)  # the interval is over, and nobody asked again
    assert set(_seen(town).values()) == {missing}


def test_a_record_that_is_gone_at_the_provider_ends_and_may_come_back(town: Town) -> None:
    town.listed(1, 2)
    card = stage.agree()
    town.turn(card.id)
    town.delisted(1)
    town.passes(days=7)
    done = town.turn(card.id)
    assert done is not None
    assert (done.ended, done.rows, done.rows_ended) == (Ended.FILED, 1, 1)
    assert town.live() == {2: 1}
    gone = Record.objects.get(item=ITEM, subject_id=town.firms[1])
    assert (gone.ended_why, gone.ended_by) == ("not_in_source", f"bulk:{done.id}")
    town.listed(1)
    town.passes(days=7)
    town.turn(card.id)
    assert town.live() == {1: 1, 2: 1}


def test_an_emptied_table_ends_nothing_until_somebody_has_looked(open_town: Callable[..., Town]) -> None:
    town = open_town(8)
    town.listed(*range(1, 9))
    card = stage.agree()
    town.turn(card.id)
    town.delisted(*range(1, 9))
    town.passes(days=7)
    done = town.turn(card.id)
    assert done is not None
    assert (done.ended, done.rows_ended, len(town.live())) == (Ended.SUSPICIOUS, 0, 8)
    town.passes(minutes=11)
    done = town.turn(card.id, accept_endings=True)
    assert done is not None
    assert (done.ended, done.rows_ended, town.live()) == (Ended.FILED, 8, {})


def test_both_sides_have_to_agree(open_town: Callable[..., Town]) -> None:
    town = open_town(3, bulk={})
    town.listed(1)
    done = town.turn(stage.agree().id)
    assert done is not None
    assert (done.ended, done.answered, town.live()) == (Ended.UNWILLING, 0, {})
    assert set(_seen(town).values()) == {Seen.MISSING}
    assert {call.reason for call in Call.objects.all()} == {"bulk_not_agreed"}
    town.passes(minutes=5)
    assert town.turn(agreements.every()[0].id) is None  # it rests


def test_an_ended_agreement_stops_at_once_even_a_turn_under_way(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.listed(1)
    card = stage.agree()
    original = town.way.ask

    def ends_meanwhile(asked: Any) -> Any:
        if not agreements.get(card.id).ended_on:
            agreements.end(card.id, reason="函告终止", actor=FIRST, as_of=town.now)
        connection.close()  # this is a thread of its own
        return original(asked)

    monkeypatch.setattr("rongxin.sharing.bulk.asking._SIDE_BY_SIDE", 1)
    monkeypatch.setattr(town.way, "ask", ends_meanwhile)
    done = town.turn(card.id)
    assert done is not None
    assert (done.ended, town.live(), set(_seen(town).values())) == (Ended.OVER, {}, {Seen.MISSING})
    assert Call.objects.count() == 3  # what was asked stays on record
    town.passes(days=1)
    assert town.turn(card.id) is None


def test_a_silent_provider_costs_nobody_its_last_answer(town: Town) -> None:
    town.listed(1)
    card = stage.agree()
    town.turn(card.id)
    town.passes(days=7)
    town.way.away = True
    done = town.turn(card.id)
    assert done is not None
    assert (done.ended, town.live()) == (Ended.SILENT, {1: 1})
    assert _seen(town)[1] is Seen.OBSERVED  # still within the interval
    town.passes(days=2)
    assert _seen(town)[1] is Seen.MISSING  # and no "none"


def test_a_withdrawn_batch_of_answers_leaves_its_subjects_missing(town: Town) -> None:
    town.listed(1)
    card = stage.agree()
    done = town.turn(card.id)
    assert done is not None
    batch = BulkTurn.objects.get(pk=done.id).batch_id
    withdrawal.withdraw(batch, actor=SYSTEM, as_of=town.now + timedelta(minutes=1))
    assert Batch.objects.get(pk=batch).status == Status.WITHDRAWN
    assert town.live() == {}
    assert set(_seen(town).values()) == {Seen.MISSING}
    town.passes(minutes=20)
    assert town.turn(card.id) is not None
    assert (town.live(), _seen(town)[1]) == ({1: 1}, Seen.OBSERVED)


def test_answers_count_as_no_delivery_in_the_quality_sheet(town: Town) -> None:
    town.listed(1)
    assert town.turn(stage.agree().id) is not None
    assert counts.figures(first="2026-04", last="2026-04") == {}


def test_the_subject_is_told_by_its_code(town: Town) -> None:
    town.turn(stage.agree().id)
    assert town.way.asked == [code(1), code(2), code(3)]
