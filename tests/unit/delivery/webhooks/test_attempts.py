"""Attempts over three days by a clock that the test sets: waits, dead letters, replay, switching off."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from pydantic import ValidationError

from rongxin.delivery.webhooks import attempts, endpoints, messages, rules
from rongxin.delivery.webhooks.errors import NotPossible, UnknownWebhook
from rongxin.delivery.webhooks.models import Message
from rongxin.delivery.webhooks.rules import Outcome, Result, State
from rongxin.journal import sequencer
from tests.unit.delivery.webhooks import receiver as receivers
from tests.unit.delivery.webhooks import stage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def a_demo(settings):
    settings.RONGXIN_WEBHOOK_LOOPBACK = True


@pytest.fixture
def there():
    with receivers.listening() as receiver:
        yield receiver


@pytest.fixture
def played():
    return stage.Played()


@pytest.fixture
def bank(there, played):
    webhook = stage.register(there).card.id
    played.go()
    return webhook


def failing(status=500, **headers):
    return lambda handler, got: receivers.reply(handler, status, **headers)


def _follow(played, until: timedelta) -> None:
    """Go from one due time to the next, as a worker that never sleeps."""
    end = played.clock.now + until
    while (row := Message.objects.filter(state="waiting").order_by("next_at").first()) and row.next_at <= end:
        played.clock.now = row.next_at
        played.go()
    played.clock.now = end


def test_it_tries_for_three_days_under_one_id_and_then_keeps_a_dead_letter(there, bank, played):
    there.answer = failing()
    began = played.clock.now
    (entry,) = stage.happen()
    # Left on: by the parameter the endpoint would be off after 68 hours, before the last attempt.
    played.policy = stage.IMPATIENT.model_copy(update={"disable_after_hours": 1000})
    played.go()
    _follow(played, timedelta(days=5))
    row = Message.objects.get(entry=entry)
    assert (row.state, row.failures, row.last_result, row.last_status) == ("dead", 10, "answered", 500)
    assert timedelta(hours=72) * 0.9 < row.ended_at - began < timedelta(hours=84)
    assert len(there.news) == 10
    assert {one.id for one in there.news} == {rules.public_id(row.id)}
    sent = [int(one.headers["webhook-timestamp"]) for one in there.news]
    for waited, meant in zip((b - a for a, b in pairwise(sent)), stage.POLICY.retry_seconds, strict=True):
        assert meant * 0.9 - 1 <= waited <= meant * 1.1 + 1
    assert len({one.headers["webhook-signature"] for one in there.news}) == 10
    listed, _ = messages.dead()
    assert [one["message"] for one in listed] == [rules.public_id(row.id)]


def test_the_waits_of_many_are_spread_and_repeatable():
    ids = [rules.message_id(UUID(int=1), UUID(int=number)) for number in range(500)]
    waits = [rules.retry_after((300,), 0.1, one, 1, None) for one in ids]
    assert waits == [rules.retry_after((300,), 0.1, one, 1, None) for one in ids]
    seconds = sorted(wait.total_seconds() for wait in waits if wait)
    assert 270 <= seconds[0] < 275
    assert 325 < seconds[-1] <= 330


def test_whoever_failed_all_attempts_is_off_however_the_waits_are_spread():
    policy = stage.POLICY
    with pytest.raises(ValidationError, match=r"more than the 68\.0 hours"):
        policy.__class__(**policy.model_dump() | {"disable_after_hours": 68.1})


def test_a_lease_that_no_attempt_fits_in_is_no_policy():
    policy = stage.POLICY
    with pytest.raises(ValidationError, match="leaves no time for an attempt"):
        policy.__class__(**policy.model_dump() | {"lease_seconds": 2 * policy.timeout_seconds - 1})


def test_it_waits_as_long_as_the_receiver_asks(there, bank, played):
    there.answer = failing(503, Retry_After="7200")
    stage.happen()
    played.go()
    row = Message.objects.get(state="waiting")
    assert row.next_at == played.clock.now + timedelta(hours=2)
    there.answer = receivers.repeat
    played.go(hours=1)
    assert len(there.news) == 1
    played.go(hours=1)
    assert Message.objects.get(pk=row.pk).state == "delivered"


def test_a_receiver_that_is_gone_is_told_nothing_more(there, bank, played):
    there.answer = failing(410)
    stage.happen()
    played.go()
    card = endpoints.get(bank, party=stage.BANK.party)
    assert (card.state, card.state_why) == (State.DISABLED, "gone")
    stage.happen(count=2)
    played.go(days=1)
    assert len(there.news) == 1
    results = Counter(Message.objects.filter(state="dead").values_list("last_result", flat=True))
    assert results == {"gone": 1, "endpoint_off": 2}


def test_after_three_days_of_failures_it_is_off_and_the_party_is_told(there, bank, played):
    with receivers.listening() as second:
        stage.register(second, "webhook.disabled", as_of=played.clock.now)
        played.go()
        there.answer = failing()
        stage.happen()
        played.go()
        _follow(played, timedelta(hours=67))
        assert endpoints.get(bank, party=stage.BANK.party).state is State.ACTIVE
        _follow(played, timedelta(hours=18))
        played.go()
        card = endpoints.get(bank, party=stage.BANK.party)
        assert (card.state, card.state_why) == (State.DISABLED, "failing")
        assert [one.document["data"] for one in second.news] == [{"webhook": str(bank), "why": "failing"}]
        assert not any(one.document["type"] == "webhook.disabled" for one in there.got)


def test_one_success_between_begins_the_three_days_anew(there, bank, played):
    for _ in range(4):
        there.answer = failing()
        stage.happen()
        played.go()
        assert endpoints.get(bank, party=stage.BANK.party).failing_since is not None
        there.answer = receivers.repeat
        played.go(days=1)
    card = endpoints.get(bank, party=stage.BANK.party)
    assert (card.state, card.failing_since) == (State.ACTIVE, None)


def test_what_came_while_it_was_off_comes_by_replay_under_its_own_id(there, bank, played):
    there.answer = failing(410)
    stage.happen()
    played.go()
    missed = stage.happen(count=3)
    played.go()
    with pytest.raises(NotPossible):
        messages.replay(bank, since=played.clock.now, actor=stage.BANK, as_of=played.clock.now)
    there.answer = receivers.repeat
    there.got.clear()
    endpoints.verify(bank, actor=stage.BANK, as_of=played.clock.now)
    played.go()
    assert messages.replay(bank, since=stage.stage.NOW, actor=stage.BANK, as_of=played.clock.now) == 4
    played.go()
    got = [one.id for one in there.news]
    assert len(got) == 4
    assert {rules.public_id(rules.message_id(bank, entry)) for entry in missed} < set(got)
    one = {"message": got[0], "actor": stage.BANK, "as_of": played.clock.now}
    assert messages.replay(bank, **one) == 1
    assert messages.replay(bank, **one) == 0  # it waits already
    played.go()
    assert Counter(one.id for one in there.news)[got[0]] == 2
    with pytest.raises(UnknownWebhook):
        messages.replay(bank, **(one | {"actor": stage.OTHER}))


def test_who_lost_its_lease_can_not_undo_what_came_after(bank, played):
    stage.happen()
    now = played.clock.now
    sequencer.integrate()
    messages.fan_out(as_of=now)
    given = {"each": 5, "busy": {}, "policy": stage.POLICY}
    (slow,) = attempts.claim(5, as_of=now, **given)
    assert attempts.claim(5, as_of=now, **given) == []
    later = now + timedelta(seconds=stage.POLICY.lease_seconds)
    (quick,) = attempts.claim(5, as_of=later, **given)
    assert quick.id == slow.id
    attempts.settle([(slow, Outcome(Result.TIMED_OUT))], policy=stage.POLICY, as_of=later)
    assert Message.objects.get(pk=slow.number).failures == 0
    attempts.settle([(quick, Outcome(Result.ACCEPTED, 200))], policy=stage.POLICY, as_of=later)
    attempts.settle([(slow, Outcome(Result.ANSWERED, 500))], policy=stage.POLICY, as_of=later)
    assert Message.objects.get(pk=slow.number).state == "delivered"


def test_an_old_challenge_does_not_open_a_url_that_came_after_it(there, played):
    """The answer to the first URL's challenge comes when the endpoint has moved on: it proves nothing."""
    webhook, now = stage.register(there).card.id, played.clock.now
    given = {"each": 5, "busy": {}, "policy": stage.POLICY}
    (stale,) = attempts.claim(5, as_of=now, **given)
    endpoints.change(webhook, url="http://127.0.0.1:9/elsewhere", actor=stage.BANK, as_of=now)
    attempts.settle([(stale, Outcome(Result.ACCEPTED, 200))], policy=stage.POLICY, as_of=now)
    assert endpoints.get(webhook, party=stage.BANK.party).state is State.PENDING
    (fresh,) = attempts.claim(5, as_of=now, **given)
    attempts.settle([(fresh, Outcome(Result.ACCEPTED, 200))], policy=stage.POLICY, as_of=now)
    assert endpoints.get(webhook, party=stage.BANK.party).state is State.ACTIVE


def test_what_an_old_url_says_is_not_held_against_the_new_one(there, bank, played):
    stage.happen()
    now = played.clock.now
    sequencer.integrate()
    messages.fan_out(as_of=now)
    (stale,) = attempts.claim(5, each=5, busy={}, policy=stage.POLICY, as_of=now)
    with receivers.listening() as second:
        endpoints.change(bank, url=second.url, actor=stage.BANK, as_of=now)
        played.go()
        attempts.settle([(stale, Outcome(Result.GONE, 410))], policy=stage.POLICY, as_of=now)
    assert endpoints.get(bank, party=stage.BANK.party).state is State.ACTIVE


def test_a_receiver_that_hangs_keeps_nobody_else_waiting(there, bank, played):
    """Its share of the attempts hangs, half of them; the other endpoint's messages go at once by the rest."""
    with receivers.listening() as second:
        stage.register(second, actor=stage.OTHER)
        played.go()
        there.answer = lambda handler, got: time.sleep(3.0)
        stage.happen(count=50)
        stage.happen(count=20, institution="bank_b", case="case-2")
        sequencer.integrate()
        share = {"at_once_per_endpoint": 4, "timeout_seconds": 3.0}
        given = stage.IMPATIENT.model_copy(update=share)
        courier = stage.Courier(given=given, way=stage.plainly, clock=played.clock, at_once=8)
        began = time.monotonic()
        while len(second.news) < 20 and time.monotonic() - began < 20:
            courier.turn()
            courier.rest(stage._never())
        assert len(second.news) == 20
        assert len(there.news) == 4
        courier.finish()
