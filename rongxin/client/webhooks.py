"""事件通知: where the institution is told of its events, and how it knows that the node says so.

Standard Webhooks: `v1` by the secret that `register` gave, `v1a` by the node's key. A message may come more
than once, always under the same id: drop what came before.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from standardwebhooks import Webhook as Secret

from rongxin.client import calls
from rongxin.client.calls import Call, Document, Page, Reply
from rongxin.proof.errors import Forged
from rongxin.proof.keys import VerifyingKey

CHALLENGE = "webhook.verification"
_WINDOW = timedelta(minutes=5)
_PUBLIC = "whpk_"


class EventType(Document):
    event: str
    label: str


class Webhook(Document):
    """A registered address; it is told of events once it has answered the challenge (`active`)."""

    webhook: UUID
    url: str
    events: list[str]
    state: str
    state_label: str


class Registered(Webhook):
    """An address with its secret, which is shown this once."""

    secret: str


class Delivery(Document):
    message: str
    type: str
    state: str
    created_at: datetime
    failures: int
    last_result: str | None


class Replayed(Document):
    replayed: int


class Key(Document):
    """The node's key (`whpk_…`) of `v1a` signatures."""

    key: str

    def verifying(self) -> VerifyingKey:
        try:
            return VerifyingKey(base64.b64decode(self.key.removeprefix(_PUBLIC), validate=True), "node")
        except binascii.Error as error:
            raise Forged(f"{self.key!r} is no public key of webhooks") from error


class _Deliveries(Document):
    deliveries: list[Delivery]
    next: int | None


@dataclass(frozen=True)
class Event:
    """What a message says, its signature checked; `data` holds ids only. `id` is the same at each coming."""

    id: str
    type: str
    timestamp: datetime
    data: Mapping[str, Any]

    @property
    def answer(self) -> bytes:
        """Return what to answer with status 200: the challenge repeated; nothing to an event."""
        if self.type != CHALLENGE:
            return b""
        return json.dumps({"challenge": self.data["challenge"]}).encode()


def types() -> Call[list[EventType]]:
    return calls.get("webhooks/events", list[EventType])


def key() -> Call[Key]:
    return calls.get("webhooks/key", Key)


def register(url: str, events: Sequence[str]) -> Call[Registered]:
    return calls.write("POST", "webhooks", Registered, {"url": url, "events": list(events)})


def own() -> Call[list[Webhook]]:
    return calls.get("webhooks", list[Webhook])


def show(webhook: UUID) -> Call[Webhook]:
    return calls.get(f"webhooks/{calls.part(webhook)}", Webhook)


def change(webhook: UUID, *, url: str | None = None, events: Sequence[str] | None = None) -> Call[Webhook]:
    """Change address or events; a new address is told of nothing until it has answered the challenge."""
    body = {"url": url, "events": None if events is None else list(events)}
    return calls.write("PATCH", f"webhooks/{calls.part(webhook)}", Webhook, body)


def remove(webhook: UUID) -> Call[Webhook]:
    return calls.write("DELETE", f"webhooks/{calls.part(webhook)}", Webhook)


def challenge(webhook: UUID) -> Call[Webhook]:
    """Have the challenge sent again."""
    return calls.write("POST", f"webhooks/{calls.part(webhook)}/verify", Webhook)


def rotate(webhook: UUID) -> Call[Registered]:
    """Get a new secret; for a day the node signs by both."""
    return calls.write("POST", f"webhooks/{calls.part(webhook)}/rotate", Registered)


def replay(
    webhook: UUID, *, message: str | None = None, since: datetime | None = None, dead_only: bool = False
) -> Call[Replayed]:
    """Have one message sent again, or all since a moment, under their own ids."""
    body = {"message": message, "since": since and since.isoformat(), "dead_only": dead_only}
    return calls.write("POST", f"webhooks/{calls.part(webhook)}/replay", Replayed, body)


def deliveries(webhook: UUID, *, state: str | None = None, page_rows: int = 100) -> Call[Page[Delivery]]:
    """List what was sent there, the newest first."""
    return _deliveries(webhook, state, page_rows, None)


def _deliveries(webhook: UUID, state: str | None, rows: int, cursor: int | None) -> Call[Page[Delivery]]:
    path = f"webhooks/{calls.part(webhook)}/deliveries"
    asked = calls.get(path, _Deliveries, state=state, limit=rows, cursor=cursor)

    def read(reply: Reply) -> Page[Delivery]:
        found = asked.read(reply)
        following = None if found.next is None else _deliveries(webhook, state, rows, found.next)
        return Page(found.deliveries, following)

    return Call(asked.method, asked.path, read, asked.headers)


def read(
    headers: Mapping[str, str],
    body: bytes,
    *,
    secrets: Sequence[str] = (),
    node: VerifyingKey | None = None,
    now: datetime | None = None,
) -> Event:
    """Return what a message says; raises `Forged` unless each means that is given finds its signature.

    One of `secrets` must have signed (there are two while one is replaced), and `node`, whose signature
    proves to others too that the node said it. Messages more than five minutes off are refused.
    """
    said = {name.lower(): value for name, value in headers.items()}
    if not secrets and node is None:
        raise Forged("without a secret or the node's key nothing can be believed")
    try:
        number, at = said["webhook-id"], datetime.fromtimestamp(int(said["webhook-timestamp"]), UTC)
        signatures, text = said["webhook-signature"].split(" "), body.decode()
    except (KeyError, ValueError, OverflowError, OSError) as error:
        raise Forged(f"no message of the convention ({error!r})") from error
    if abs((now or datetime.now(UTC)) - at) > _WINDOW:
        raise Forged(f"the message is of {at.isoformat()}: too far from this machine's clock")
    if secrets and not any(_by_secret(secret, number, at, text, signatures) for secret in secrets):
        raise Forged("none of the secrets has signed the message")
    if node is not None and not _by_key(node, f"{number}.{int(at.timestamp())}.".encode() + body, signatures):
        raise Forged("the node's key hasn't signed the message")
    return _event(number, body)


def _by_secret(secret: str, number: str, at: datetime, text: str, signatures: Sequence[str]) -> bool:
    expected = Secret(secret).sign(number, at, text).encode()
    return any(hmac.compare_digest(expected, one.encode()) for one in signatures)


def _by_key(node: VerifyingKey, signed: bytes, signatures: Sequence[str]) -> bool:
    for one in signatures:
        kind, _, text = one.partition(",")
        try:
            if kind == "v1a" and node.verify(signed, base64.b64decode(text, validate=True)):
                return True
        except binascii.Error:
            continue
    return False


def _event(number: str, body: bytes) -> Event:
    try:
        document = json.loads(body)
        return Event(
            number, str(document["type"]), datetime.fromisoformat(document["timestamp"]), document["data"]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise Forged(f"signed, but no event ({error!r})") from error
