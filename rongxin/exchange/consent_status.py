"""Where a consent stands, stapled to one question: minted when it is asked, for it alone, for five seconds.

A gateway never keeps a status, and without a fresh one it answers nothing that needs consent: so a node that
is cut off, or a consent withdrawn a moment ago, opens nothing (国办发〔2021〕52号 （九）).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from rongxin.consent.rules import Status
from rongxin.proof import canonical, jws
from rongxin.proof.errors import Forged
from rongxin.proof.keys import SigningKey, VerifyingKey

TYPE = "consent-status+jws"
#: How long a status is believed, and how far the clocks of node and gateway may stand apart.
LIFE = timedelta(seconds=5)


@dataclass(frozen=True)
class ConsentStatus:
    """Where one consent stood at a moment; `question` is the digest of the only question it is for."""

    consent: UUID
    status: Status
    uses: int
    case_closed: bool
    question: str
    at: datetime


def mint(status: ConsentStatus, key: SigningKey) -> str:
    """Return the status, signed by the node."""
    payload = {
        "consent": str(status.consent),
        "status": status.status.value,
        "uses": status.uses,
        "case_closed": status.case_closed,
        "question": status.question,
        "at": canonical.instant(status.at),
    }
    return jws.sign(payload, key, type=TYPE)


def check(token: str, keys: Mapping[str, VerifyingKey], *, question: str, now: datetime) -> ConsentStatus:
    """Return a status to be relied on; raises `Forged` where it is old, false or another question's."""
    payload = jws.verify(token, keys, type=TYPE)
    try:
        status = ConsentStatus(
            UUID(payload["consent"]),
            Status(payload["status"]),
            int(payload["uses"]),
            payload["case_closed"] is not False,
            str(payload["question"]),
            datetime.fromisoformat(payload["at"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Forged(f"the consent's status can't be read ({error!r})") from error
    if status.question != question:
        raise Forged("the consent's status was minted for another question")
    if not -LIFE <= now - status.at <= LIFE:
        raise Forged(f"the consent's status is of {status.at.isoformat()}, and here it is {now.isoformat()}")
    return status
