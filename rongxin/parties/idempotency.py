"""幂等键: one request, told apart by a key of the caller's own, has one effect and one answer (promises P12).

Where the effect is written by one transaction, the key and the answer are written by the same: neither is
ever there without the other, and a duplicate that comes meanwhile waits for it in the database. Where the
effect has transactions of its own (the gate's), the key is claimed first and for a time; `number` is then the
number under which the effect is made, so that after a crash one finds out whether it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.db import connection
from django.utils import timezone
from pydantic import Field

from rongxin.journal import keyring, plans
from rongxin.journal.sealing import SealedColumn
from rongxin.parties.errors import PartiesError
from rongxin.vocabulary import edition

_PARAMETERS = Path(__file__).parent / "parameters"
_TABLE = ("parties_idempotencykey", "answer")


def _place(account: int, key: str) -> tuple[str | int, ...]:
    return (*_TABLE, account, key)


#: An answer may hold a secret that is shown once; it is kept sealed.
SEALED = SealedColumn(
    *_TABLE, key=("account_id", "key"), first=(0, ""), place=lambda row: _place(row[0], row[1])
)


class OtherRequest(PartiesError):
    """幂等键已用于另一请求：内容、地址或方法不同。请为新的请求换一个键。"""

    code = "idempotency_key_reused"


class AtWork(PartiesError):
    """同一幂等键的请求正在办理，请稍后以同一键重试。"""

    code = "idempotency_key_at_work"

    def __init__(self, seconds: int) -> None:
        super().__init__(AtWork.__doc__)
        self.seconds = seconds


class InvalidKey(PartiesError):
    """幂等键须为 1 至 255 个可见的 ASCII 字符。"""

    code = "invalid_idempotency_key"


class InvalidIdempotencyLimits(PartiesError):
    """A file of limits of idempotency keys can't be used as it stands."""

    code = "invalid_idempotency_limits"


class Policy(edition.Edition):
    """What holds from a day on."""

    keep_days: int = Field(ge=1)
    at_work_seconds: int = Field(ge=1)
    key_length_max: int = Field(ge=16, le=255)


@dataclass(frozen=True)
class Answer:
    """An answer as it was given: its body is left out where it may not be kept."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Claim:
    """A key that is the caller's to use now. `answer` is there where the request was answered before;
    `resumed` where an earlier attempt ended without one.
    """

    account: int
    key: str
    number: UUID
    answer: Answer | None = None
    resumed: bool = False


# A key whose time is over is as good as new; one whose attempt never came back is taken up by who asks again.
_CLAIM = """
    INSERT INTO parties_idempotencykey AS held (account_id, key, digest, number, made_at, until, expires_at)
    VALUES (%(account)s, %(key)s, %(digest)s, %(number)s, %(now)s, %(until)s, %(expires)s)
    ON CONFLICT (account_id, key) DO UPDATE SET
        digest = EXCLUDED.digest, until = EXCLUDED.until, expires_at = EXCLUDED.expires_at, answer = NULL,
        number = CASE WHEN held.expires_at <= %(now)s THEN EXCLUDED.number ELSE held.number END,
        made_at = CASE WHEN held.expires_at <= %(now)s THEN EXCLUDED.made_at ELSE held.made_at END
    WHERE held.expires_at <= %(now)s
       OR (held.answer IS NULL AND held.until <= %(now)s AND held.digest = EXCLUDED.digest)
    RETURNING number, number <> %(number)s
"""
_HELD = "SELECT digest, number, until, answer FROM parties_idempotencykey WHERE account_id = %s AND key = %s"
_KEEP = "UPDATE parties_idempotencykey SET answer = %s WHERE account_id = %s AND key = %s RETURNING 1"
_LET_GO = "DELETE FROM parties_idempotencykey WHERE account_id = %s AND key = %s RETURNING 1"
_OVER = "UPDATE parties_idempotencykey SET until = made_at WHERE account_id = %s AND key = %s RETURNING 1"


def claim(account: int, key: str, request: bytes, *, as_of: datetime) -> Claim:
    """Take a key for a request, or return what was answered to the same before.

    `request` is everything that makes it the same. Raises `OtherRequest`, `AtWork` and `InvalidKey`.
    """
    policy = in_force(timezone.localdate(as_of))
    if not 0 < len(key) <= policy.key_length_max or not all("!" <= sign <= "~" for sign in key):
        raise InvalidKey(InvalidKey.__doc__)
    digest = keyring.data_keys().index(request, use="idempotency")
    given: dict[str, Any] = {
        "account": account,
        "key": key,
        "digest": digest,
        "number": uuid4(),
        "now": as_of,
        "until": as_of + timedelta(seconds=policy.at_work_seconds),
        "expires": as_of + timedelta(days=policy.keep_days),
    }
    for number, resumed in plans.rows(_CLAIM, given):
        return Claim(account, key, number, resumed=resumed)
    for held, number, until, sealed in plans.rows(_HELD, [account, key]):
        if bytes(held) != digest:
            raise OtherRequest(OtherRequest.__doc__)
        if sealed is not None:
            return Claim(account, key, number, _opened(account, key, bytes(sealed)))
        raise AtWork(max(1, round((until - as_of).total_seconds())))
    raise AtWork(1)  # it was let go between the two looks


def keep(claim: Claim, answer: Answer) -> None:
    """Write the answer under the key."""
    content = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body.decode()}
    place = _place(claim.account, claim.key)
    sealed = keyring.data_keys().seal(orjson.dumps(content), place=place)
    plans.rows(_KEEP, [sealed, claim.account, claim.key])


def let_go(claim: Claim) -> None:
    """Give a key back of which nothing came."""
    plans.rows(_LET_GO, [claim.account, claim.key])


def interrupt(claim: Claim) -> None:
    """Say that an attempt ended and nobody knows its effect: who asks again takes it up at once."""
    plans.rows(_OVER, [claim.account, claim.key])


def forget(*, as_of: datetime) -> int:
    """Drop the keys whose time is over; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM parties_idempotencykey WHERE expires_at <= %s", [as_of])
        return int(cursor.rowcount)


def _opened(account: int, key: str, sealed: bytes) -> Answer:
    content = orjson.loads(keyring.data_keys().open(sealed, place=_place(account, key)))
    return Answer(content["status"], content["headers"], content["body"].encode())


@cache
def _editions() -> tuple[Policy, ...]:
    return edition.read(_PARAMETERS, "idempotency_*.yaml", Policy, broken=InvalidIdempotencyLimits)


def in_force(on: date) -> Policy:
    """Return the edition of a day; before the first one, the first."""
    return edition.in_force(_editions(), on)
