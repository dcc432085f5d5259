"""数据核验: claimed values against the department's own; no value leaves, and nobody can feel the way to it.

A budget per institution, subject and field: so many different values a day, and after so many mismatches a
pause. The same value asked again on the same day tells nothing new and costs nothing (threats T15).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from rongxin.catalogue.schema import Item
from rongxin.exchange.question import Match
from rongxin.gateway import reading
from rongxin.gateway.config import Limits, Mapped
from rongxin.gateway.errors import SourceFailed
from rongxin.gateway.evidence import Settling


@dataclass(frozen=True)
class Asker:
    """Who tries values about whom; `day` is the business day."""

    recipient: str
    subject: str
    item: str
    day: date

    @property
    def key(self) -> str:
        return f"{self.recipient}\n{self.subject}"


def compare(
    item: Item, mapped: Mapped, claims: Mapping[str, str], rows: Sequence[reading.Row], *, today: date
) -> dict[str, Match]:
    """Compare claims with the record that fits them best, not with a mixture of several.

    What can't be read as a value of the field is a mismatch: it isn't what the department holds. Where that
    record says nothing of a field, the claim is neither right nor wrong.
    """
    if not rows:
        return dict.fromkeys(claims, Match.NO_RECORD)
    claimed = {name: _read(item, mapped, name, text, today) for name, text in claims.items()}
    best = max(
        rows, key=lambda row: sum(_match(row.get(n), value) is Match.MATCH for n, value in claimed.items())
    )
    return {name: _match(best.get(name), value) for name, value in claimed.items()}


def outside(item: Item, mapped: Mapped, claims: Mapping[str, str], *, today: date) -> list[str]:
    """Return the fields of which a band is claimed that this department doesn't use. To call it a mismatch
    would tell the asker something untrue of the subject, and cost one of the few tries.
    """
    return [
        name
        for name, text in claims.items()
        if (bands := mapped.bands.get(name)) and _read(item, mapped, name, text, today) not in bands.every()
    ]


def _match(held: Any, claimed: Any) -> Match:
    if held is None:
        return Match.NO_RECORD
    return Match.MATCH if held == claimed else Match.MISMATCH


def _read(item: Item, mapped: Mapped, name: str, text: str, today: date) -> Any:
    try:
        return reading.clean(item, name, text, mapped.bands.get(name), today=today)
    except SourceFailed:
        return None


def exhausted(
    settling: Settling, asker: Asker, claims: Mapping[str, str], limits: Limits, secret: bytes
) -> bool:
    """Whether one of the fields may not be tried any more for now; a question is refused whole."""
    return any(_spent(settling, asker, name, text, limits, secret) for name, text in claims.items())


def _spent(settling: Settling, asker: Asker, name: str, text: str, limits: Limits, secret: bytes) -> bool:
    since = asker.day - timedelta(days=limits.cool_down_days)
    tries = settling.tries(asker.key, f"{asker.item}.{name}", since.isoformat())
    today, claim = asker.day.isoformat(), _hidden(secret, text)
    if any(day == today and tried == claim for day, tried, _ in tries):
        return False
    mismatches = len({tried for _, tried, matched in tries if not matched})
    return mismatches >= limits.mismatches or sum(day == today for day, *_ in tries) >= limits.claims_a_day


def note(
    settling: Settling, asker: Asker, claims: Mapping[str, str], results: Mapping[str, Match], secret: bytes
) -> None:
    """Count what was tried."""
    for name, match in results.items():
        settling.tried(
            asker.key,
            f"{asker.item}.{name}",
            asker.day.isoformat(),
            _hidden(secret, claims[name]),
            matched=match is Match.MATCH,
        )


def _hidden(secret: bytes, text: str) -> str:
    """A claim is a guess at somebody's value: kept under a key, never as it is."""
    return hmac.digest(secret, " ".join(text.split()).encode(), "sha256").hex()
