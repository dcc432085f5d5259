"""What is said in which order, without a wire: a course yields requests and waits, and is sent the answers.

Here alone stand the token's renewal, what is repeated and how long is waited. A sender only carries.
"""

from __future__ import annotations

import random
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from rongxin.client import errors
from rongxin.client.calls import Call, Reply, Sink, Wait
from rongxin.client.credentials import Credentials
from rongxin.client.errors import ClientError, Problem, Unreachable

T = TypeVar("T")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_FIRST_PAUSE_SECONDS = 0.25
# A proxy in between says these for a node that can't be reached; the node itself gives a code with them.
_OF_A_PROXY = (502, 503, 504)


@dataclass(frozen=True)
class Request:
    """What a sender is to send."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    sink: Sink | None = None
    #: Its answer is the call's own: a sender that hands it on needn't read it.
    last: bool = False


@dataclass(frozen=True)
class Broken:
    """What a sender says where no whole answer came."""

    why: str


@dataclass(frozen=True)
class Now:
    """What a sender says when it has waited or carried: nothing, an answer, or that none came."""

    at: datetime
    answer: Reply | Broken | None = None


Course = Generator[Request | Wait, Now, T]


@dataclass(frozen=True)
class Patience:
    """How often one call is tried, and how long it waits in all before its problem is raised."""

    attempts: int = 4
    seconds: float = 30.0


class WrongAddress(ClientError):
    """The node's address isn't one that a key may be sent to: https, without anything behind the host."""

    code = "wrong_address"


class Conversation:
    """One client's standing at a node; `issuer` is the node's own address where it is reached by another."""

    def __init__(
        self, node: str, credentials: Credentials, *, issuer: str = "", patience: Patience | None = None
    ) -> None:
        self._base = _checked(node)
        self._standing = credentials.begin(issuer.rstrip("/") or self._base)
        self._patience = patience or Patience()

    def course(self, call: Call[T], now: datetime) -> Course[T]:
        """Go through one call: with a token, again where that is safe, to its result or its problem."""
        waited, attempt = 0.0, 1
        while True:
            told = yield from self.once(call, now)
            now, answer = told.at, told.answer
            if isinstance(answer, Reply) and answer.status < 400:
                return call.read(answer)
            pause = self._pause(answer, attempt, now)
            if isinstance(answer, Reply):
                failure: ClientError = errors.of(answer.status, answer.headers, answer.body, now=now)
            else:
                failure = Unreachable(f"{call.method} {self._base}: {answer.why if answer else 'no answer'}")
            if call.form is not None:  # what it carries is good for one attempt
                raise failure
            if pause is None or attempt >= self._patience.attempts or waited + pause > self._patience.seconds:
                raise failure
            now = (yield Wait(pause)).at
            waited, attempt = waited + pause, attempt + 1

    def once(self, call: Call[Any], now: datetime) -> Course[Now]:
        """Have a call sent one time, for whoever judges its answer himself: with a token, and with another
        where the node believes it no more. Raises the problem of a token that isn't given.
        """
        renewed = False
        while True:
            if call.form is None:
                now = yield from self._with_token(now)
            told = yield self._signed(call, now)
            if renewed or call.form is not None or not _believed_no_more(told) or not self._standing.drop():
                return told
            now, renewed = told.at, True

    def _with_token(self, now: datetime) -> Generator[Request | Wait, Now, datetime]:
        """Ask for a token where one is needed: its assertion and its proof are good for one attempt each."""
        attempt = 1
        while (asked := self._standing.needs(now)) is not None:
            told = yield Request(asked.method, self._place(asked.path), asked.headers, asked.body)
            now = told.at
            if isinstance(told.answer, Reply):
                if told.answer.status >= 400:
                    raise errors.of(told.answer.status, told.answer.headers, told.answer.body, now=now)
                self._standing.take(asked.read(told.answer), now)
            elif attempt >= self._patience.attempts:
                raise Unreachable(f"{self._base}: {told.answer.why if told.answer else 'no answer'}")
            else:
                now = (yield Wait(_backing_off(attempt))).at
                attempt += 1
        return now

    def _signed(self, call: Call[T], now: datetime) -> Request:
        if call.form is not None:
            said, body = self._standing.vouch(call, now)
            return Request(call.method, self._place(call.path), {**call.headers, **said}, body, last=True)
        more = call.sink.headers() if call.sink else {}
        headers = {**call.headers, **more, **self._standing.headers(call, now)}
        return Request(call.method, self._place(call.path), headers, call.body, call.sink, last=True)

    def _place(self, path: str) -> str:
        return f"{self._base}/api/v1/{path}"

    @staticmethod
    def _pause(answer: Reply | Broken | None, attempt: int, now: datetime) -> float | None:
        """Return how long to wait before another attempt; None where another one would not help.

        Every call can be sent twice: reading changes nothing, writing brings its key.
        """
        if not isinstance(answer, Reply):
            return _backing_off(attempt)
        failure: Problem = errors.of(answer.status, answer.headers, answer.body, now=now)
        if answer.status in (409, 429, 503) and failure.retry_after is not None:
            return failure.retry_after
        if answer.status in _OF_A_PROXY and "code" not in failure.members:
            return _backing_off(attempt)
        return None


def _believed_no_more(told: Now) -> bool:
    answer = told.answer
    if not isinstance(answer, Reply) or answer.status != 401:
        return False
    return errors.of(answer.status, answer.headers, answer.body, now=told.at).code == "invalid_token"


def _backing_off(attempt: int) -> float:
    """Twice as long each time, and not all clients at once."""
    return _FIRST_PAUSE_SECONDS * 2.0 ** (attempt - 1) * random.uniform(0.5, 1.5)


def _checked(node: str) -> str:
    base = node.rstrip("/").removesuffix("/api/v1")
    parts = urlsplit(base)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    if not safe or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise WrongAddress(f"{node!r}: give the node's address as https://HOST (http on this machine only)")
    return base
