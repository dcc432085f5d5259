"""What tokens that strangers made have in common: short, in parts, and able to raise anything when read."""

from __future__ import annotations

import base64
import json
from typing import Any

from joserfc.errors import JoseError

from rongxin.proof.errors import Forged

BYTES_MAX = 4096
#: What reading a token that somebody made up may raise.
UNREADABLE = (
    JoseError,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    RecursionError,
    OverflowError,
    OSError,
)


def check_length(token: str) -> None:
    """Raise `Forged` for a token that nobody needs to read."""
    if len(token) > BYTES_MAX:
        raise Forged("the token is longer than any we take")


def part(token: str, number: int) -> Any:
    """Return a part of a token as JSON, not yet believed; raises one of `UNREADABLE`."""
    text = token.split(".")[number]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def check_number(number: str) -> None:
    """Raise `Forged` for a `jti` that can't be kept as one."""
    if not 8 <= len(number) <= 128 or not number.isascii():
        raise Forged("a token's number (jti) has 8 to 128 ASCII characters")
