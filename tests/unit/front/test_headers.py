"""What of heads passes a front: by short lists, and no address leads around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rongxin.front import headers

_NAMES = some.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=20)
#: What the interface's own addresses in an answer are told by.
_MEANT = {"accept", "content-type", "idempotency-key", "range", "prefer", "if-range", "if-none-match"}


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "dpop",
        "cookie",
        "host",
        "forwarded",
        "x-forwarded-for",
        "connection",
        "content-length",
    ],
)
def test_what_a_caller_says_of_itself_stays_inside(name: str) -> None:
    assert name not in headers.asked({name: "x"})


def test_what_the_interface_means_goes_along() -> None:
    said = dict.fromkeys(_MEANT, "x")
    assert set(headers.asked(said)) >= _MEANT


@given(some.dictionaries(_NAMES, some.just("x")))
def test_nothing_that_is_not_listed_passes_either_way(given_: dict[str, str]) -> None:
    assert set(headers.asked(given_)) - {"accept-encoding"} <= set(headers._ASKED)
    assert {name for name, _ in headers.answered(given_)} <= set(headers._ANSWERED)


@pytest.mark.parametrize(
    "name", ["set-cookie", "www-authenticate", "transfer-encoding", "connection", "server"]
)
def test_what_the_node_says_to_the_front_stays_there(name: str) -> None:
    assert headers.answered({name: "x"}) == []


@pytest.mark.parametrize(
    ("name", "said", "given_"),
    [
        (
            "link",
            '<https://node.example/api/v1/cases?cursor=a>; rel="next"',
            '</api/v1/cases?cursor=a>; rel="next"',
        ),
        ("link", "<http://10.0.0.1:8000/api/v1/a>, <https://n/api/v1/b>", "</api/v1/a>, </api/v1/b>"),
        ("link", "<https://elsewhere.example/terms>", "<https://elsewhere.example/terms>"),
        ("location", "/api/v1/reports/1", "/api/v1/reports/1"),
        ("location", "https://node.example/api/v1/reports/1", "/api/v1/reports/1"),
        ("retry-after", "2", "2"),
        ("ratelimit", '"day";r=1;t=2', '"day";r=1;t=2'),
    ],
)
def test_addresses_of_the_interface_lead_to_the_front(name: str, said: str, given_: str) -> None:
    assert headers.answered({name: said}) == [(name, given_)]


def test_an_answer_that_was_packed_on_the_way_has_no_length_of_the_package() -> None:
    assert headers.answered({"content-length": "9", "content-encoding": "gzip"}) == []
    assert headers.answered({"content-length": "9"}) == [("content-length", "9")]
