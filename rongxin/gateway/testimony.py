"""What a provider shows of one request (举证): one file from its gateway's own evidence, checked alone.

The question as it came, what was decided, the receipt that was given, and the entry's place in the evidence:
a path to the root of a tree over the hashes of all entries, which the gateway signs. Of other requests it
holds hashes only. That no question is missing it can't prove; the node's evidence can.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from rongxin.exchange import question as questions
from rongxin.exchange import receipt as receipts
from rongxin.exchange.question import Question
from rongxin.gateway import deciding
from rongxin.gateway import evidence as evidences
from rongxin.gateway.config import Config
from rongxin.gateway.errors import GatewayError
from rongxin.gateway.evidence import Evidence, Kept
from rongxin.proof import checkpoint, http_messages, merkle
from rongxin.proof.checkpoint import Checkpoint
from rongxin.proof.errors import ProofError
from rongxin.proof.keys import SigningKey, VerifyingKey

FORMAT = "rongxin-testimony-1"
Keys = Mapping[str, VerifyingKey]
Document = Mapping[str, Any]


class NothingKept(GatewayError):
    """The evidence holds nothing of this request."""


class DoesNotHold(GatewayError):
    """The file doesn't hold together; the message begins with the part that is wrong."""


@dataclass(frozen=True)
class Trusted:
    """Public keys by id: of the gateway and of the nodes that it answers."""

    gateway: Keys
    node: Keys


def export(request: UUID, config: Config, *, key: SigningKey, nodes: Keys, now: datetime) -> dict[str, Any]:
    """Return the evidence of a request, held together by a tree head signed `now`; raises `NothingKept`,
    `Broken` where the chain doesn't hold, `DoesNotHold` where a part can't be proven any more.

    The export is an entry itself: claimed values of checks stand in the file.
    """
    path, secret = config.place("evidence"), evidences.secret_of(key)
    evidences.verify(path)
    log = Evidence(path, secret=secret)
    try:
        kept = evidences.of(path, str(request), secret=secret)
        if not kept:
            raise NothingKept(f"{path}: 没有该请求的证据 nothing is kept of request {request}")
        end = log.settle(lambda settling: settling.append({"at": now, "exported": request}, b"", once=()))
    finally:
        log.close()
    leaves = [merkle.leaf_hash(stated.encode()) for stated in evidences.hashes(path, until=end.position)]
    head = Checkpoint(origin(config.provider), end.position, merkle.root(leaves), now, end.position)
    document = {
        "format": FORMAT,
        "request": str(request),
        "provider": config.provider,
        "checkpoint": head.sign(key),
        "questions": [_question(one, merkle.inclusion_path(leaves, one.position - 1)) for one in kept],
        "keys": {"gateway": [key.public.pem()], "node": [node.pem() for node in nodes.values()]},
    }
    for _ in check(document, keys_of(document)):
        pass  # what can't be proven, for instance since a node's key is gone, is said here and not to a court
    return document


def origin(provider: str) -> str:
    """Return the name under which a gateway signs the tree of its evidence."""
    return f"rongxin-gateway/{provider}"


def keys_of(document: Document) -> Trusted:
    """Return the keys that the file brings along; they prove only that its parts belong together."""
    try:
        return Trusted(_by_id(document["keys"]["gateway"]), _by_id(document["keys"]["node"]))
    except (KeyError, TypeError, AttributeError, ProofError) as error:
        raise DoesNotHold(f"公钥 keys: 不能识别 can't be read ({error!r})") from error


def check(document: Document, trusted: Trusted) -> Iterator[str]:
    """Yield, one after another, what was found to hold; raises `DoesNotHold` at the first that doesn't."""
    if document.get("format") != FORMAT:
        raise DoesNotHold(f"格式 format: {document.get('format')!r} ≠ {FORMAT}")
    with _part("存证树根 checkpoint"):
        name = origin(document["provider"])
        believed = [VerifyingKey(key.raw, name) for key in trusted.gateway.values()]
        head = checkpoint.verify(document["checkpoint"], believed, origin=name)
    yield f"{document['provider']} 的网关于 {head.at.isoformat()} 签名：共{head.size}条证据 entries"
    with _part("提问 questions"):
        shown = list(document["questions"])
        if not shown:
            raise DoesNotHold("提问 questions: 没有 none")
    for one in shown:
        yield from _checked(one, document, trusted)


def _question(kept: Kept, path: list[bytes]) -> dict[str, Any]:
    return {
        "entry": kept.body,
        "message_sha256": kept.sealed_sha256,
        "path": [base64.b64encode(node).decode() for node in path],
        "message": base64.b64encode(kept.message).decode(),
        "receipt": kept.receipt,
    }


def _checked(one: Document, document: Document, trusted: Trusted) -> Iterator[str]:
    """Check one question: its place, the message, what was decided, the receipt."""
    with _part("证据条目 entry"):
        body = orjson.loads(one["entry"])
        stated = evidences.hash_of(one["entry"], one["message_sha256"])
        _same("请求 request", body["request"], document["request"])
        at, position = datetime.fromisoformat(body["at"]), int(body["position"])
    where = f"第{position}条 {body['item']}"
    with _part(f"{where} 在证据中的位置 path"):
        path = [base64.b64decode(node, validate=True) for node in one["path"]]
        if not checkpoint.holds_entry(document["checkpoint"], stated, position - 1, path):
            raise DoesNotHold("不在签名的树中 isn't in the signed tree, or was changed")
    yield f"{where}：在网关的证据中 stands in the gateway's evidence, {body['at']}"
    with _part(f"{where} 的请求原文 message"):
        asked, status = _asked(one, trusted, at)
        for what, found in (
            ("摘要 digest", (asked.digest(), body["question"])),
            ("请求 request", (str(asked.request), document["request"])),
            ("提供单位 provider", (asked.provider, document["provider"])),
            ("信息项 item", (asked.item, body["item"])),
            ("主体 subject", (asked.subject.uscc, body["subject"])),
            ("接收方 recipient", (f"{asked.recipient_kind}:{asked.recipient}", body["recipient"])),
        ):
            _same(what, *found)
    yield f"{where}：请求由平台签名，未改动 the question is signed by the node"
    with _part(f"{where} 的授权 consent"):
        carried = deciding.consent(asked, status, trusted.node, digest=asked.digest(), now=at)
        _same("授权编号 number", str(carried.terms.id) if carried.terms else None, body["consent"])
        _same("结论 finding", carried.reason.value, body["consent_reason"])
    yield f"{where}：授权结论可重算 the finding on the consent follows: {carried.reason.label}"
    yield _given(one, body, stated, where, trusted)


def _asked(one: Document, trusted: Trusted, at: datetime) -> tuple[Question, str | None]:
    message = http_messages.kept(base64.b64decode(one["message"], validate=True))
    http_messages.verify(message, trusted.node, tag=questions.TAG, now=at, window=questions.WINDOW)
    return questions.decode(message.body)


def _given(one: Document, body: Document, stated: str, where: str, trusted: Trusted) -> str:
    """Check that the receipt says what the entry says."""
    if one["receipt"] == "" and "receipt" not in body:
        return f"{where}：回执由旧版网关签发，未留存 written by an earlier version, which kept no receipt"
    with _part(f"{where} 的回执 receipt"):
        said = receipts.verify(one["receipt"], trusted.gateway)
        decided = {name: [verdict.value, why.value] for name, (verdict, why) in said.decided.items()}
        for what, found in (
            ("位置 position", (said.position, body["position"])),
            ("条目哈希 entry", (said.entry, stated)),
            ("摘要 digest", (said.question, body["question"])),
            ("信息项 item", (said.item, body["item"])),
            ("应答 availability", (said.availability.value, body["availability"])),
            ("原因 reason", (said.reason.value if said.reason else None, body["reason"])),
            ("逐字段结论 decided", (decided, body["decided"])),
            ("条数 rows", (said.rows, body["rows"])),
            ("内容哈希 content", (said.content, body["content"])),
        ):
            _same(what, *found)
    why = f"，{said.reason.label}" if said.reason else ""
    content = f"内容哈希 content {said.content[:16]}…"
    return f"{where}：签名应答 {said.availability.label}{why}，{said.rows}条，{content}"


class _part:
    """Name the part of the file in which something is wrong."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DoesNotHold | ProofError | questions.Unreadable):
            raise DoesNotHold(f"{self._name}: {error}") from error
        if isinstance(error, KeyError | TypeError | ValueError | AttributeError | binascii.Error):
            raise DoesNotHold(f"{self._name}: 缺失或不能识别 lacking or garbled ({error!r})") from error


def _same(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise DoesNotHold(f"{what}：{found!r} ≠ {expected!r}")


def _by_id(pems: list[str]) -> Keys:
    keys = [VerifyingKey.from_pem(pem) for pem in pems]
    return {key.id: key for key in keys}
