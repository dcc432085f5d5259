"""The HTTP server of a gateway: bytes in, bytes out; all thought is the door's."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

import orjson
from granian import Granian
from granian.constants import Interfaces

from rongxin.catalogue import loader
from rongxin.exchange import question as questions
from rongxin.gateway import config as configs
from rongxin.gateway import trust
from rongxin.gateway.config import Config
from rongxin.gateway.door import BODY_BYTES_MAX, Door, Reply, refused
from rongxin.gateway.evidence import Evidence, secret_of
from rongxin.gateway.sources import opening
from rongxin.outpost import parent, tls
from rongxin.outpost.errors import Misconfigured
from rongxin.outpost.watched import Directory
from rongxin.proof import canonical
from rongxin.proof.http_messages import Request
from rongxin.proof.keys import Keyring, SigningKey, VerifyingKey

KEY = "gateway"
_CONFIG = "RONGXIN_GATEWAY_CONFIG"
_TYPE = "application/json"

Environ = Mapping[str, Any]
Doors = Mapping[str, Door]
Served = Mapping[str, list[str]]
Start = Callable[[str, list[tuple[str, str]]], object]


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
    host, port = config.address
    os.environ[_CONFIG] = os.pathsep.join(str(path.absolute()) for path in paths)
    files = tls.opened(config.tls, config.at)
    Granian(
        "rongxin.gateway.server:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=config.limits.workers,
        backlog=256,
        log_access=False,
        ssl_cert=files.certificate if files else None,
        ssl_key=files.key if files else None,
        ssl_ca=files.client_authority if files else None,
        ssl_client_verify=files is not None and files.client_authority is not None,
        factory=True,
    ).serve()


def application() -> Callable[[Environ, Start], Iterable[bytes]]:
    """Return the WSGI application of the configuration that `serve` names."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    parent.end_with_parent()
    read = [configs.read(Path(path)) for path in os.environ[_CONFIG].split(os.pathsep)]
    doors = {config.provider: open_door(config) for config in read}
    served = {config.provider: sorted(config.mapped) for config in read}
    return lambda environ, start: _handle(doors, served, environ, start)


def _handle(doors: Doors, served: Served, environ: Environ, start: Start) -> Iterable[bytes]:
    reply = _reply(doors, served, environ)
    phrase = f"{reply.status} {HTTPStatus(reply.status).phrase}"
    start(phrase, [("Content-Type", _TYPE), ("Content-Length", str(len(reply.body)))])
    return [reply.body]


def _reply(doors: Doors, served: Served, environ: Environ) -> Reply:
    method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    if (method, path) == ("GET", "/healthz"):
        return Reply(200, canonical.dumps({"status": "ok", "served": served}))
    if path != questions.PATH:
        return refused(404, "not_found", "没有这个地址 no such path")
    if method != "POST":
        return refused(405, "method_not_allowed", "只接受 POST POST only")
    body = environ["wsgi.input"].read(BODY_BYTES_MAX + 1)
    if len(body) > BODY_BYTES_MAX:
        return refused(413, "too_large", f"请求超过 {BODY_BYTES_MAX >> 10} KiB")
    try:
        return _door(doors, body).answer(Request(method, _url(environ), _headers(environ), body))
    except Exception:
        logging.getLogger(__name__).exception("a question could not be answered")
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


def _url(environ: Environ) -> str:
    query = environ.get("QUERY_STRING", "")
    scheme, host = environ["wsgi.url_scheme"], environ.get("HTTP_HOST", "")
    return f"{scheme}://{host}{environ['PATH_INFO']}{'?' + query if query else ''}"


def _headers(environ: Environ) -> dict[str, str]:
    """What a signature may cover; the rest of a request's headers is nobody's evidence."""
    named = {
        "content-type": "CONTENT_TYPE",
        "content-digest": "HTTP_CONTENT_DIGEST",
        "signature-input": "HTTP_SIGNATURE_INPUT",
        "signature": "HTTP_SIGNATURE",
    }
    return {name: str(environ[key]) for name, key in named.items() if environ.get(key)}
