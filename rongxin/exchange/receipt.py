"""What a gateway answers, and its signed receipt: question, decision and content bound in one signature.

The receipt holds no content, so it may be kept as evidence by both sides for as long as they like.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from rongxin.exchange.question import Match
from rongxin.proof import canonical, jws
from rongxin.proof.errors import Forged
from rongxin.proof.keys import SigningKey, VerifyingKey
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.verdict import Verdict

TYPE = "question-receipt+jws"
#: No answer holds more rows about one subject: a page is made of them for people to read.
ROWS_MAX = 2000

Row = Mapping[str, Any]
Decided = Mapping[str, tuple[Verdict, Reason]]


@dataclass(frozen=True)
class Receipt:
    """What a gateway says that it did. `availability` tells apart: records, no record, not authorised
    (withheld), provider unavailable, and partial. `position` counts the entries of its evidence log.
    """

    question: str
    provider: str
    item: str
    availability: Availability
    reason: Reason | None
    decided: Decided
    results: Mapping[str, Match]
    rows: int
    content: str
    at: datetime
    position: int = 0
    entry: str = ""


@dataclass(frozen=True)
class Answer:
    """A receipt with the rows that it is about, or with the box in which they are sealed."""

    receipt: Receipt
    token: str
    rows: Sequence[Row] = field(default=())
    sealed: bytes = b""


def content_of(rows: Sequence[Row]) -> bytes:
    """Return the bytes that a receipt's content hash is of, and that go into the box when sealed."""
    return canonical.dumps(list(rows))


def commitment(exchanges: Sequence[tuple[str, str]]) -> str:
    """Return what the journal holds of a request's calls: digests of questions and of receipts, in order."""
    return canonical.digest([[question, digest(token.encode())] for question, token in exchanges])


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def sign(receipt: Receipt, key: SigningKey) -> str:
    """Return the receipt, signed by the gateway."""
    payload = {
        "question": receipt.question,
        "provider": receipt.provider,
        "item": receipt.item,
        "availability": receipt.availability.value,
        "reason": receipt.reason.value if receipt.reason else None,
        "decided": {name: [verdict.value, why.value] for name, (verdict, why) in receipt.decided.items()},
        "results": {name: match.value for name, match in receipt.results.items()},
        "rows": receipt.rows,
        "content": receipt.content,
        "at": canonical.instant(receipt.at),
        "position": receipt.position,
        "entry": receipt.entry,
    }
    return jws.sign(payload, key, type=TYPE)


def verify(token: str, keys: Mapping[str, VerifyingKey]) -> Receipt:
    """Return the receipt that one of these keys signed; raises `Forged`."""
    payload = jws.verify(token, keys, type=TYPE)
    try:
        return Receipt(
            question=str(payload["question"]),
            provider=str(payload["provider"]),
            item=str(payload["item"]),
            availability=Availability(payload["availability"]),
            reason=Reason(payload["reason"]) if payload["reason"] else None,
            decided={
                name: (Verdict(verdict), Reason(why)) for name, (verdict, why) in payload["decided"].items()
            },
            results={name: Match(match) for name, match in payload["results"].items()},
            rows=int(payload["rows"]),
            content=str(payload["content"]),
            at=datetime.fromisoformat(payload["at"]),
            position=int(payload["position"]),
            entry=str(payload["entry"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Forged(f"the receipt can't be read ({error!r})") from error


def encode(token: str, *, rows: Sequence[Row] = (), sealed: bytes = b"") -> bytes:
    """Return the body of an answer."""
    content: dict[str, Any] = {"receipt": token}
    if sealed:
        content["sealed"] = base64.b64encode(sealed).decode()
    else:
        content["rows"] = list(rows)
    return canonical.dumps(content)


def decode(
    body: bytes, keys: Mapping[str, VerifyingKey], *, question: str, provider: str, item: str
) -> Answer:
    """Return an answer to this question whose signature and content hash hold; raises `Forged`."""
    try:
        document = orjson.loads(body)
        token, rows = document["receipt"], document.get("rows", [])
        sealed = base64.b64decode(document.get("sealed", ""), validate=True)
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise Forged(f"the answer can't be read ({error!r})") from error
    if not isinstance(token, str) or not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
        raise Forged("the answer holds no receipt or no rows")
    receipt = verify(token, keys)
    if (receipt.question, receipt.provider, receipt.item) != (question, provider, item):
        raise Forged("the answer is to another question")
    if receipt.content != digest(sealed or content_of(rows)):
        raise Forged("the answer's rows are not those that its receipt was signed for")
    return Answer(receipt, token, rows, sealed)
