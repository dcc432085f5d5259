"""One value, one byte string: canonical JSON (RFC 8785), the form in which everything is signed.

JSON has no money and no time, so four types are turned into strings first: `Decimal` in plain notation with
its digits kept (`12.50`), `date` and `datetime` in ISO 8601 (instants in UTC with six digits, so that equal
instants give equal bytes and text order is time order), `UUID` in its usual form.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import orjson
import rfc8785

from rongxin.proof.errors import Uncanonical

# Of text, whole numbers and ASCII keys orjson makes the same bytes as rfc8785 (a property test says so) in a
# fiftieth of the time; fractions and other keys are left to rfc8785.
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_STRICT_INTEGER
_SAME_IN_BOTH = frozenset({str, type(None), bool, int, date, datetime, Decimal, UUID})


def dumps(value: object) -> bytes:
    """Return the canonical JSON of `value` as UTF-8; raise `Uncanonical` for what has none."""
    if _same_in_both(value):
        # What orjson refuses (an integer too large, half a surrogate) rfc8785 takes, or says why it doesn't.
        with contextlib.suppress(orjson.JSONEncodeError):
            return orjson.dumps(value, default=_as_text, option=_OPTIONS)
    try:
        return rfc8785.dumps(_plain(value))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise Uncanonical(f"{error}; give large numbers and money as Decimal") from error


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def digest(value: object) -> str:
    """Return the SHA-256 of the canonical JSON, in lower-case hexadecimal: a commitment to `value`."""
    return hashlib.sha256(dumps(value)).hexdigest()


def instant(moment: datetime) -> str:
    """Return an aware moment as `2026-03-01T02:03:04.000005Z`."""
    if moment.utcoffset() is None:
        raise Uncanonical(f"{moment.isoformat()} has no time zone; give an aware datetime")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _same_in_both(value: object) -> bool:
    """Whether the two encoders write `value` alike: no fraction in it, no key that they may sort apart."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        kind = type(part)
        if kind is dict:
            if not _ascii_keys(part):
                return False
            waiting += [each for each in part.values() if type(each) not in _SAME_IN_BOTH]  # type: ignore[attr-defined]
        elif kind is list or kind is tuple:
            waiting += [each for each in part if type(each) not in _SAME_IN_BOTH]  # type: ignore[attr-defined]
        elif isinstance(part, Enum):
            if type(part.value) not in _SAME_IN_BOTH:
                return False
        elif kind not in _SAME_IN_BOTH:
            return False
    return True


def _ascii_keys(value: Any) -> bool:
    try:
        return "".join(value).isascii()
    except TypeError:
        return False


def _plain(value: object) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping):
        return {_key(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return _as_text(value)


def _as_text(value: object) -> str:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise Uncanonical(f"{value} is no number that JSON can carry")
        return format(value, "f")
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise Uncanonical(
        f"{type(value).__name__} has no canonical JSON form; turn it into text or numbers first"
    )


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise Uncanonical(f"key {key!r} is {type(key).__name__}; JSON keys are text")
    return str(key.value) if isinstance(key, Enum) else key
