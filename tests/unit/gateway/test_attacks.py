"""What isn't a fresh question of a known node, word for word, opens nothing; what came twice opens once."""

from __future__ import annotations

import base64
import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rongxin.exchange import question as questions
from rongxin.gateway import evidence
from rongxin.proof import http_messages
from rongxin.proof.http_messages import Request
from rongxin.proof.keys import SigningKey
from rongxin.vocabulary.availability import Availability
from tests.unit.gateway.stage import NODE, NOW, URL, Office, question, signed, status, terms

OFTEN = settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def _whole(office: Office, **how: Any) -> Request:
    office.door  # noqa: B018 - opened once, outside of what is measured
    consent = terms()
    asked = question("tax_payment", given=consent)
    return signed(questions.encode(asked, status(asked, consent)), **how)


def _copy(request: Request, **changes: Any) -> Request:
    return replace(request, headers=dict(changes.pop("headers", request.headers)), **changes)


def _flip(data: bytes, place: int, bit: int) -> bytes:
    place %= len(data)
    return data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :]


@OFTEN
@given(st.data())
def test_no_flipped_bit_of_body_or_headers_is_served(tax: Office, data: st.DataObject) -> None:
    _flipped_is_not_served(tax, data)


@pytest.mark.long
@settings(OFTEN, max_examples=10_000)
@given(st.data())
def test_of_ten_thousand_mutated_questions_none_is_served(tax: Office, data: st.DataObject) -> None:
    _flipped_is_not_served(tax, data)


def _flipped_is_not_served(tax: Office, data: st.DataObject) -> None:
    request = _whole(tax)
    part = data.draw(st.sampled_from(["body", *request.headers]))
    place, bit = data.draw(st.integers(0, 4000)), data.draw(st.integers(0, 7))
    if part == "body":
        changed = _copy(request, body=_flip(request.body, place, bit))
    else:
        text = _flip(request.headers[part].encode("latin-1"), place, bit).decode("latin-1")
        changed = _copy(request, headers={**request.headers, part: text})
    reply = tax.door.answer(changed)
    # Base64 has spare bits and structured fields spare blanks: what reads the same is the same signature.
    assert reply.status == 401 or _reads_the_same(request, changed), reply.body


def _reads_the_same(first: Request, second: Request) -> bool:
    def raw(request: Request) -> tuple[bytes, ...]:
        marked = (request.headers["signature"], request.headers["content-digest"])
        return (request.body, *(base64.b64decode(text.split(":")[1]) for text in marked))

    rest = {name for name in first.headers if name not in ("signature", "content-digest")}
    return raw(first) == raw(second) and all(first.headers[name] == second.headers[name] for name in rest)


def test_a_recipient_of_an_unknown_kind_is_told_so(tax: Office) -> None:
    asked = question("tax_payment", recipient_kind="guild")
    reply = tax.door.answer(signed(questions.encode(asked, None)))
    assert reply.status == 400
    assert "guild" in reply.body.decode()


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**64 - 1), st.just(0.5), st.text(max_size=20),
    st.lists(st.text(max_size=3), max_size=2),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)  # fmt: skip


def _places(value: Any, at: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every place in a document, its branches too."""
    below = (
        [place for key, part in value.items() for place in _places(part, (*at, key))]
        if isinstance(value, dict)
        else []
    )
    return [at, *below] if at else below


@settings(OFTEN, max_examples=100)
@given(st.data())
def test_whatever_a_known_node_signs_gets_an_answer_in_words(tax: Office, data: st.DataObject) -> None:
    """Odd values of a question are its sender's fault: a refusal or a receipt, never a failure here."""
    consent = terms()
    asked = question("tax_payment", given=consent)
    document = orjson.loads(questions.encode(asked, status(asked, consent)))
    *above, last = data.draw(st.sampled_from(_places(document)))
    parent = document
    for key in above:
        parent = parent[key]
    parent[last] = data.draw(VALUES)
    reply = tax.door.answer(signed(orjson.dumps(document)))
    assert reply.status in (200, 400, 404), reply.body


SWAPPED: dict[str, dict[str, Any]] = {
    "path": {"url": f"{URL}/rongxin/v1/other"},
    "host": {"url": f"http://elsewhere.test{questions.PATH}"},
    "query": {"url": f"{URL}{questions.PATH}?as=admin"},
    "method": {"method": "PUT"},
}


@pytest.mark.parametrize("which", SWAPPED)
def test_a_signature_for_another_address_is_not_served(tax: Office, which: str) -> None:
    assert tax.refuses(_copy(_whole(tax), **SWAPPED[which])) == (401, "not_signed")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('alg="ed25519"', 'alg="none"'),
        ('alg="ed25519"', 'alg="hmac-sha256"'),
        (';alg="ed25519"', ""),
        ('"content-digest"', '"content-type"'),
        ('"@path" ', ""),
        (NODE.id, "another"),
        (f'tag="{questions.TAG}"', 'tag="another"'),
    ],
    ids=["none", "hmac", "unsaid", "no digest", "no path", "key", "tag"],
)
def test_no_other_algorithm_coverage_key_or_tag_is_followed(tax: Office, old: str, new: str) -> None:
    request = _whole(tax)
    declared = request.headers["signature-input"]
    assert old in declared
    headers = {**request.headers, "signature-input": declared.replace(old, new)}
    assert tax.refuses(_copy(request, headers=headers)) == (401, "not_signed")


def test_a_question_that_covers_too_little_is_not_served_though_its_signature_holds(
    tax: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_messages, "COVERED", ("@method", "content-digest", "content-type"))
    monkeypatch.setattr(http_messages, "_base", lambda *given: None)  # our own spelling covers all of it
    request = _whole(tax)
    monkeypatch.undo()
    assert tax.refuses(request) == (401, "not_signed")


@pytest.mark.parametrize("away", [timedelta(seconds=31), timedelta(seconds=-31), timedelta(days=365)])
def test_a_question_signed_at_another_time_is_not_served(tax: Office, away: timedelta) -> None:
    assert tax.refuses(_whole(tax, created=NOW + away)) == (401, "not_signed")


def test_a_strangers_question_is_not_served(tax: Office) -> None:
    assert tax.refuses(_whole(tax, key=SigningKey.generate("node"))) == (401, "not_signed")


@OFTEN
@given(st.binary(max_size=400))
@example(b"{}")
@example(b'{"question": {}, "status": null}')
@example(b'{"question": [], "status": 5}')
def test_signed_rubbish_is_unreadable_and_nothing_worse(tax: Office, body: bytes) -> None:
    assert tax.refuses(signed(body)) == (400, "unreadable")


def test_of_sixteen_parallel_replays_exactly_one_is_served(tax: Office) -> None:
    request = _whole(tax)
    with ThreadPoolExecutor(16) as threads:
        replies = list(threads.map(lambda _: tax.door.answer(_copy(request)).status, range(16)))
    assert Counter(replies) == {200: 1, 409: 15}


def test_the_same_question_under_a_new_number_is_served_no_second_time(tax: Office) -> None:
    """A status is for one question, once: signing it anew doesn't make it new."""
    consent = terms()
    asked = question("tax_payment", given=consent)
    body = questions.encode(asked, status(asked, consent))
    assert tax.door.answer(signed(body)).status == 200
    assert tax.refuses(signed(body)) == (409, "replayed")


def test_the_gateway_counts_uses_itself_and_stops_a_node_that_does_not(tax: Office) -> None:
    consent = terms()
    said = [tax.ask(question("tax_payment", given=consent), consent).receipt.availability for _ in range(8)]
    spare = 3  # of the consent's three uses and as many that may have broken off
    assert said == [Availability.RECORDS] * (3 + spare) + [Availability.WITHHELD] * 2


def test_every_question_stands_in_the_evidence_refusals_too_and_a_change_shows(tax: Office) -> None:
    consent = terms()
    first = tax.ask(question("tax_payment", given=consent), consent)
    refused = tax.ask(question("tax_payment"))
    path = tax.directory / "evidence.sqlite"
    assert evidence.verify(path).hash == refused.receipt.entry
    assert (first.receipt.position, refused.receipt.position) == (1, 2)
    secret = evidence.secret_of(tax.key)
    assert str(consent.id).encode() not in evidence.message(path, 2, secret=secret)
    assert b"rongxin-question" in evidence.message(path, 1, secret=secret)
    with evidence.reading(path) as base:
        (kept,) = base.execute("SELECT message FROM entry WHERE position = 1").fetchone()
    assert b"question" not in kept


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE entry SET body = replace(body, '\"rows\":1', '\"rows\":0') WHERE position = 1",
        "DELETE FROM entry WHERE position = 1",
        "UPDATE entry SET message = x'00' WHERE position = 2",
        "UPDATE entry SET body = 'x' WHERE position = 1",
    ],
)
def test_evidence_that_was_changed_is_found(tax: Office, change: str) -> None:
    consent = terms()
    for _ in range(3):
        tax.ask(question("tax_payment", given=consent), consent)
    path = tax.directory / "evidence.sqlite"
    base = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="append only"):
        base.execute(change)
    base.execute("DROP TRIGGER entry_stays")
    base.execute("DROP TRIGGER entry_kept")
    with base:
        base.execute(change)
    base.close()
    with pytest.raises(evidence.Broken):
        evidence.verify(path)
