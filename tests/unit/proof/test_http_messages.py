"""Our own spelling of a signature says what the library's would, and none more is believed by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongxin.proof import http_messages
from rongxin.proof.errors import Forged
from rongxin.proof.http_messages import Request
from rongxin.proof.keys import SigningKey

KEY = SigningKey.generate("node")
KEYS = {KEY.id: KEY.public}
NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
URLS = (
    "http://127.0.0.1:8443/a/b",
    "https://tax.example/rongxin",
    "http://h:80/x",
    "http://H/x",
    "http://h/x?q=1",
)
TYPES = ("application/json", "text/plain; charset=utf-8")
NONCES = ("n-1_", 'a"b', "a b")


def _signed(url: str, type_: str, nonce: str, body: bytes) -> Request:
    request = Request("POST", url, {"content-type": type_}, body)
    http_messages.sign(request, KEY, tag="t", nonce=nonce, created=NOW)
    request.headers = {name.lower(): value for name, value in request.headers.items()}
    return request


def _by_library(request: Request) -> Any:
    try:
        return http_messages._by_library(request, KEYS, tag="t")
    except Forged:
        return None


@given(st.sampled_from(URLS), st.sampled_from(TYPES), st.sampled_from(NONCES), st.binary(max_size=20))
def test_what_we_sign_the_library_believes_whatever_the_spelling(
    url: str, type_: str, nonce: str, body: bytes
) -> None:
    request = _signed(url, type_, nonce, body)
    found = http_messages.verify(request, KEYS, tag="t", now=NOW, window=timedelta(seconds=1))
    assert found == _by_library(request)
    assert (found.key, found.created, found.nonce) == (KEY.id, NOW, nonce)


@pytest.mark.parametrize("plain", [True, False])
def test_the_plain_spelling_is_byte_for_byte_the_librarys(
    plain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = _signed(URLS[0], TYPES[0], NONCES[0], b"{}")
    if not plain:  # the library signs what has more than one spelling
        monkeypatch.setattr(http_messages, "_base", lambda *given: None)
    assert _signed(URLS[0], TYPES[0], NONCES[0], b"{}").headers == ours.headers


@given(st.data())
def test_what_is_plainly_believed_the_library_believes_too(data: st.DataObject) -> None:
    request = _signed(data.draw(st.sampled_from(URLS[:2])), TYPES[0], "n1", b'{"a":1}')
    name = data.draw(st.sampled_from(sorted(request.headers)))
    value = request.headers[name]
    place = data.draw(st.integers(0, len(value) - 1))
    new = data.draw(st.characters(min_codepoint=9, max_codepoint=255))
    request.headers[name] = value[:place] + new + value[place + data.draw(st.integers(0, 1)) :]
    plainly = http_messages._plainly(request, KEYS, tag="t")
    if request.headers[name] != value:
        assert plainly is None
    assert plainly is None or plainly == _by_library(request)


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "PUT"},
        {"url": "http://127.0.0.1:8443/a/c"},
        {"url": "http://127.0.0.1:8444/a/b"},
        {"body": b"[]"},
    ],
)
def test_a_changed_request_is_not_believed(changes: dict[str, Any]) -> None:
    request = _signed(URLS[0], TYPES[0], NONCES[0], b"{}")
    for part, value in changes.items():
        setattr(request, part, value)
    with pytest.raises(Forged):
        http_messages.verify(request, KEYS, tag="t", now=NOW, window=timedelta(seconds=1))
