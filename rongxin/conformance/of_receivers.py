"""What an institution's receiver of events must do: believe signatures only, and say so in time."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from standardwebhooks import Webhook

from rongxin.client import webhooks
from rongxin.conformance.checks import Suite, expect, same
from rongxin.conformance.fixtures import Receiver
from rongxin.conformance.wire import Answer, Wire

SUITE: Suite[Trial] = Suite()
_check = SUITE.check
_SOURCE = "Standard Webhooks; docs/decisions/0027"
#: After which a node takes an attempt for failed.
_WITHIN_SECONDS = 15
_STRANGE = "whsec_" + "A" * 43 + "="


@dataclass
class Trial:
    """A receiver, told of invented events as a node would."""

    wire: Wire
    receiver: Receiver
    seen: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.seen = self.wire.seen

    def tell(
        self,
        body: str,
        *,
        number: str = "",
        at: datetime | None = None,
        secrets: tuple[str, ...] = (),
        sent: str = "",
    ) -> Answer:
        """Send a message signed by these secrets; `sent` is another body than the one that was signed."""
        number, at = number or f"msg_{uuid4().hex}", at or datetime.now(UTC)
        signed = " ".join(
            Webhook(secret).sign(number, at, body) for secret in secrets or (self.receiver.secret,)
        )
        headers = {
            "content-type": "application/json",
            "webhook-id": number,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signed,
        }
        return self.wire.send("POST", self.receiver.url, headers=headers, body=(sent or body).encode())


@_check("R-01", "验证消息原样带回 the challenge is repeated", _SOURCE)
def challenge(trial: Trial) -> None:
    word = uuid4().hex
    answer = trial.tell(_event(webhooks.CHALLENGE, challenge=word))
    same("状态 status", 200, answer.status)
    same("challenge", word, answer.member("challenge"))


@_check("R-02", "签名正确的消息得到2xx a rightly signed message is taken", _SOURCE)
def taken(trial: Trial) -> None:
    _taken(trial.tell(_granted()))


@_check("R-03", "别的密钥签名的消息不被接受 one signed by another secret is not", _SOURCE)
def forged(trial: Trial) -> None:
    _refused(trial.tell(_granted(), secrets=(_STRANGE,)))


@_check("R-04", "没有签名的消息不被接受 nor one without a signature", _SOURCE)
def unsigned(trial: Trial) -> None:
    headers = {"content-type": "application/json"}
    _refused(trial.wire.send("POST", trial.receiver.url, headers=headers, body=_granted().encode()))


@_check("R-05", "内容被改动的消息不被接受 nor one whose content was changed", _SOURCE)
def changed(trial: Trial) -> None:
    _refused(trial.tell(_granted(), sent=_granted()))


@_check("R-06", "五分钟以外的旧消息不被接受 nor one that is older than five minutes", _SOURCE)
def old(trial: Trial) -> None:
    _refused(trial.tell(_granted(), at=datetime.now(UTC) - timedelta(minutes=20)))


@_check("R-07", "同一编号再次送达仍得到2xx a message that comes twice is taken twice", _SOURCE)
def twice(trial: Trial) -> None:
    number, body = f"msg_{uuid4().hex}", _granted()
    _taken(trial.tell(body, number=number))
    _taken(trial.tell(body, number=number))


@_check(
    "R-08",
    "换密钥期间，几个签名中有一个成立即可 while a secret is replaced, one signature of several does",
    _SOURCE,
)
def rotating(trial: Trial) -> None:
    _taken(trial.tell(_granted(), secrets=(_STRANGE, trial.receiver.secret)))


@_check("R-09", "不认识的事件也得到2xx a type that it doesn't know is taken, too", _SOURCE)
def unknown(trial: Trial) -> None:
    _taken(trial.tell(_event("something.of.a.later.version")))


@_check("R-10", f"{_WITHIN_SECONDS}秒内应答 it answers in time", _SOURCE)
def in_time(trial: Trial) -> None:
    began = time.monotonic()
    _taken(trial.tell(_granted()))
    taken = time.monotonic() - began
    expect(taken < _WITHIN_SECONDS, f"用时 it took {taken:.1f} s")


def _granted() -> str:
    return _event("consent.granted", consent=str(uuid4()), case=str(uuid4()))


def _event(type: str, **data: str) -> str:
    return json.dumps({"type": type, "timestamp": datetime.now(UTC).isoformat(), "data": data})


def _taken(answer: Answer) -> None:
    expect(200 <= answer.status < 300, f"应为2xx，实际 came {answer.status}")


def _refused(answer: Answer) -> None:
    expect(400 <= answer.status < 500, f"应拒绝(4xx) a refusal was expected, came {answer.status}")
