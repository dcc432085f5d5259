"""The HTTP server of a gateway: bytes in, bytes out; all thought is the door's.

A body is taken whole, within its time and size, before one of the workers' threads is given to it: anybody
who can connect may send, and must hold nobody up by sending slowly.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson

from rongxin.catalogue import loader
from rongxin.exchange import question as questions
from rongxin.gateway import config as configs
from rongxin.gateway import trust
from rongxin.gateway.config import Config
from rongxin.gateway.door import BODY_BYTES_MAX, Door, Reply, refused
from rongxin.gateway.evidence import Evidence, secret_of
from rongxin.gateway.sources import opening
from rongxin.outpost import bodies, parent, serving, tls
from rongxin.outpost.errors import Misconfigured
from rongxin.outpost.watched import Directory
from rongxin.proof import canonical
from rongxin.proof.http_messages import Request
from rongxin.proof.keys import Keyring, SigningKey, VerifyingKey

KEY = "gateway"
_CONFIG = "RONGXIN_GATEWAY_CONFIG"
_TYPE = "application/json"

#: A node sends a question at once; this long may a bad line take over it.
BODY_SECONDS = 5.0
#: At most so many connections are open at a time. A slow one costs its body alone, so there may be many.
_CONNECTIONS_MAX = 1024
_LOG = logging.getLogger(__name__)

Doors = Mapping[str, Door]
Served = Mapping[str, list[str]]
Application = Callable[[Any, Any], Awaitable[None]]


def open_door(config: Config) -> Door:
    """Open everything that a gateway needs; raises `Misconfigured` with what is missing."""
    nodes, key = _trust(config), key_of(config)
    return Door(
        config,
        catalogue=loader.load(),
        source=opening.open_source(config),
        evidence=Evidence(config.place("evidence"), secret=secret_of(key)),
        key=key,
        nodes=nodes.now,
        institutions=Directory(config.place("institutions"), trust.institutions).now,
    )


def _trust(config: Config) -> Directory[Mapping[str, VerifyingKey]]:
    """Return the directory of the nodes' keys; raises `Misconfigured` where nobody could ever ask."""
    platform = config.place("platform")
    nodes = Directory(platform, trust.nodes)
    if not nodes.now():
        raise Misconfigured(
            f"{platform}: 没有平台公钥，请放入 *.pub.pem put the node's public key there; nobody else may ask"
        )
    return nodes


def key_of(config: Config) -> SigningKey:
    """Return the gateway's own key, made at its first start."""
    return Keyring(config.place("keys"), create=True).signing(KEY)


def serve(paths: Sequence[Path]) -> None:
    """Serve until told to stop. Several providers may share one server, at the first one's address: each
    keeps its own store, key and evidence.
    """
    parent.end_with_starter()
    read = [configs.read(path) for path in paths]
    for each in read:  # what is wrong is said here, and not by the worker
        _trust(each)
        opening.open_source(each).close()
        key_of(each)
        tls.opened(each.tls, each.at)
    if len({each.provider for each in read}) < len(read):
        raise Misconfigured("同一单位只能有一份配置 one configuration a provider")
    config = read[0]
    os.environ[_CONFIG] = os.pathsep.join(str(path.absolute()) for path in paths)
    files = tls.opened(config.tls, config.at)
    serving.run("rongxin.gateway.server:application", config.address, files, backpressure=_CONNECTIONS_MAX)


def application() -> Application:
    """Return the RSGI application of the configuration that `serve` names."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    parent.end_with_parent()
    read = [configs.read(Path(path)) for path in os.environ[_CONFIG].split(os.pathsep)]
    doors = {config.provider: open_door(config) for config in read}
    served = {config.provider: sorted(config.mapped) for config in read}
    threads = ThreadPoolExecutor(read[0].limits.workers, "door")

    async def application(scope: Any, proto: Any) -> None:
        reply = await _reply(doors, served, threads, scope, proto)
        proto.response_bytes(reply.status, [("content-type", _TYPE)], reply.body)

    return application


async def _reply(doors: Doors, served: Served, threads: ThreadPoolExecutor, scope: Any, proto: Any) -> Reply:
    if (scope.method, scope.path) == ("GET", "/healthz"):
        return Reply(200, canonical.dumps({"status": "ok", "served": served}))
    if scope.path != questions.PATH:
        return refused(404, "not_found", "没有这个地址 no such path")
    if scope.method != "POST":
        return refused(405, "method_not_allowed", "只接受 POST POST only")
    try:
        body = await bodies.taken(proto, most=BODY_BYTES_MAX, seconds=BODY_SECONDS)
    except TimeoutError:
        return refused(408, "too_slow", "请求内容未及时送达 the body didn't come in time")
    except bodies.TooLarge:
        return refused(413, "too_large", f"请求超过 {BODY_BYTES_MAX >> 10} KiB")
    asked = Request(scope.method, _url(scope), _headers(scope), body)
    return await asyncio.get_running_loop().run_in_executor(threads, _answer, doors, asked)


def _answer(doors: Doors, asked: Request) -> Reply:
    try:
        return _door(doors, asked.body).answer(asked)
    except Exception:
        _LOG.exception("a question could not be answered")
        return refused(503, "unavailable", "网关暂不可用 the gateway can't answer at present")


def _door(doors: Doors, body: bytes) -> Door:
    """Return the door of the provider that a question names; any other door says what is wrong with it."""
    first = next(iter(doors.values()))
    if len(doors) == 1:
        return first
    try:
        return doors.get(orjson.loads(body)["question"]["provider"], first)
    except (ValueError, KeyError, TypeError):
        return first


def _url(scope: Any) -> str:
    host = scope.headers.get("host") or scope.authority or ""
    query = f"?{scope.query_string}" if scope.query_string else ""
    return f"{scope.scheme}://{host}{scope.path}{query}"


def _headers(scope: Any) -> dict[str, str]:
    """What a signature may cover; the rest of a request's headers is nobody's evidence."""
    named = ("content-type", "content-digest", "signature-input", "signature")
    return {name: value for name in named if (value := scope.headers.get(name))}
