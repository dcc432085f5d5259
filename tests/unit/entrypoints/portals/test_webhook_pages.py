"""事件通知 by pages: a provider has them as an institution has; addresses are searched and changed."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.delivery.webhooks import endpoints
from rongxin.delivery.webhooks.models import Webhook
from rongxin.parties import seed
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.entrypoints.portals.test_lists import cells, enter

pytestmark = pytest.mark.django_db(transaction=True)
AT, URL = "/provider/webhooks", "https://customs.example/hook"


@pytest.fixture
def client():
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    return enter(PartyKind.PROVIDER, "customs")[0]


def registered(client, url=URL):
    events = list(endpoints.rules.types_for("provider"))
    page = client.post(AT, {"url": url, "events": events[:1]}).content.decode()
    assert re.search(r"<pre>whsec_\S+</pre>", page), page
    return next(card for card in endpoints.of_party("provider:customs") if card.url == url)


def test_a_provider_registers_an_address_for_its_own_events_and_sees_its_secret_once(client):
    page = client.get(AT).content.decode()
    offered = set(re.findall(r'name="events" value="([a-z_.]+)"', page))
    assert offered == set(endpoints.rules.types_for("provider")) != set()
    assert client.post(AT, {"url": URL, "events": ["consent.granted"]}).status_code == 422
    at = f"{AT}/{registered(client).id}"
    assert "whsec_" not in client.get(at).content.decode()
    assert "whsec_" in client.post(f"{at}/act", {"act": "rotate"}).content.decode()
    assert enter(PartyKind.PROVIDER, "tax_bureau")[0].get(at).status_code == 404
    assert client.get(at.replace("provider", "institution")).status_code == 403


def test_addresses_are_searched_changed_and_removed(client):
    card = registered(client)
    registered(client, "https://customs.example/other")
    assert [row[0] for row in cells(client.get(f"{AT}?find=hook").content.decode())] == [URL]
    assert cells(client.get(f"{AT}?state=active").content.decode()) == []
    events = list(endpoints.rules.types_for("provider"))[:2]
    at = f"{AT}/{card.id}/act"
    assert client.post(at, {"act": "change", "url": "ftp://x", "events": events}).status_code == 422
    assert client.post(at, {"act": "change", "url": URL, "events": events}).status_code == 302
    assert set(endpoints.get(card.id, party="provider:customs").types) == set(events)
    assert client.post(at, {"act": "?"}).status_code == 422
    assert client.post(at, {"act": "remove"}).status_code == 302
    assert [row[0] for row in cells(client.get(AT).content.decode())] == ["https://customs.example/other"]


@pytest.mark.parametrize("why", endpoints.Why)
def test_why_an_address_stands_as_it_does_is_said_in_words(client, why):
    card = registered(client)
    Webhook.objects.filter(pk=card.id).update(state_why=why.value)
    page = client.get(f"{AT}/{card.id}").content.decode()
    assert f"<p>{why.label}</p>" in page
    assert f"<p>{why.value}</p>" not in page
