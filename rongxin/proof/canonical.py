"""One value, one byte string: canonical JSON (RFC 8785), the form in which everything is signed.

JSON has no money and no time, so four types are turned into strings first: `Decimal` in plain notation with
its digits kept (`12.50`), `date` and `datetime` in ISO 8601 (instants in UTC with six digits, so that equal
instants give equal bytes and text order is time order), `UUID` in its usual form.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import rfc8785

from rongxin.proof.errors import Uncanonical


def dumps(value: object) -> bytes:
    """Return the canonical JSON of `value` as UTF-8; raise `Uncanonical` for what has none."""
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
