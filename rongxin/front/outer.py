"""The outer side: takes the node's events and nothing else. It holds no key of the institution's.

A message is answered when it is on the disk, and only then; one that came before is answered again.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from standardwebhooks import Webhook

from rongxin.client import webhooks
from rongxin.front.config import Config
from rongxin.front.errors import FrontError
from rongxin.front.events import Inbox
from rongxin.front.replies import Asked, Reply, problem
from rongxin.outpost.errors import Misconfigured
from rongxin.proof import keys
from rongxin.proof.errors import Forged, KeyMissing, ProofError
from rongxin.proof.keys import VerifyingKey

BODY_BYTES_MAX = 1 << 18
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Porch:
    """All that the outer side holds."""

    config: Config
    inbox: Inbox
    node: VerifyingKey | None


def open_porch(config: Config) -> Porch:
    """Open the files; raises `FrontError` or `ProofError` with what is missing."""
    key = webhooks.Key(key=config.webhook_key).verifying() if config.webhook_key else None
    return Porch(config, Inbox(config.place("events")), key)


def secrets(path: Path) -> Sequence[str]:
    """Return the secrets of webhooks, those of now; none where the file isn't there. Raises `KeyUnsafe`, or
    `Misconfigured` where a line is no secret.
    """
    try:
        text = keys.read_secret(path).decode()
    except KeyMissing:
        return ()
    found = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for number, secret in enumerate(found, start=1):
        try:
            Webhook(secret)
        except Exception as error:  # of several kinds, by what is wrong with it
            raise Misconfigured(f"{path}: 第{number}个不是口令 no secret of a webhook ({error})") from error
    return found


def answer(porch: Porch, asked: Asked) -> Reply:
    """Take one message, or refuse it."""
    if asked.path != porch.config.outer.path:
        return problem(404, "not_found", "没有这个地址 no such path")
    if asked.method != "POST":
        return problem(405, "method_not_allowed", "只接受 POST POST only", headers={"allow": "POST"})
    try:
        known = secrets(porch.config.place("webhook_secrets"))
        if not known and porch.node is None:
            _LOG.error("an event came, and neither a webhook's secret nor the node's key is configured")
            return _later("尚未配置事件通知的密钥 no secret of a webhook is configured yet")
        now = datetime.now(UTC)
        event = webhooks.read(asked.headers, asked.body, secrets=known, node=porch.node, now=now)
        if event.type == webhooks.CHALLENGE:
            return Reply(200, [("content-type", "application/json")], event.answer)
        porch.inbox.keep(event, asked.body, asked.headers, now=now)
    except Forged as error:
        _LOG.warning("a message was refused: %s", error)
        return problem(400, "forged", "签名不符，未接受 the signature doesn't hold", detail=str(error))
    except (FrontError, Misconfigured, ProofError, OSError) as error:
        _LOG.exception("a message could not be kept")
        return _later(str(error))
    return Reply(200)


def _later(detail: str) -> Reply:
    title = "暂不能接收 can't be taken at present"
    return problem(503, "not_kept", title, headers={"retry-after": "60"}, detail=detail)
