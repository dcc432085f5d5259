"""事件通知 over HTTP: a party registers, is told, looks at its deliveries, replays; nobody sees others."""

from __future__ import annotations

import pytest
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.delivery.webhooks.courier import Courier
from rongxin.journal import entries, sequencer
from rongxin.journal.rules import Kind
from rongxin.parties import seed
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.delivery.webhooks import receiver as receivers
from tests.unit.delivery.webhooks import stage as webhooks
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/webhooks"
EVENTS = ["consent.granted", "consent.withdrawn"]


@pytest.fixture(autouse=True)
def a_demo(settings):
    settings.RONGXIN_WEBHOOK_LOOPBACK = True


@pytest.fixture
def there():
    with receivers.listening() as receiver:
        yield receiver


@pytest.fixture
def bank():
    return keys.header_of(stage.staff(PartyKind.INSTITUTION, stage.bank()))


def _ask(client, method, path, headers, body=None):
    answer = getattr(client, method)(URL + path, body, content_type="application/json", headers=headers)
    return answer.status_code, answer.json()


def _carry(**refs):
    if refs:
        given = {"consent": "consent-1", "case": "case-1", "why": "withdraw", **refs}
        entries.append(Kind.CONSENT_WITHDRAWN, actor=SYSTEM, refs=given, as_of=timezone.now())
    sequencer.integrate()
    courier = Courier(given=webhooks.IMPATIENT, way=webhooks.plainly)
    courier.turn()
    courier.finish()


def _registered(client, there, headers):
    status, made = _ask(client, "post", "", headers, {"url": there.url, "events": EVENTS})
    assert (status, made["state"]) == (201, "pending")
    _carry()
    return made


def test_a_party_registers_is_told_and_sees_its_deliveries(client, there, bank):
    made = _registered(client, there, bank)
    path = f"/{made['webhook']}"
    status, card = _ask(client, "get", path, bank)
    assert (status, card["state"], card["events"]) == (200, "active", EVENTS)
    assert "secret" not in card
    _carry(institution="bank_a")
    (got,) = there.news
    found = _ask(client, "get", f"{path}/deliveries?limit=1", bank)[1]
    (one,) = found["deliveries"]
    assert (one["message"], one["state"], one["last_status"]) == (got.id, "delivered", 200)
    (first,) = _ask(client, "get", f"{path}/deliveries?cursor={found['next']}", bank)[1]["deliveries"]
    assert first["type"] == "webhook.verification"
    assert _ask(client, "post", f"{path}/replay", bank, {"message": got.id}) == (200, {"replayed": 1})
    _carry()
    assert [one.id for one in there.news] == [got.id, got.id]


def test_a_secret_is_shown_once_and_can_be_replaced(client, there, bank):
    made = _registered(client, there, bank)
    status, rotated = _ask(client, "post", f"/{made['webhook']}/rotate", bank)
    assert status == 200
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != made["secret"]
    assert made["secret"] not in str(_ask(client, "get", "", bank))
    assert _ask(client, "get", "/key", bank)[1]["key"].startswith("whpk_")


def test_nobody_sees_or_touches_anothers(client, there, bank):
    made = _registered(client, there, bank)
    other = keys.header_of(stage.staff(PartyKind.INSTITUTION, stage.bank("bank_b")))
    path = f"/{made['webhook']}"
    assert _ask(client, "get", "", other) == (200, [])
    for method, more, body in (
        ("get", "", None),
        ("patch", "", {"events": EVENTS}),
        ("delete", "", None),
        ("post", "/verify", None),
        ("post", "/rotate", None),
        ("get", "/deliveries", None),
        ("post", "/replay", {"since": "2026-01-01T00:00:00"}),
    ):
        status, problem = _ask(client, method, path + more, other, body)
        assert (status, problem["code"]) == (404, "unknown_webhook"), (method, more)


def test_a_provider_may_and_a_firm_may_not(client, there):
    seed.seed(loader.load(), actor=SYSTEM, as_of=stage.NOW)
    customs = keys.header_of(stage.staff(PartyKind.PROVIDER, "customs"))
    offered = [one["event"] for one in _ask(client, "get", "/events", customs)[1]]
    assert "batch.held" in offered
    assert "consent.granted" not in offered
    status, problem = _ask(client, "post", "", customs, {"url": there.url, "events": EVENTS})
    assert (status, problem["code"]) == (400, "unknown_webhook_event")
    firm = keys.header_of(stage.firm().owner)
    assert _ask(client, "get", "", firm)[0] == 403
    assert client.get(URL).status_code == 401


def test_what_is_unfit_is_said_in_chinese(client, there, bank, settings):
    settings.RONGXIN_WEBHOOK_LOOPBACK = False
    for url in (there.url, "https://10.0.0.1/", "https://127.0.0.1.:443/", "https://bank.example:22/"):
        status, problem = _ask(client, "post", "", bank, {"url": url, "events": EVENTS})
        assert (status, problem["code"]) == (400, "webhook_url_refused"), url
    fit = {"url": "https://hooks.bank.example/", "events": EVENTS}
    assert _ask(client, "post", "", bank, fit | {"events": []})[1]["code"] == "unknown_webhook_event"
    for _ in range(webhooks.POLICY.endpoints_max):
        assert _ask(client, "post", "", bank, fit)[0] == 201
    assert _ask(client, "post", "", bank, fit)[1]["code"] == "too_many_webhooks"
    (first, *_) = _ask(client, "get", "", bank)[1]
    path = f"/{first['webhook']}"
    assert _ask(client, "post", f"{path}/replay", bank, {})[1]["code"] == "webhook_not_possible"
    assert _ask(client, "get", f"{path}/deliveries?cursor={2**70}", bank)[0] == 200
    assert _ask(client, "delete", path, bank)[1]["state"] == "removed"
    assert _ask(client, "get", path, bank)[0] == 404


def test_a_new_url_has_to_prove_itself_first(client, there, bank):
    made = _registered(client, there, bank)
    path = f"/{made['webhook']}"
    with receivers.listening() as second:
        assert _ask(client, "patch", path, bank, {"url": second.url})[1]["state"] == "pending"
        _carry(institution="bank_a")
        assert _ask(client, "get", path, bank)[1]["state"] == "active"
        _carry()
        assert [one.document["type"] for one in second.got] == ["webhook.verification", "consent.withdrawn"]
        assert there.news == []
