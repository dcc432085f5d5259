"""Whether a file of evidence hangs together, with the file alone: no network, no database, no Django.

Consent, request, decision and response are bound to each other by signatures and hashes, and to the journal
by two entries under signed checkpoints. Every check says in words what it proved; the first that fails ends
it. Whose the keys are the file can't prove: give them, or compare the fingerprints that are told.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from rongxin.consent import rules as consent_rules
from rongxin.exchange import consent_status, receipt
from rongxin.exchange import question as questions
from rongxin.proof import checkpoint, http_messages, jws
from rongxin.proof.errors import ProofError
from rongxin.proof.keys import VerifyingKey
from rongxin.vocabulary.availability import Availability

FORMAT = "rongxin-evidence-1"
Keys = Mapping[str, VerifyingKey]
Document = Mapping[str, Any]


class DoesNotHold(Exception):
    """The evidence doesn't hold together; the message says where."""


@dataclass(frozen=True)
class Trusted:
    """Public keys by id: of nodes, of journals, of each provider's gateway."""

    node: Keys
    journal: Keys
    gateways: Mapping[str, Keys]


def keys_of(document: Document) -> Trusted:
    """Return the keys that the file brings along; they prove only that its parts belong together."""
    try:
        stated = document["keys"]
        return Trusted(
            _by_id(stated["node"]),
            _by_id(stated["journal"]),
            {provider: _by_id(pems) for provider, pems in stated["gateways"].items()},
        )
    except (KeyError, TypeError, AttributeError, ProofError) as error:
        raise DoesNotHold(f"不能识别的证据文件 not a file of evidence: {error!r}") from error


def check(document: Document, trusted: Trusted) -> Iterator[str]:
    """Yield, one after another, what was found to hold; raises `DoesNotHold` at the first that doesn't."""
    try:
        yield from _check(document, trusted)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, binascii.Error) as error:
        if isinstance(error, questions.Unreadable):
            raise DoesNotHold(f"不能识别的请求 {error}") from error
        raise DoesNotHold(f"证据文件不完整 the file lacks or garbles a part: {error!r}") from error
    except ProofError as error:
        raise DoesNotHold(str(error)) from error


def _check(document: Document, trusted: Trusted) -> Iterator[str]:
    if document["format"] != FORMAT:
        raise DoesNotHold(f"格式为 {document['format']!r}，应为 {FORMAT}")
    request = str(document["request"])
    intent = _logged(document["intent"], trusted.journal)
    _same("意向记录的请求 the intent's request", intent["refs"].get("intent"), request)
    _same("意向记录的种类 the intent's kind", intent["kind"], "disclosure.intended")
    yield f"请求 {request} 于 {intent['at']} 先记入存证 the request was logged before anything was read"
    outcome = _logged(document["outcome"], trusted.journal)
    _same("结果记录的请求 the outcome's request", outcome["refs"].get("intent"), request)
    refused = outcome["kind"] == "disclosure.refused"
    if not refused:
        _same("结果记录的种类 the outcome's kind", outcome["kind"], "disclosure.released")
    how = f"拒绝 refused: {outcome['refs']['reason']}" if refused else "提供 released"
    yield f"结果记入存证 the outcome was logged: {how}"
    artefact = document["consent"]
    if artefact is not None:
        yield _consent(artefact, intent, trusted.node)
    calls = document["calls"]
    exchanges = [(str(call["question"]), str(call["receipt"])) for call in calls]
    stated = outcome["commitments"].get("calls")
    _same("调用的承诺 the calls' commitment", receipt.commitment(exchanges) if calls else None, stated)
    yield f"{len(calls)}次调用与结果记录的承诺一致 the outcome's entry commits to these calls"
    for call in calls:
        yield _call(call, request, artefact, trusted)


def _logged(proof: Document, keys: Keys) -> Document:
    """Return an entry's body, found in the tree of a signed checkpoint."""
    head = checkpoint.parse(proof["checkpoint"])
    believed = [VerifyingKey(key.raw, head.origin) for key in keys.values()]
    checkpoint.verify(proof["checkpoint"], believed, origin=head.origin)
    path = [base64.b64decode(node) for node in proof["path"]]
    if not checkpoint.holds_entry(proof["checkpoint"], proof["body"], proof["index"], path):
        raise DoesNotHold(f"存证记录 {proof['entry']} 不在检查点的树中 isn't in the checkpoint's tree")
    body: Document = orjson.loads(proof["body"])
    return body


def _consent(artefact: str, intent: Document, keys: Keys) -> str:
    terms = consent_rules.decode(jws.verify(artefact, keys, type=consent_rules.ARTEFACT_TYPE))
    _same("授权编号 the consent", intent["refs"].get("consent"), str(terms.id))
    _same("授权的机构 the consent's institution", intent["refs"].get("institution"), terms.institution)
    return f"授权 {terms.id} 由 {terms.subject} 授予 {terms.institution} the consent is signed by the node"


def _call(call: Document, request: str, artefact: str | None, trusted: Trusted) -> str:
    where = f"{call['provider']} {call['item']}"
    if not call["receipt"]:
        return f"{where}：无可信应答 no answer that could be believed ({call['availability']})"
    message = http_messages.kept(base64.b64decode(call["message"]))
    signed = http_messages.verify(
        message,
        trusted.node,
        tag=questions.TAG,
        now=datetime.now(UTC),
        window=timedelta(days=36500),
    )
    asked, status = questions.decode(message.body)
    _same(f"{where} 的请求 the question's request", str(asked.request), request)
    _same(f"{where} 的摘要 the question's digest", asked.digest(), call["question"])
    _same(f"{where} 的授权 the question's consent", asked.artefact, artefact)
    if status is not None:
        stood = consent_status.check(status, trusted.node, question=asked.digest(), now=asked.asked_at)
        _same(f"{where} 的授权状态 the consent's status", stood.status.value, "active")
    answered = receipt.verify(call["receipt"], trusted.gateways.get(call["provider"], {}))
    _same(f"{where} 的回执 the receipt's question", answered.question, asked.digest())
    _same(f"{where} 的提供单位 the receipt's provider", answered.provider, asked.provider)
    _same(f"{where} 的信息项 the receipt's item", answered.item, asked.item)
    why = f"，{answered.reason.label}" if answered.reason else ""
    unavailable = Availability.PROVIDER_UNAVAILABLE
    if call["availability"] == unavailable.value and answered.availability is not unavailable:
        why += "（平台未采信 not believed by the platform）"
    return (
        f"{where}：{signed.created.isoformat()} 签名提问，网关签名应答 {answered.availability.label}{why}，"
        f"{answered.rows}条，内容哈希 content {answered.content[:16]}…，网关证据第{answered.position}条"
    )


def _same(what: str, found: object, expected: object) -> None:
    if found != expected:
        raise DoesNotHold(f"{what}：{found!r} ≠ {expected!r}")


def _by_id(pems: list[str]) -> Keys:
    keys = [VerifyingKey.from_pem(pem) for pem in pems]
    return {key.id: key for key in keys}
