"""One value, one byte string: canonical JSON (RFC 8785), the form in which everything is signed.

JSON has no money and no time, so four types are turned into strings first: `Decimal` in plain notation with
its digits kept (`12.50`), `date` and `datetime` in ISO 8601 (instants in UTC with six digits, so that equal
instants give equal bytes and text order is time order), `UUID` in its usual form.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import rfc8785

from rongxin.proof.errors import Uncanonical

# Of text, whole numbers and ASCII keys the encoder of the standard library makes the same bytes as rfc8785
# (a property test says so) in a tenth of the time; fractions and other keys are left to rfc8785.
_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":"))
_INTEGER_MAX = 2**53 - 1
_AS_TEXT = frozenset({date, datetime, Decimal, UUID})


class _NeedsCare(Exception):
    """A value of which only rfc8785 knows the canonical form, or that it has none."""


def dumps(value: object) -> bytes:
    """Return the canonical JSON of `value` as UTF-8; raise `Uncanonical` for what has none."""
    try:
        try:
            return _ENCODER.encode(_quick(value)).encode()
        except _NeedsCare:
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


def _quick(value: object) -> Any:
    """Return what `_plain` returns, or raise `_NeedsCare`."""
    kind = type(value)
    if kind is dict:
        _check_keys(value)
        return {key: part if type(part) is str else _quick(part) for key, part in value.items()}  # type: ignore[attr-defined]
    if kind is list or kind is tuple:
        return [part if type(part) is str else _quick(part) for part in value]  # type: ignore[attr-defined]
    if value is None or kind is str or kind is bool:
        return value
    if isinstance(value, Enum):
        return _quick(value.value)
    if kind is int and -_INTEGER_MAX <= value <= _INTEGER_MAX:  # type: ignore[operator]
        return value
    if kind in _AS_TEXT:
        return _as_text(value)
    raise _NeedsCare


def _check_keys(value: Any) -> None:
    try:
        if all(map(str.isascii, value)):
            return
    except TypeError:
        pass
    raise _NeedsCare


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
