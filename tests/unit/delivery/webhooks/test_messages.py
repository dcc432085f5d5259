"""From the journal to the receiver: who is told what, and that nothing is lost or told to another (P9)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta

import pytest
from django.db import connection, transaction

from rongxin.consent import grants
from rongxin.delivery.webhooks import endpoints, messages, rules
from rongxin.delivery.webhooks.models import Message, Webhook
from rongxin.governance.watching import incidents
from rongxin.governance.watching.rules import Figure, Finding, Rule
from rongxin.journal import keyring, sequencer
from rongxin.journal.rules import Kind
from rongxin.parties import institutions
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage as consents
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
def other():
    with receivers.listening() as receiver:
        yield receiver


@pytest.fixture
def played():
    return stage.Played()


@pytest.fixture
def bank(there, played):
    """The bank's endpoint, verified."""
    issued = stage.register(there)
    played.go()
    assert endpoints.get(issued.card.id, party=stage.BANK.party).state is rules.State.ACTIVE
    return issued


def _signed_by(got: receivers.Got, secret: str) -> bool:
    """Check the signature by the convention's words, apart from the code that made it."""
    signed = f"{got.id}.{got.headers['webhook-timestamp']}.".encode() + got.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mine = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{mine}" in got.headers["webhook-signature"].split(" ")


def test_an_endpoint_is_told_nothing_before_it_has_proven_itself(there, played):
    there.answer = lambda handler, got: receivers.reply(handler, 200, b"welcome")
    webhook = stage.register(there).card.id
    stage.happen()
    played.go()
    assert [one.document["type"] for one in there.got] == ["webhook.verification"]
    assert Message.objects.get().last_result == "challenge_unmet"
    there.answer = receivers.repeat
    played.go(seconds=10)
    stage.happen()
    played.go()
    assert endpoints.get(webhook, party=stage.BANK.party).state is rules.State.ACTIVE
    assert [one.document["type"] for one in there.got][2:] == ["consent.withdrawn"]  # the old news stays old


def test_a_worker_that_is_behind_tells_no_endpoint_of_what_was_before_it(there):
    webhook = stage.register(there).card.id
    stage.happen(count=3)
    sequencer.integrate()
    with transaction.atomic():
        endpoints.activate(webhook, as_of=consents.NOW)
    stage.happen(count=2)
    sequencer.integrate()
    assert messages.fan_out(as_of=consents.NOW) == 2


def test_a_message_names_ids_alone_and_is_signed_twice(there, bank, played):
    (entry,) = stage.happen()
    played.go()
    (got,) = there.news
    assert got.id == rules.public_id(rules.message_id(bank.card.id, entry))
    assert got.document == {
        "type": "consent.withdrawn",
        "timestamp": "2026-03-02T02:00:00.000000Z",
        "data": {"consent": "consent-0", "case": "case-1", "why": "withdraw"},
    }
    assert _signed_by(got, bank.secret)
    own = next(one for one in got.headers["webhook-signature"].split(" ") if one.startswith("v1a,"))
    signed = f"{got.id}.{got.headers['webhook-timestamp']}.".encode() + got.body
    assert keyring.node_key().public.verify(signed, base64.b64decode(own.removeprefix("v1a,")))
    assert Message.objects.get(entry=entry).state == "delivered"


def test_no_institution_learns_of_anothers(there, bank, other, played):
    stage.register(other, actor=stage.OTHER)
    played.go()
    mine = stage.happen(count=3)
    theirs = stage.happen(institution="bank_b", case="case-2")
    stage.happen(Kind.BATCH_FILED, batch="b-1", item="tax_payment", provider="tax_bureau")
    stage.happen(Kind.DISCLOSURE_RELEASED, institution="bank_a", intent="i-1")
    stage.happen(Kind.SUBJECT_CHANGED, subject=77, change="deregistered")
    played.go()
    assert len(there.news) == 3
    assert {one.document["data"]["case"] for one in other.news} == {"case-2"}
    assert set(Message.objects.filter(entry__isnull=False).values_list("entry", flat=True)) == {
        *mine,
        *theirs,
    }


def test_a_provider_is_told_of_its_own_batches(there, played):
    stage.register(there, actor=stage.TAX)
    played.go()
    for provider in ("tax_bureau", "customs"):
        stage.happen(Kind.BATCH_HELD, batch=f"of-{provider}", item="tax_payment", provider=provider)
    stage.happen()
    played.go()
    (got,) = there.news
    assert got.document["data"] == {"batch": "of-tax_bureau", "item": "tax_payment"}


def test_it_tells_what_really_happens_to_consents(there, played):
    firm, bank = consents.firm(), consents.bank()
    stage.register(there)
    played.go()
    case = consents.case(firm, bank)
    draft, asked = consents.draft(), []
    actor = stage.BANK
    for _ in range(2):
        asked.append(grants.request(case, draft, actor=actor, as_of=consents.NOW).id)
    given = consents.consent(firm, case, request_id=asked[0])
    grants.decline(asked[1], actor=firm.owner.actor, as_of=consents.NOW)
    for act in (grants.pause, grants.resume, grants.withdraw):
        act(given.id, actor=firm.owner.actor, as_of=consents.NOW)
    played.go()
    institutions.suspend(bank, actor=SYSTEM, as_of=consents.NOW)
    played.go()
    told = {one.document["type"]: one.document["data"] for one in there.news}
    own = {"consent": str(given.id), "case": str(case)}
    assert told == {
        "consent.granted": {**own, "request": str(asked[0])},
        "consent_request.declined": {"request": str(asked[1]), "case": str(case)},
        "consent.paused": {**own, "why": "pause"},
        "consent.resumed": {**own, "why": "resume"},
        "consent.withdrawn": {**own, "why": "withdraw"},
        "institution.standing_changed": {"institution": bank, "change": "suspended"},
    }


def test_a_bank_is_told_of_its_own_pushes_and_of_what_it_has_to_delete(there, bank, played):
    run = {"push": "p-1", "subscription": "s-1", "rows": 7, "removed": 0}
    for institution in ("bank_a", "bank_b"):
        stage.happen(Kind.PUSH_RELEASED, institution=institution, **run)
    stage.happen(Kind.PUSH_REFUSED, institution="bank_a", push="p-2", subscription="s-1", reason="suspended")
    stage.happen(Kind.DELETION_OWED, institution="bank_a", subject=77, due_on="2026-03-12")
    played.go()
    assert {one.document["type"]: one.document["data"] for one in there.news} == {
        "push.released": {"push": "p-1", "subscription": "s-1"},
        "push.refused": {"push": "p-2", "subscription": "s-1", "reason": "suspended"},
        "deletion.owed": {"consent": "consent-0", "due_on": "2026-03-12"},
    }
    assert len(there.news) == 3


def test_a_bank_that_is_not_served_is_told_of_its_standing_and_duties_until_it_is_again(there, bank, played):
    consents.bank("bank_a")
    move = {"actor": SYSTEM, "as_of": consents.NOW}
    stage.happen(Kind.CONSENT_GRANTED, institution="bank_a", case="case-1")
    sequencer.integrate()
    assert messages.fan_out(as_of=consents.NOW) == 2  # they wait as the suspension comes
    institutions.suspend("bank_a", **move)
    stage.happen()
    stage.happen(Kind.DELETION_OWED, institution="bank_a", due_on="2026-03-12")
    played.go()
    told = sorted(one.document["type"] for one in there.news)
    assert told == ["deletion.owed", "institution.standing_changed", "institution.standing_changed"]
    institutions.reinstate("bank_a", **move)
    played.go(seconds=1)
    later = [one.document["type"] for one in there.news][3:]
    assert sorted(later) == ["consent.granted", "consent.withdrawn", "institution.standing_changed"]


def test_a_suspended_bank_is_told_that_an_incident_was_opened_and_how_it_was_decided(there, bank, played):
    """Its statement has a deadline; who only learns of it by asking has lost days ((十))."""
    consents.bank("bank_a")
    finding, at = Finding(Rule.CONSENT_FAILURES, {Figure.FAILURES: 60, Figure.ASKED: 90}), consents.NOW
    card = incidents.open_incident("bank_a", finding, seen=(at, at), as_of=at)
    played.go()
    officer = Actor(ActorKind.ACCOUNT, "1", "operator:node")
    incidents.decide(card.id, cleared=True, why="核实为系统故障", actor=officer, as_of=at)
    played.go(seconds=1)
    told = [one.document for one in there.news if one.document["type"].startswith("incident.")]
    assert [one["type"] for one in told] == ["incident.opened", "incident.decided"]
    assert told[0]["data"] == {
        "incident": str(card.id), "rule": "consent_failures", "action": "suspend", "state": "open"
    }  # fmt: skip
    assert told[1]["data"]["state"] == "cleared"


def test_what_a_closed_bank_is_never_told_is_not_kept_for_ever(there, bank, played):
    consents.bank("bank_a")
    institutions.close("bank_a", actor=SYSTEM, as_of=consents.NOW)
    stage.happen()
    played.go()
    kept = Message.objects.filter(type="consent.withdrawn", state="waiting")
    dead = timedelta(days=stage.POLICY.dead_days)
    messages.prune(policy=stage.POLICY, as_of=consents.NOW + dead - timedelta(days=1))
    assert kept.count() == 1
    messages.prune(policy=stage.POLICY, as_of=consents.NOW + dead + timedelta(days=1))
    assert kept.count() == 0


def test_news_read_twice_makes_one_message(bank, played):
    stage.happen(count=5)
    sequencer.integrate()
    assert messages.fan_out(as_of=consents.NOW) == 5
    with_cursor_back = "UPDATE journal_cursor SET position = 0 WHERE consumer = 'webhooks'"
    with connection.cursor() as cursor:
        cursor.execute(with_cursor_back)  # as after yesterday's backup
    before = set(Message.objects.values_list("id", flat=True))
    messages.fan_out(as_of=consents.NOW)
    assert set(Message.objects.values_list("id", flat=True)) == before


def test_both_secrets_sign_for_a_day_after_a_rotation(there, bank, played):
    issued = endpoints.rotate(bank.card.id, actor=stage.BANK, as_of=played.clock.now)
    stage.happen()
    played.go(hours=23)
    stage.happen()
    played.go(hours=2)
    early, late = there.news
    assert _signed_by(early, bank.secret)
    assert _signed_by(early, issued.secret)
    assert not _signed_by(late, bank.secret)
    assert _signed_by(late, issued.secret)


def test_secrets_stand_sealed_and_go_with_the_endpoint(bank):
    row = Webhook.objects.get()
    raw = base64.b64decode(bank.secret.removeprefix("whsec_"))
    assert 24 <= len(raw) <= 64
    for plain in (raw, bank.secret.encode()):
        assert plain not in bytes(row.secret)
    endpoints.remove(row.id, actor=stage.BANK, as_of=consents.NOW)
    assert Webhook.objects.get().secret is None


def test_what_is_over_is_forgotten_in_its_time(there, bank, played):
    stage.happen()
    played.go()
    there.answer = lambda handler, got: receivers.reply(handler, 410)
    stage.happen()
    played.go()
    now = played.clock.now
    assert messages.prune(policy=stage.POLICY, as_of=now + timedelta(days=29)) == 0
    messages.prune(policy=stage.POLICY, as_of=now + timedelta(days=31))
    assert list(Message.objects.values_list("state", flat=True)) == ["dead"]
    messages.prune(policy=stage.POLICY, as_of=now + timedelta(days=91))
    assert not Message.objects.exists()
