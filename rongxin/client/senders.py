"""The two thin senders: `Client` and `AsyncClient` carry by httpx what a conversation says.

`Client("https://node.example", ApiKey(secret)).send(cases.open_case(uscc, "DK-1"))`
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from rongxin.client.calls import Call, Page, Plan, Reply, Wait
from rongxin.client.conversation import Broken, Conversation, Course, Now, Patience, Request
from rongxin.client.credentials import Credentials
from rongxin.client.errors import Unreachable

T = TypeVar("T")


@dataclass(frozen=True)
class Carried:
    """An answer as it came, its content not read yet; `close` it."""

    status: int
    headers: Mapping[str, str]
    blocks: Iterator[bytes]
    close: Callable[[], None]


@dataclass(frozen=True)
class Way:
    """How a node is reached: own certificates or a client's (mTLS) in `tls`, a `proxy` if there is one.

    `issuer` is the node's own address where `node` is that of a machine in between. Settings of the
    environment (proxies, `.netrc`) count for nothing: they could put another key in the place of ours.
    `told` hears of each request that went out: its method, its address and the answer's status, 0 for none.
    """

    timeout_seconds: float = 60.0
    tls: ssl.SSLContext | None = None
    proxy: str | None = None
    issuer: str = ""
    patience: Patience | None = None
    told: Callable[[str, str, int], None] | None = None

    def options(self) -> dict[str, Any]:
        """Return what httpx is told."""
        return {
            "timeout": self.timeout_seconds,
            "verify": self.tls or True,
            "proxy": self.proxy,
            "trust_env": False,
            "follow_redirects": False,
        }

    def tell(self, step: Request | Wait, now: Now) -> Now:
        """Tell of a request that went out, and give back what came of it."""
        if self.told is not None and isinstance(step, Request):
            status = now.answer.status if isinstance(now.answer, Reply) else 0
            self.told(step.method, step.url, status)
        return now


class Client:
    """An institution's connection; may be shared by threads. `close` it, or use it in a `with`."""

    def __init__(self, node: str, credentials: Credentials, way: Way | None = None) -> None:
        self._way = way = way or Way()
        self._said = Conversation(node, credentials, issuer=way.issuer, patience=way.patience)
        self._http = httpx.Client(**way.options())

    def send(self, call: Call[T]) -> T:
        """Return what a call gives; raises `Problem`, `Unreachable` or `Unreadable`."""
        course = self._said.course(call, _now())
        try:
            step = next(course)
            while True:
                step = course.send(self._way.tell(step, self._done(step)))
        except StopIteration as end:
            result: T = end.value
            return result

    def each(self, call: Call[Page[T]]) -> Iterator[T]:
        """Go through a list to its end, page after page, each fetched when it is needed."""
        following: Call[Page[T]] | None = call
        while following is not None:
            page = self.send(following)
            yield from page.rows
            following = page.next

    def run(self, plan: Plan[T]) -> T:
        """Go through several calls that end in one result."""
        try:
            step = next(plan)
            while True:
                done = self._done(step) if isinstance(step, Wait) else self.send(step)
                step = plan.send(done)
        except StopIteration as end:
            result: T = end.value
            return result

    def carry(self, call: Call[Any]) -> Carried:
        """Send a call one time and hand on what comes, whatever its status; raises `Unreachable`, or the
        problem of a token that isn't given.
        """
        course = self._said.once(call, _now())
        step, answer = next(course), None
        while True:
            if isinstance(step, Request) and step.last:
                now, answer = self._begun(step)
            else:
                now, answer = self._done(step), None
            try:
                step = course.send(self._way.tell(step, now))
            except StopIteration:
                break
            if answer is not None:
                answer.close()
        if answer is None:
            raise Unreachable(now.answer.why if isinstance(now.answer, Broken) else "no answer")
        return Carried(answer.status_code, dict(answer.headers), answer.iter_bytes(), answer.close)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _done(self, step: Request | Wait) -> Now:
        if isinstance(step, Wait):
            time.sleep(step.seconds)
            return Now(_now())
        try:
            with self._http.stream(
                step.method, step.url, headers=dict(step.headers), content=step.body
            ) as answer:
                if _begins(step, answer):
                    for block in answer.iter_bytes():
                        _take(step, block)
                    return Now(_now(), _reply(answer, b""))
                return Now(_now(), _reply(answer, answer.read()))
        except httpx.RequestError as error:
            return Now(_now(), Broken(repr(error)))

    def _begun(self, step: Request) -> tuple[Now, httpx.Response | None]:
        """Send a request and read its answer's head; of a 401 all, for it may be the token's end."""
        asked = self._http.build_request(step.method, step.url, headers=dict(step.headers), content=step.body)
        try:
            answer = self._http.send(asked, stream=True)
            body = answer.read() if answer.status_code == 401 else b""
        except httpx.RequestError as error:
            return Now(_now(), Broken(repr(error))), None
        return Now(_now(), _reply(answer, body)), answer


class AsyncClient:
    """The same for asyncio: `async with`, `await bank.send(…)`, `async for one in bank.each(…)`."""

    def __init__(self, node: str, credentials: Credentials, way: Way | None = None) -> None:
        self._way = way = way or Way()
        self._said = Conversation(node, credentials, issuer=way.issuer, patience=way.patience)
        self._http = httpx.AsyncClient(**way.options())

    async def send(self, call: Call[T]) -> T:
        """Return what a call gives; raises `Problem`, `Unreachable` or `Unreadable`."""
        course: Course[T] = self._said.course(call, _now())
        try:
            step = next(course)
            while True:
                step = course.send(self._way.tell(step, await self._done(step)))
        except StopIteration as end:
            result: T = end.value
            return result

    async def each(self, call: Call[Page[T]]) -> AsyncIterator[T]:
        """Go through a list to its end, page after page, each fetched when it is needed."""
        following: Call[Page[T]] | None = call
        while following is not None:
            page = await self.send(following)
            for row in page.rows:
                yield row
            following = page.next

    async def run(self, plan: Plan[T]) -> T:
        """Go through several calls that end in one result."""
        try:
            step = next(plan)
            while True:
                done = await self._done(step) if isinstance(step, Wait) else await self.send(step)
                step = plan.send(done)
        except StopIteration as end:
            result: T = end.value
            return result

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _done(self, step: Request | Wait) -> Now:
        if isinstance(step, Wait):
            await asyncio.sleep(step.seconds)
            return Now(_now())
        try:
            async with self._http.stream(
                step.method, step.url, headers=dict(step.headers), content=step.body
            ) as answer:
                if _begins(step, answer):
                    async for block in answer.aiter_bytes():
                        _take(step, block)
                    return Now(_now(), _reply(answer, b""))
                return Now(_now(), _reply(answer, await answer.aread()))
        except httpx.RequestError as error:
            return Now(_now(), Broken(repr(error)))


def _begins(step: Request, answer: httpx.Response) -> bool:
    """Whether the content goes to the call's sink; it is told so."""
    if step.sink is None or answer.status_code >= 300:
        return False
    step.sink.begin(answer.status_code, dict(answer.headers))
    return True


def _take(step: Request, block: bytes) -> None:
    assert step.sink is not None
    step.sink.take(block)


def _reply(answer: httpx.Response, body: bytes) -> Reply:
    return Reply(answer.status_code, dict(answer.headers), body)


def _now() -> datetime:
    return datetime.now(UTC)
