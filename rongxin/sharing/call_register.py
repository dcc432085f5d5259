"""The register of calls: the evidence of each question put to a provider, and what providers are worth.

Written in the transaction that closes the request, so a call stands with its outcome or not at all; the
outcome's journal entry commits to all calls of the request together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Avg, Count, Max, Q

from rongxin.exchange import receipt as receipts
from rongxin.journal import keyring, plans
from rongxin.journal.sealing import SealedColumn
from rongxin.sharing.calls import Answer
from rongxin.sharing.connectors.connector import Exchange
from rongxin.sharing.models import Call
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.sharing_mode import SharingMode

_INSERT = """
    INSERT INTO sharing_call (intent, provider, item, mode, availability, reason, asked_at, took_ms,
                              question, message, receipt)
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                         %s::timestamptz[], %s::int[], %s::text[], %s::bytea[], %s::text[])
"""
#: What counts as an answer; "not authorised" is one too.
_ANSWERED = tuple(word.value for word in Availability if word is not Availability.PROVIDER_UNAVAILABLE)


#: Questions are kept sealed: claimed values of a check stand in them (docs/decisions/0008-sealing.md).
SEALED = SealedColumn(
    table="sharing_call",
    column="message",
    key=("id",),
    first=(0,),
    beside=("question",),
    place=lambda row: _place(str(row[1])),
)


def _place(question: str) -> tuple[str | int, ...]:
    return ("sharing_call", "message", question)


def keep(intent: UUID, answers: Sequence[Answer]) -> str | None:
    """Write what was asked for a request; return the commitment (SHA-256, hex), None where nothing was."""
    asked = [answer for answer in answers if answer.asked]
    if not asked:
        return None
    rows = [_row(intent, answer) for answer in asked]
    plans.rows(_INSERT, [list(column) for column in zip(*rows, strict=True)])
    return receipts.commitment(
        [(one.question, one.receipt) for one in (answer.exchange or _NONE for answer in asked)]
    )


#: What stands where nothing came back to be believed.
_NONE = Exchange("", b"", "")


def _row(intent: UUID, answer: Answer) -> tuple[object, ...]:
    exchange, asked = answer.exchange or _NONE, answer.question
    return (
        intent,
        answer.provider,
        asked.item if asked else "",
        asked.mode.value if asked else "",
        answer.availability.value,
        answer.reason.value if answer.reason else "",
        answer.answered_at,
        answer.took_ms,
        exchange.question,
        _sealed(exchange) if exchange.message else None,
        exchange.receipt,
    )


def _sealed(exchange: Exchange) -> bytes:
    return keyring.data_keys().seal(exchange.message, place=_place(exchange.question))


def of(intent: UUID) -> list[Kept]:
    """Return the calls of a request, in the order in which they were committed to."""
    keys = keyring.data_keys()
    return [
        Kept(
            row.provider,
            row.item,
            row.availability,
            Exchange(
                row.question,
                keys.open(bytes(row.message), place=_place(row.question)) if row.message else b"",
                row.receipt,
            ),
        )
        for row in Call.objects.filter(intent=intent).order_by("id")
    ]


@dataclass(frozen=True)
class Kept:
    """A call as the register has it; the exchange is empty where nothing came back to be believed."""

    provider: str
    item: str
    availability: str
    exchange: Exchange


def made() -> dict[str, int]:
    """Return how many interface calls and how many verifications this node has made."""
    counted = Call.objects.aggregate(
        interface_calls=Count("id", filter=Q(mode=SharingMode.INTERFACE_CALL.value)),
        verifications=Count("id", filter=Q(mode=SharingMode.DATA_VERIFICATION.value)),
    )
    return {name: int(number) for name, number in counted.items()}


@dataclass(frozen=True)
class Health:
    """How a provider's gateway has answered of late; `answered` of `asked`, times in milliseconds."""

    provider: str
    asked: int
    answered: int
    mean_ms: int | None
    last_answered_at: datetime | None

    @property
    def rate(self) -> float | None:
        return self.answered / self.asked if self.asked else None


def health(
    providers: Sequence[str], *, as_of: datetime, within: timedelta = timedelta(days=1)
) -> list[Health]:
    """Return each provider's health, so that a person sees it before a consent is asked for."""
    answered = Q(availability__in=_ANSWERED)
    found = {
        row["provider"]: row
        for row in Call.objects.filter(provider__in=providers, asked_at__gt=as_of - within)
        .values("provider")
        .annotate(
            asked=Count("id"),
            answered=Count("id", filter=answered),
            mean=Avg("took_ms", filter=answered),
            last=Max("asked_at", filter=answered),
        )
    }
    return [_health(provider, found.get(provider)) for provider in providers]


@dataclass(frozen=True)
class Calls:
    """How a provider's gateway answered for one item in a span of time; times in milliseconds."""

    item: str
    asked: int
    answered: int
    median_ms: int | None
    p95_ms: int | None


def answered(provider: str, *, since: datetime, until: datetime) -> list[Calls]:
    """Return per item how a provider was asked from `since` until before `until`, and how fast it was."""
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERED_IN, [list(_ANSWERED), provider, since, until])
        return [Calls(*row) for row in cursor.fetchall()]


_ANSWERED_IN = """
    WITH call AS (
        SELECT item, took_ms, availability = ANY(%s) AS answered FROM sharing_call
        WHERE provider = %s AND asked_at >= %s AND asked_at < %s
    )
    SELECT item, count(*), count(*) FILTER (WHERE answered),
           round(percentile_cont(0.5) WITHIN GROUP (ORDER BY took_ms) FILTER (WHERE answered))::int,
           round(percentile_cont(0.95) WITHIN GROUP (ORDER BY took_ms) FILTER (WHERE answered))::int
    FROM call GROUP BY item ORDER BY item
"""


def _health(provider: str, row: Mapping[str, Any] | None) -> Health:
    if row is None:
        return Health(provider, 0, 0, None, None)
    mean = None if row["mean"] is None else round(row["mean"])
    return Health(provider, row["asked"], row["answered"], mean, row["last"])
