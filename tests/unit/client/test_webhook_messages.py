"""A receiver knows who speaks: the node's own signatures hold, and no other ones do."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from rongxin.client import webhooks
from rongxin.delivery.webhooks import signatures
from rongxin.proof.errors import Forged
from rongxin.proof.keys import SigningKey

NOW = datetime(2026, 11, 29, 2, 0, tzinfo=UTC)
NODE, OTHER = SigningKey.generate("node"), SigningKey.generate("other")
SECRET, FORMER = signatures.new_secret(), signatures.new_secret()
BODY = '{"data":{"consent":"c1"},"timestamp":"2026-11-29T02:00:00.000000Z","type":"consent.granted"}'


def _headers(*secrets, key=NODE, at=NOW):
    return signatures.headers("msg_1", BODY, secrets=secrets or (SECRET,), key=key, at=at)


def test_what_the_node_signed_is_read():
    event = webhooks.read(_headers(), BODY.encode(), secrets=[SECRET], node=NODE.public, now=NOW)
    assert (event.id, event.type, event.data, event.answer) == (
        "msg_1",
        "consent.granted",
        {"consent": "c1"},
        b"",
    )
    rotated = _headers(FORMER, SECRET)
    assert webhooks.read(rotated, BODY.encode(), secrets=[SECRET], now=NOW).id == "msg_1"
    key = webhooks.Key(key=signatures.public_key(NODE.public)).verifying()
    assert webhooks.read(_headers(), BODY.encode(), node=key, now=NOW).id == "msg_1"


def test_nothing_else_is_believed():
    faults = {
        "another secret": (_headers(FORMER), BODY, {"secrets": [SECRET]}),
        "another body": (_headers(), BODY.replace("c1", "c2"), {"secrets": [SECRET]}),
        "another body for the key": (_headers(), BODY.replace("c1", "c2"), {"node": NODE.public}),
        "another key": (_headers(key=OTHER), BODY, {"secrets": [SECRET], "node": NODE.public}),
        "another number": ({**_headers(), "webhook-id": "msg_2"}, BODY, {"secrets": [SECRET]}),
        "old": (_headers(at=NOW - timedelta(minutes=6)), BODY, {"secrets": [SECRET]}),
        "early": (_headers(at=NOW + timedelta(minutes=6)), BODY, {"secrets": [SECRET]}),
        "unsigned": ({"webhook-id": "msg_1"}, BODY, {"secrets": [SECRET]}),
        "garbage": ({**_headers(), "webhook-signature": "v1,é v1a,% v1"}, BODY, {"secrets": [SECRET]}),
        "no means": (_headers(), BODY, {}),
    }
    assert [name for name, given in faults.items() if _believed(*given)] == []


def _believed(headers, body, means):
    try:
        webhooks.read(headers, body.encode(), now=NOW, **means)
    except Forged:
        return False
    return True


def test_the_challenge_is_repeated():
    event = webhooks.Event("m", webhooks.CHALLENGE, NOW, {"challenge": "abc"})
    assert json.loads(event.answer) == {"challenge": "abc"}
