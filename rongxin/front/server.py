"""The two HTTP servers of a front: bytes in, bytes out; all thought is that of `inner` and `outer`.

They are two processes, so that what anybody outside may send is read where no key lies. Each takes a body
whole, within its time and size, before a thread is given to it: whoever sends slowly holds nothing up.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from rongxin.front import beside, forwarding, inner, outer
from rongxin.front import config as configs
from rongxin.front.config import Config, Side
from rongxin.front.replies import Asked, Reply, as_json, problem
from rongxin.outpost import bodies, parent, serving, tls
from rongxin.outpost.errors import Misconfigured

_CONFIG = "RONGXIN_FRONT_CONFIG"
_LOOK_SECONDS = 0.2
_PATIENCE_SECONDS = 3.0
_LOG = logging.getLogger(__name__)
_HEALTH = ("GET", "/healthz")

Act = Callable[[Asked], Reply]
#: Holds a request back until it is worth answering, by running what it has to ask in a thread.
Hold = Callable[[Asked, Callable[..., Awaitable[Any]]], Awaitable[None]]
Application = Callable[[Any, Any], Awaitable[None]]


def serve(path: Path, sides: tuple[Side, ...]) -> None:
    """Serve until told to stop. What is wrong is said here, and not by the processes that serve."""
    parent.end_with_starter()
    config = configs.read(path)
    if len({config.address(side) for side in sides}) < len(sides):
        raise Misconfigured("inner.listen, outer.listen: 两侧须用不同的地址 the sides need an address each")
    for side in sides:
        tls.opened(config.side(side).tls, config.at)
        _check_free(f"{side}.listen", *config.address(side))
    if "inner" in sides:
        inner.open_room(config).node.close()
    outer.open_porch(config)
    if len(sides) == 1:
        _run(path, config, sides[0])
        return
    beside.run([["front", "serve", "--config", str(path.absolute()), "--side", side] for side in sides])


def inner_application() -> Application:
    """Return the application of the inner side, in the process that serves it."""
    config = _begun()
    room = inner.open_room(config)
    never = threading.Event()
    forwarding.begin(config, room.inbox, never)
    forwarding.begin_sweeping(config, room.inbox, never)
    waits = asyncio.Semaphore(config.limits.waits)

    async def hold(asked: Asked, run: Callable[..., Awaitable[Any]]) -> None:
        after, seconds = inner.waited_for(asked)
        if not seconds or waits.locked() or not await run(inner.admitted, room, asked):
            return
        until = asyncio.get_running_loop().time() + seconds
        async with waits:
            while asyncio.get_running_loop().time() < until and await run(inner.last_event, room) <= after:
                await asyncio.sleep(_LOOK_SECONDS)

    return _application(config, lambda asked: inner.answer(room, asked), config.limits.body_mib << 20, hold)


def outer_application() -> Application:
    """Return the application of the outer side, in the process that serves it."""
    config = _begun()
    porch = outer.open_porch(config)
    return _application(config, lambda asked: outer.answer(porch, asked), outer.BODY_BYTES_MAX)


def _begun() -> Config:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)  # addresses with their queries are nobody's business
    parent.end_with_parent()
    return configs.read(Path(os.environ[_CONFIG]))


def _run(path: Path, config: Config, side: Side) -> None:
    files = tls.opened(config.side(side).tls, config.at)
    os.environ[_CONFIG] = str(path.absolute())
    serving.run(
        f"rongxin.front.server:{side}_application",
        config.address(side),
        files,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    )


def _check_free(key: str, host: str, port: int) -> None:
    """Refuse an address that another server has: two would share it without noticing. One that was killed
    takes a moment to be gone.
    """
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                return probe.bind((host, port))
        except OSError as error:
            if time.monotonic() > until:
                told = f"{key}: {host}:{port} 不能使用 can't be used ({error.strerror})"
                raise Misconfigured(told) from error
        time.sleep(_LOOK_SECONDS)


async def _at_once(asked: Asked, run: Callable[..., Awaitable[Any]]) -> None:
    return None


def _application(config: Config, act: Act, body_bytes: int, hold: Hold = _at_once) -> Application:
    limits = config.limits
    threads, at_work = ThreadPoolExecutor(limits.at_once), asyncio.Semaphore(limits.at_once)

    async def run(function: Callable[..., Any], *given: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(threads, function, *given)

    async def application(scope: Any, proto: Any) -> None:
        if (scope.method, scope.path) == _HEALTH:
            return _give_whole(proto, as_json({"status": "ok"}))
        try:
            body = await bodies.taken(proto, most=body_bytes, seconds=limits.body_seconds)
        except TimeoutError:
            return _give_whole(
                proto, problem(408, "too_slow", "请求内容未及时送达 the body didn't come in time")
            )
        except bodies.TooLarge:
            most = f"{body_bytes >> 20} MiB" if body_bytes >> 20 else f"{body_bytes >> 10} KiB"
            return _give_whole(
                proto, problem(413, "body_too_large", f"请求内容超过 {most} the body is too large")
            )
        asked = Asked(scope.method, scope.path, scope.query_string, _heads(scope), body)
        await hold(asked, run)
        if at_work.locked():
            title = "前置机正忙，请稍后重试 busy, come again"
            return _give_whole(proto, problem(503, "busy", title, headers={"retry-after": "1"}))
        async with at_work:
            try:
                reply = await run(act, asked)
            except Exception:
                _LOG.exception("a request could not be answered")
                reply = problem(500, "internal_error", "前置机内部错误，已记录 an error of the front, logged")
            await _give(proto, reply, run)
        return None

    return application


def _heads(scope: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in scope.headers.items()}


def _give_whole(proto: Any, reply: Reply) -> None:
    proto.response_bytes(reply.status, reply.headers, reply.body)


async def _give(proto: Any, reply: Reply, run: Callable[..., Awaitable[Any]]) -> None:
    """Give an answer, block after block as fast as it is taken; what breaks off stays shorter than said."""
    if reply.blocks is None:
        return _give_whole(proto, reply)
    try:
        way = proto.response_stream(reply.status, reply.headers)
        while (block := await run(next, reply.blocks, None)) is not None:
            await way.send_bytes(block)
    except Exception as error:
        _LOG.warning("an answer broke off on its way: %r", error)
    finally:
        await run(reply.close)
    return None
