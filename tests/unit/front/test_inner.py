"""The inner side: carries what is asked with the front's own key, and hands on what comes, as it comes."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs
from uuid import uuid4

import pytest

from rongxin.client.deletion import RECEIPT_TYPE
from rongxin.front import inner, log
from rongxin.front.replies import Asked, Reply
from rongxin.proof import boxes, client_assertion, jws
from rongxin.proof.keys import VerifyingKey
from tests.unit.front import stage
from tests.unit.front.stage import Bench, says


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with stage.bench(tmp_path) as made:
        yield made


def code(reply: Reply) -> tuple[int, str]:
    return reply.status, json.loads(reply.body)["code"]


def test_a_request_goes_with_the_fronts_token_and_comes_back_as_it_is(bench: Bench) -> None:
    bench.node.answer = says(
        201, b'{"a":1}', Content_Type="application/json", RateLimit='"day";r=1', X_Odd="no"
    )
    more = {"idempotency_key": "k", "content_type": "application/json", "cookie": "c", "dpop": "mine"}
    reply = bench.ask("POST", "/api/v1/cases", b'{"uscc":"91"}', query="a=b%20c&d=e", **more)
    method, path, headers, body = bench.node.asked[0]
    assert (method, path, body) == ("POST", "/api/v1/cases?a=b%20c&d=e", b'{"uscc":"91"}')
    assert (headers["authorization"], headers["idempotency-key"]) == ("DPoP t1", "k")
    assert headers["dpop"] != "mine"
    assert "cookie" not in headers
    said = dict(reply.headers)
    assert (reply.status, reply.body, said["ratelimit"]) == (201, b'{"a":1}', '"day";r=1')
    assert "x-odd" not in said
    assert said["front-request"]


def test_a_token_that_is_believed_no_more_is_replaced_and_nobody_inside_notices(bench: Bench) -> None:
    answers = [says(401, b'{"code": "invalid_token"}'), says(200, b"[]")]
    bench.node.answer = lambda handler: answers.pop(0)(handler)
    assert bench.ask("GET", "/api/v1/cases").body == b"[]"
    assert [path for _, path, _, _ in bench.node.got].count("/api/v1/oauth/token") == 2


def test_what_the_node_says_against_the_front_is_not_said_to_who_asks(bench: Bench) -> None:
    bench.node.answer = says(401, b'{"code": "bound_token_required"}')
    assert code(bench.ask("GET", "/api/v1/cases")) == (502, "front_not_admitted")
    bench.node.answer = says(403, b'{"code": "refused", "reason": "no_consent"}')
    assert code(bench.ask("GET", "/api/v1/cases")) == (403, "refused")


def test_a_front_that_gets_no_token_says_so(bench: Bench) -> None:
    bench.node.tokens = says(401, b'{"error": "invalid_client", "error_description": "no such key"}')
    reply = bench.ask("GET", "/api/v1/cases")
    assert code(reply) == (502, "front_not_admitted")
    assert "no such key" in reply.body.decode()


def test_a_node_that_is_away_is_said_to_be_and_when_to_come_again(bench: Bench) -> None:
    bench.node.answer = lambda handler: handler.connection.close()
    reply = bench.ask("GET", "/api/v1/cases")
    assert code(reply) == (503, "node_unreachable")
    assert dict(reply.headers)["retry-after"]


@pytest.mark.parametrize("path", ["", "/", "a//b", "a/../b", "..", "./a", "a/", "a\nb"])
def test_a_path_that_is_not_plain_goes_nowhere(bench: Bench, path: str) -> None:
    assert code(bench.ask("GET", f"/api/v1/{path}")) == (404, "not_found")
    assert bench.node.got == []


def test_what_stands_in_a_path_arrives_as_it_was_meant(bench: Bench) -> None:
    bench.ask("GET", "/api/v1/products/小微 贷?#%2e")
    assert bench.node.asked[0][1] == "/api/v1/products/%E5%B0%8F%E5%BE%AE%20%E8%B4%B7%3F%23%252e"


def test_a_large_answer_is_not_held(bench: Bench) -> None:
    size, sent = 64 << 20, []

    def large(handler: BaseHTTPRequestHandler) -> None:
        says(200, b"", Content_Length=str(size))(handler)
        for _ in range(size >> 16):
            handler.wfile.write(b"x" * (1 << 16))
            sent.append(1)

    bench.node.answer = large
    headers = {"authorization": f"Bearer {bench.secret}"}
    reply = inner.answer(bench.room, Asked("GET", "/api/v1/push/runs/1/files/a", "", headers, b""))
    assert reply.blocks is not None
    first = next(reply.blocks)
    assert 0 < len(first) <= 1 << 20
    assert len(sent) < (size >> 16) // 2, "the node waits until what it sent is taken"
    assert len(first) + sum(map(len, reply.blocks)) == size
    reply.close()


def test_an_answer_of_unknown_length_that_breaks_off_is_none(bench: Bench) -> None:
    def broken(handler: BaseHTTPRequestHandler) -> None:
        says(200, b"", Content_Length="", Transfer_Encoding="chunked")(handler)
        handler.wfile.write(b"4\r\nhalf\r\n")
        handler.close_connection = True
        handler.connection.shutdown(1)

    bench.node.answer = broken
    assert code(bench.ask("GET", "/api/v1/cases")) == (503, "node_unreachable")
    bench.node.answer = says(200, b"4\r\nhalf\r\n0\r\n\r\n", Content_Length="", Transfer_Encoding="chunked")
    whole = bench.ask("GET", "/api/v1/cases")
    assert (whole.body, dict(whole.headers)["content-length"]) == (b"half", "4")


def test_a_receipt_that_is_stated_is_signed_and_any_other_goes_as_it_is(bench: Bench, tmp_path: Path) -> None:
    consent = uuid4()
    duty = {
        "consent": str(consent), "institution": "bank_a", "items": [], "state": "owed", "state_label": "",
        "since": "2026-11-30T08:00:00Z", "due_on": None, "overdue": False, "until": None, "receipts": [],
    }  # fmt: skip
    bench.node.answer = says(200, json.dumps([duty]).encode())
    path = f"/api/v1/deletion-duties/{consent}/receipt"
    bench.ask("POST", path, b'{"statement": "deleted", "deleted_on": "2026-11-30"}')
    key = VerifyingKey.from_pem((tmp_path / "signatures.pub.pem").read_text())
    token = json.loads(bench.node.asked[-1][3])["receipt"]
    said = jws.verify(token, {key.id: key}, type=RECEIPT_TYPE)
    assert (said["institution"], said["consent"], said["deleted_on"]) == (
        "bank_a",
        str(consent),
        "2026-11-30",
    )
    for body in (
        b'{"statement": "burnt"}',
        b'{"statement": "restricted", "until": "2027-01-01"}',
        b'{"receipt": "x"}',
    ):
        bench.ask("POST", path, body)
        assert bench.node.asked[-1][3] == body


def test_a_form_is_signed_and_no_token_goes_inside(bench: Bench, tmp_path: Path) -> None:
    fields = {"response_type": "code", "authorization_details": [{"type": "t"}]}
    bench.node.answer = says(201, b'{"request_uri": "urn:x", "expires_in": 60}')
    pushed = bench.ask(
        "POST", "/api/v1/oauth/par", json.dumps(fields).encode(), content_type="application/json"
    )
    assert (pushed.status, json.loads(pushed.body)["request_uri"]) == (201, "urn:x")
    form = {name: values[0] for name, values in parse_qs(bench.node.asked[-1][3].decode()).items()}
    assert json.loads(form["authorization_details"]) == [{"type": "t"}]
    key = VerifyingKey.from_pem((tmp_path / "tokens.pub.pem").read_text())
    who = client_assertion.verify(
        form["client_assertion"],
        lambda _: {key.id: key},
        audience=bench.room.config.node,
        now=datetime.now(UTC),
    )
    assert form["client_id"] == who.client == "api-your-institution"
    redeemed = bench.ask("POST", "/api/v1/oauth/token", b"grant_type=authorization_code&code=c")
    assert json.loads(redeemed.body) == {"consent": "c"}
    for body in (b"grant_type=client_credentials", b""):
        assert code(bench.ask("POST", "/api/v1/oauth/token", body)) == (403, "token_not_given")


@pytest.mark.parametrize("sm", [False, True])
def test_sealed_rows_are_opened_by_the_key_that_lies_here(tmp_path: Path, sm: bool) -> None:
    with stage.bench(tmp_path, sm=sm) as bench:
        about = json.loads(bench.ask("GET", "/front").body)
        recipient = boxes.public(about["seal_to"].encode())
        assert boxes.suite_of(recipient).startswith("SM2" if sm else "X25519")
        box = base64.b64encode(boxes.close(b'[{"vat": "7"}]', recipient, info=boxes.SEALED_ROWS)).decode()
        report = {"sections": [{"items": [{"item": "tax", "sealed": [box]}, {"item": "b"}]}]}
        opened = bench.ask("POST", "/front/opened", json.dumps(report).encode())
        assert json.loads(opened.body) == {"tax": [{"vat": "7"}]}
        for wrong in ("{}", "[]", json.dumps(report).replace(box, f"AAAA{box}")):
            assert code(bench.ask("POST", "/front/opened", wrong.encode())) == (422, "not_opened")
        assert code(bench.ask("POST", "/front/opened", b"{")) == (400, "malformed_json")


def test_what_is_asked_is_written_down_without_its_query_or_nothing_is_answered(
    bench: Bench, tmp_path: Path
) -> None:
    bench.ask("GET", "/api/v1/cases", query="find=91")
    bench.ask("GET", "/api/v1/cases", authorization="Bearer x")
    found = list(log.lines(tmp_path / "log.sqlite"))
    assert [(one.caller, one.path, one.status) for one in found] == [
        ("core", "/api/v1/cases", 200), ("", "/api/v1/cases", 401),
    ]  # fmt: skip
    with sqlite3.connect(tmp_path / "log.sqlite") as base:
        base.execute("DROP TABLE line")
    assert code(bench.ask("GET", "/api/v1/cases")) == (503, "front_unavailable")


@pytest.mark.parametrize("query", ["after=-1", "after=x", "limit=0", "limit=1001", f"after={1 << 70}"])
def test_events_are_asked_for_by_numbers(bench: Bench, query: str) -> None:
    assert code(bench.ask("GET", "/front/events", query=query)) == (422, "invalid_request")
    assert json.loads(bench.ask("GET", "/front/events").body) == {"events": [], "last": 0}
