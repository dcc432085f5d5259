"""The way to the node: a request of the interface, carried with the front's own key, its answer as it comes.

The front has no patience of its own: it sends a request one time, and whoever asks repeats it by its key.
"""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Iterator
from typing import IO, Any
from urllib.parse import quote

from rongxin.client.calls import Call
from rongxin.client.calls import Reply as Answer
from rongxin.client.credentials import PrivateKey
from rongxin.client.errors import ClientError, Problem, Unreachable
from rongxin.client.senders import Carried, Client, Way
from rongxin.front import headers
from rongxin.front.config import Config
from rongxin.front.replies import Asked, Denied, Reply
from rongxin.outpost.errors import Misconfigured
from rongxin.proof import signers

PREFIX = "/api/v1/"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_MEMORY = 1 << 20
_BLOCK = 1 << 16
_AGAIN_SECONDS = "2"


def client(config: Config) -> Client:
    """Return the connection to the node; raises `Misconfigured` or `ProofError`."""
    key = signers.load(config.at(config.keys.tokens))
    way = Way(
        timeout_seconds=config.limits.node_seconds,
        tls=trusted(config),
        proxy=config.reach.proxy or None,
        issuer=config.reach.issuer,
    )
    return Client(config.node, PrivateKey(config.account, key), way)


def trusted(config: Config) -> ssl.SSLContext | None:
    """Return whose word counts for the node's certificate, and what is shown to it; None: as usual."""
    reach = config.reach
    if reach.authority is None and reach.certificate is None:
        return None
    try:
        context = ssl.create_default_context(cafile=reach.authority and config.at(reach.authority))
        if reach.certificate is not None:
            shown = config.at(reach.certificate)
            context.load_cert_chain(shown, config.at(reach.private_key) if reach.private_key else None)
    except (OSError, ValueError) as error:
        raise Misconfigured(f"reach: 证书不能读取 a certificate can't be read ({error})") from error
    return context


def path_of(decoded: str) -> str:
    """Return a path of the interface as it follows `/api/v1/`; raises `Denied` for one that isn't plain.

    What is allowed is judged by it and what is sent is made of it: nobody gets elsewhere by a way of writing.
    """
    path = decoded.removeprefix(PREFIX)
    if any(part in ("", ".", "..") for part in path.split("/")) or not path.isprintable():
        raise Denied(404, "not_found", "没有这个地址 no such path")
    return path


def carry(node: Client, asked: Asked, path: str) -> Reply:
    """Send a request on, and return what comes; raises `Denied` where the node can't be had."""
    query = f"?{asked.query}" if asked.query else ""
    place = quote(path, safe="/:@!$&'()*+,;=~") + query
    return sent(node, Call(asked.method, place, _unread, headers.asked(asked.headers), asked.body or None))


def sent(node: Client, call: Call[Any]) -> Reply:
    """Send a call one time, and return what comes; raises `Denied` where the node can't be had."""
    try:
        return _handed_on(node.carry(call), call.method)
    except ClientError as error:
        raise denied(error) from error


def denied(error: ClientError) -> Denied:
    """Return what an inner system is told where the front itself wasn't served."""
    if isinstance(error, Problem) and error.status < 500:
        return _not_admitted(str(error))
    again = {"headers": {"retry-after": _AGAIN_SECONDS}}
    if isinstance(error, Problem | Unreachable):
        title = "平台暂不可达，请稍后重试 the node can't be reached at present"
        return Denied(503, "node_unreachable", title, detail=str(error), **again)
    return Denied(
        502, "node_unreadable", "平台的应答不能识别 the node's answer can't be read", detail=str(error)
    )


def _handed_on(carried: Carried, method: str) -> Reply:
    if carried.status == 401:  # said to the front, not to who asks here: its secret is good
        said = b"".join(carried.blocks).decode(errors="replace")
        carried.close()
        raise _not_admitted(said[:500])
    reply = Reply(carried.status, headers.answered(carried.headers), close=carried.close)
    if method == "HEAD" or carried.status in (204, 304):
        carried.close()
    elif dict(reply.headers).get("content-length"):
        reply.blocks = carried.blocks
    else:
        _measured(reply, carried)
    return reply


def _measured(reply: Reply, carried: Carried) -> None:
    """Take an answer of unknown length in first: what breaks off must not look like a whole one."""
    kept: IO[bytes] = tempfile.SpooledTemporaryFile(_MEMORY)  # noqa: SIM115 - closed with the reply
    try:
        for block in carried.blocks:
            kept.write(block)
    except Exception as error:
        kept.close()
        raise Unreachable(f"the answer broke off ({error!r})") from error
    finally:
        carried.close()
    reply.headers.append(("content-length", str(kept.tell())))
    kept.seek(0)
    reply.blocks, reply.close = _read(kept), kept.close


def _read(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block


def _not_admitted(detail: str) -> Denied:
    title = "平台未受理前置机的身份，请运行 rongxin front check the node doesn't admit the front's key"
    return Denied(502, "front_not_admitted", title, detail=detail)


def _unread(reply: Answer) -> None:
    return None
