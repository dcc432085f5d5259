"""What the client says in which order, played without a wire: tokens, repetitions, waits."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from rongxin.client import calls, cases, errors
from rongxin.client.calls import Reply
from rongxin.client.conversation import Broken, Conversation, Now, Patience, Request, Wait, WrongAddress
from rongxin.client.credentials import ApiKey, FrontKey, NeedsPrivateKey, PrivateKey
from rongxin.proof import client_assertion, dpop
from rongxin.proof.keys import SigningKey

NOW = datetime(2026, 11, 29, 2, 0, tzinfo=UTC)
NODE = "https://node.example"
CASE = {
    "case": "6d1b3c39-9d27-4f6c-8d52-1f9f7b1d2f11",
    "reference": "DK-1",
    "kind": "loan",
    "opened_on": "2026-11-29",
    "closed_on": None,
}
KEY = SigningKey.generate("bank_a")


def _answer(status, body=None, **headers):
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, said, json.dumps({} if body is None else body).encode())


def _token(text="t1"):
    return _answer(200, {"access_token": text, "token_type": "DPoP", "expires_in": 300})


def play(said, call, *answers, at=NOW):
    """Give one answer after the other to a course; return its steps and its result or problem."""
    course, steps, given = said.course(call, at), [], list(answers)
    try:
        steps.append(next(course))
        while True:
            waits = isinstance(steps[-1], Wait)
            at += timedelta(seconds=steps[-1].seconds if waits else 0)
            steps.append(course.send(Now(at, None if waits else given.pop(0))))
    except StopIteration as end:
        return steps, end.value
    except errors.ClientError as error:
        return steps, error


def _keyed(**patience):
    return Conversation(NODE, ApiKey("secret"), patience=Patience(**patience))


def test_a_token_is_asked_for_once_proved_at_each_request_and_renewed_before_its_end():
    said = Conversation(NODE, PrivateKey("api-bank", KEY))
    steps, page = play(said, cases.own(), _token(), _answer(200, [CASE]))
    asked, first = steps
    assert (asked.url, asked.method) == (f"{NODE}/api/v1/oauth/token", "POST")
    form = dict(pair.split("=") for pair in asked.body.decode().split("&"))
    who = client_assertion.verify(
        form["client_assertion"], lambda _: {KEY.id: KEY.public}, audience=NODE, now=NOW
    )
    assert who.client == "api-bank"
    proof = dpop.verify(first.headers["DPoP"], method="GET", url=first.url, now=NOW, token="t1")
    earlier = dpop.verify(asked.headers["DPoP"], method="POST", url=asked.url, now=NOW)
    assert proof.thumbprint == earlier.thumbprint
    assert [one.reference for one in page.rows] == ["DK-1"]
    steps, _ = play(said, cases.own(), _answer(200, []), at=NOW + timedelta(seconds=200))
    assert len(steps) == 1
    steps, _ = play(said, cases.own(), _token("t2"), _answer(200, []), at=NOW + timedelta(seconds=280))
    assert steps[1].headers["Authorization"] == "DPoP t2"


def test_a_token_that_the_node_believes_no_more_is_replaced_once():
    said = Conversation(NODE, PrivateKey("api-bank", KEY))
    gone = _answer(401, {"code": "invalid_token"})
    steps, page = play(said, cases.own(), _token(), gone, _token("t2"), _answer(200, []))
    assert (len(steps), page.rows) == (4, [])
    steps, error = play(said, cases.own(), gone, _token("t3"), gone)
    assert isinstance(error, errors.NotAuthenticated)
    assert len(steps) == 3


@pytest.mark.parametrize(
    "fault",
    [
        Broken("reset"),
        _answer(502),
        _answer(503, {"code": "worker_silent"}, retry_after="1"),
        _answer(409, {"code": "idempotency_key_at_work"}, retry_after="1"),
        _answer(429, {"code": "quota_exhausted"}, retry_after="2"),
    ],
)
def test_what_may_pass_is_tried_again_with_the_same_key_and_not_for_ever(fault):
    call = cases.open_case("91", "DK-1")
    steps, case = play(_keyed(), call, fault, _answer(201, CASE))
    sent = [step for step in steps if isinstance(step, Request)]
    assert (len(sent), case.reference) == (2, "DK-1")
    assert sent[0].headers["Idempotency-Key"] == sent[1].headers["Idempotency-Key"]
    assert cases.open_case("91", "DK-1").headers != call.headers
    steps, error = play(_keyed(attempts=3), call, *[fault] * 9)
    assert len([step for step in steps if isinstance(step, Request)]) == 3
    assert isinstance(error, errors.ClientError)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422, 500, 503])
def test_a_no_is_told_and_not_asked_again(status):
    problem = {"code": "x", "title": "不行", "detail": "why", "reason": "consent_withdrawn"}
    steps, error = play(_keyed(), cases.own(), _answer(status, problem))
    assert len(steps) == 1
    assert (error.code, error.title, error.detail, error.status) == ("x", "不行", "why", status)


def test_it_waits_as_long_as_it_is_told_but_not_beyond_its_patience():
    busy = _answer(429, {"code": "quota_exhausted", "reason": "quota"}, retry_after="3600")
    steps, error = play(_keyed(seconds=30), cases.own(), busy)
    assert (len(steps), type(error), error.retry_after) == (1, errors.TooMany, 3600)
    soon = _answer(429, {"code": "quota_exhausted"}, retry_after="Sun, 29 Nov 2026 02:00:07 GMT")
    steps, _ = play(_keyed(), cases.own(), soon, _answer(200, []))
    assert steps[1] == Wait(7.0)


def test_the_next_page_is_asked_of_the_same_node_whoever_is_named():
    link = '<https://evil.example/api/v1/cases?cursor=a%3Ab&limit=2>; rel="next"'
    _, page = play(_keyed(), cases.own(), _answer(200, [CASE], link=link))
    steps, _ = play(_keyed(), page.next, _answer(200, []))
    assert steps[0].url == f"{NODE}/api/v1/cases?cursor=a%3Ab&limit=2"
    _, last = play(_keyed(), cases.own(), _answer(200, [], link='<https://x/api/v1/cases>; rel="prev"'))
    assert last.next is None


@pytest.mark.parametrize(
    "address", ["http://node.example", "https://a:b@node.example", "node", "https://n?x=1"]
)
def test_a_key_is_sent_to_no_address_that_others_could_read(address):
    with pytest.raises(WrongAddress):
        Conversation(address, ApiKey("secret"))


def test_an_answer_of_something_else_is_not_taken_for_one():
    steps, error = play(_keyed(), cases.own(), Reply(200, {}, b"<html>"))
    assert (len(steps), type(error)) == (1, errors.Unreadable)
    assert "secret" not in repr(ApiKey("secret"))


def test_a_fronts_key_sends_forms_unsigned_for_the_front_to_sign_and_an_api_key_sends_none():
    form = calls.form("oauth/par", calls.Document, {"state": "a b"})
    steps, _ = play(Conversation(NODE, FrontKey("rxf_core_x")), form, _answer(201))
    (sent,) = steps
    assert (sent.headers["Authorization"], sent.body) == ("Bearer rxf_core_x", b"state=a+b")
    assert "DPoP" not in sent.headers
    with pytest.raises(NeedsPrivateKey):
        next(Conversation(NODE, ApiKey("secret")).course(form, NOW))
    assert "rxf_core_x" not in repr(FrontKey("rxf_core_x"))


def test_who_judges_an_answer_himself_gets_it_after_one_sending():
    said = Conversation(NODE, ApiKey("secret"))
    for status in (200, 404, 409, 503):
        course = said.once(cases.own(), NOW)
        assert next(course).last
        with pytest.raises(StopIteration) as end:
            course.send(Now(NOW, _answer(status, {"code": "x"}, retry_after="1")))
        assert end.value.value.answer.status == status
