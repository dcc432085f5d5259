"""The inner side: the node's own interface for the bank's systems, and the few things that a front adds.

Each request is known by its secret, allowed by its caller's list, and written down before it is answered.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

from rongxin.client import sealed
from rongxin.client.errors import ClientError
from rongxin.client.senders import Client
from rongxin.front import callers, carrying, replies, signing
from rongxin.front.config import Config
from rongxin.front.errors import FrontError
from rongxin.front.events import Inbox
from rongxin.front.log import Line, Log
from rongxin.front.replies import Asked, Denied, Reply
from rongxin.outpost.errors import Misconfigured
from rongxin.outpost.watched import Directory
from rongxin.proof import boxes, signers
from rongxin.proof.errors import ProofError
from rongxin.proof.keys import Signs

REQUEST = "front-request"
EVENTS = "/front/events"
_EVENTS_AT_ONCE = 1000
_PATH_LENGTH = 300
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Room:
    """All that the inner side holds."""

    config: Config
    node: Client
    inbox: Inbox
    log: Log
    callers: Directory[Mapping[str, callers.Caller]]
    signatures: Signs | None
    opener: boxes.PrivateKey | None


def open_room(config: Config) -> Room:
    """Open keys and files; raises `Misconfigured`, `ProofError` or `FrontError` with what is missing."""
    keys = config.keys
    return Room(
        config,
        node=carrying.client(config),
        inbox=Inbox(config.place("events")),
        log=Log(config.place("log")),
        callers=Directory(config.place("callers"), callers.read),
        signatures=signers.load(config.at(keys.signatures)) if keys.signatures else None,
        opener=boxes.opener(config.at(keys.sealing)) if keys.sealing else None,
    )


def answer(room: Room, asked: Asked) -> Reply:
    """Answer one request; nothing is answered that isn't written down."""
    began, number, name = time.monotonic(), str(uuid4()), ""
    try:
        known = _known(room, asked)
        name = known.name
        reply = _answered(room, known, asked)
    except Denied as no:
        reply = no.reply()
    except (FrontError, Misconfigured, ProofError, OSError) as error:
        _LOG.exception("request %s could not be answered", number)
        reply = _unavailable(str(error))
    line = Line(
        at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        caller=name,
        method=asked.method[:10],
        path=asked.path[:_PATH_LENGTH],
        status=reply.status,
        request=number,
        milliseconds=round((time.monotonic() - began) * 1000),
    )
    try:
        room.log.append(line)
    except FrontError:
        _LOG.exception("request %s could not be written down", number)
        reply.close()
        reply = _unavailable("使用记录未能写入 what was asked could not be written down")
    reply.headers.append((REQUEST, number))
    return reply


def last_event(room: Room) -> int:
    return room.inbox.last()


def waited_for(asked: Asked) -> tuple[int, float]:
    """Return behind which position an event is waited for, and for how many seconds; 0 where not."""
    if asked.path != EVENTS:
        return 0, 0.0
    said = dict(parse_qsl(asked.query))
    try:
        return int(said.get("after", "0")), min(max(float(said.get("wait", "0")), 0.0), 30.0)
    except ValueError:
        return 0, 0.0


def admitted(room: Room, asked: Asked) -> bool:
    """Say whether a request is one that may wait: of a caller, and allowed."""
    try:
        return _known(room, asked).caller.may(asked.method, asked.path)
    except (Denied, Misconfigured):
        return False


def _known(room: Room, asked: Asked) -> callers.Known:
    known = callers.who(room.callers.now(), asked.headers.get("authorization", ""))
    if known is None:
        title = "口令无效：请在 Authorization 头中携带前置机发给本系统的口令 (Bearer) no such secret"
        raise Denied(401, "unauthenticated", title, headers={"www-authenticate": "Bearer"})
    return known


def _answered(room: Room, known: callers.Known, asked: Asked) -> Reply:
    of_node = asked.path.startswith(carrying.PREFIX)
    path = carrying.path_of(asked.path) if of_node else asked.path
    if not of_node and path not in _OWN:
        raise Denied(404, "not_found", "没有这个地址 no such path")
    if not known.caller.may(asked.method, path):
        title = f"系统“{known.name}”未获准使用 {asked.method} {path} not allowed by callers/{known.name}.yaml"
        raise Denied(403, "not_allowed", title)
    if not of_node:
        method, act = _OWN[path]
        if asked.method != method:
            raise Denied(405, "method_not_allowed", f"只接受 {method}", headers={"allow": method})
        return act(room, asked)
    if asked.method not in carrying.METHODS:
        raise Denied(405, "method_not_allowed", "没有这种方法 no such method")
    if signing.is_form(path):
        return signing.signed_form(asked, path, room.node, room.config.account)
    consent = signing.receipt_of(asked, path)
    if consent is not None and room.signatures is not None:
        asked = signing.signed_receipt(asked, consent, room.node, room.signatures)
    return carrying.carry(room.node, asked, path)


def _about(room: Room, asked: Asked) -> Reply:
    """Say what an inner system needs to know of its front."""
    opener = room.opener and room.opener.public_key()
    return replies.as_json(
        {
            "account": room.config.account,
            "node": room.config.node,
            "last_event": room.inbox.last(),
            "seal_to": boxes.public_text(opener).decode() if opener else None,
            "seal_to_fingerprint": boxes.fingerprint(opener) if opener else None,
        }
    )


def _events(room: Room, asked: Asked) -> Reply:
    said = dict(parse_qsl(asked.query))
    try:
        after, limit = int(said.get("after", "0")), int(said.get("limit", "100"))
        if after < 0 or not 1 <= limit <= _EVENTS_AT_ONCE or after >> 62:
            raise ValueError("out of range")
    except ValueError as error:
        title = f"after 为非负整数，limit 为 1 至 {_EVENTS_AT_ONCE} after and limit must be such numbers"
        raise Denied(422, "invalid_request", title) from error
    found = room.inbox.after(after, limit)
    last = found[-1].position if found else after
    return replies.as_json({"events": [one.document() for one in found], "last": last})


def _opened(room: Room, asked: Asked) -> Reply:
    """Open what providers sealed in a report; the report itself stays as it came."""
    if room.opener is None:
        title = "未配置密封密钥 (keys.sealing) no key that opens is configured"
        raise Denied(409, "no_sealing_key", title)
    report: Any = replies.read_json(asked.body)
    try:
        return replies.as_json(sealed.opened(report, room.opener))
    except (ProofError, ClientError) as error:
        title = "不能打开：不是密封给本机构的报告，或已被改动 not sealed to this key, or changed"
        raise Denied(422, "not_opened", title, detail=str(error)) from error


def _unavailable(detail: str) -> Reply:
    title = "前置机暂不可用，请联系本机构的管理员 the front can't answer at present"
    return replies.problem(503, "front_unavailable", title, headers={"retry-after": "5"}, detail=detail)


_OWN = {
    "/front": ("GET", _about),
    EVENTS: ("GET", _events),
    "/front/opened": ("POST", _opened),
}
