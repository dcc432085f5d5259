"""What the batches' receipts and measures add up to: one question each to the table of batches.

A month is that of receipt in China. The four counts of rows are those of the signed receipts themselves,
and no row is looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django.db import connection

from rongxin.sharing.aggregation.measures import UNDATED
from rongxin.sharing.quality import timeliness
from rongxin.sharing.quality.rules import Arrivals, Figures, Timeliness, judged

#: Provider, item, month.
Key = tuple[str, str, str]

_OF = """
    provider_id, item, to_char(received_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month"""
# Answers that the platform asked for in bulk are no delivery of the provider's.
_WITHIN = """
    received_at >= %(first)s::timestamp AT TIME ZONE 'Asia/Shanghai'
    AND received_at < (%(last)s::timestamp + interval '1 month') AT TIME ZONE 'Asia/Shanghai'
    AND (%(provider)s::text IS NULL OR provider_id = %(provider)s)
    AND mode <> 'answers'"""

# The receipt's own counts, kept beside the measures; of a batch without these the receipt is unpacked.
_COUNTED = ("read", "accepted", "rejected", "pending", "duplicate")
_SUMS = ", ".join(
    f"sum(coalesce(profile -> 'quality' -> 'receipt' ->> '{name}', receipt ->> '{name}')::bigint)"
    for name in _COUNTED
)
_RECEIPTS = f"""
SELECT {_OF}, status, count(*),
       ARRAY[{_SUMS}, sum(pending)],
       count(*) FILTER (WHERE profile ? 'quality')
FROM sharing_batch WHERE {_WITHIN} GROUP BY 1, 2, 3, 4
"""  # noqa: S608

# The measures are counts by kind and name; those by day are asked for below, with the day of receipt.
_MEASURES = f"""
SELECT {_OF}, kind.key, one.key, sum(one.value::bigint)
FROM sharing_batch, jsonb_each(profile -> 'quality') kind, jsonb_each_text(kind.value) one
WHERE {_WITHIN} AND status = 'filed' AND profile ? 'quality' AND kind.key NOT IN ('first_filed', 'receipt')
GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608

_ARRIVALS = f"""
SELECT {_OF}, (received_at AT TIME ZONE 'Asia/Shanghai')::date, one.key, sum(one.value::bigint)
FROM sharing_batch, jsonb_each_text(profile -> 'quality' -> 'first_filed') one
WHERE {_WITHIN} AND status = 'filed' AND profile ? 'quality'
GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608

_CONNECTED = """
SELECT provider_id, item, min((received_at AT TIME ZONE 'Asia/Shanghai')::date)
FROM sharing_batch WHERE status = 'filed' AND mode <> 'answers'
  AND (%(provider)s::text IS NULL OR provider_id = %(provider)s)
GROUP BY 1, 2
"""


def figures(*, first: str, last: str, provider: str | None = None) -> dict[Key, Figures]:
    """Return the figures of every provider, item and month from `first` to `last` (YYYY-MM)."""
    span = {"first": f"{first}-01", "last": f"{last}-01", "provider": provider}
    found: dict[Key, Figures] = defaultdict(Figures)
    for *key, status, batches, sums, measured in _ask(_RECEIPTS, span):
        own = found[_key(key)]
        if status == "filed":
            own.batches, own.measured = batches, measured
            own.read, own.accepted, own.rejected, own.pending, own.duplicate, own.waiting = map(int, sums)
        elif status in ("held", "refused", "withdrawn"):
            setattr(own, status, batches)
    for *key, kind, name, rows in _ask(_MEASURES, span):
        _take(found[_key(key)], kind, name, int(rows))
    arrivals: dict[Key, list[Arrivals]] = defaultdict(list)
    for *key, received_on, day, rows in _ask(_ARRIVALS, span):
        arrivals[_key(key)].append(_arrival(received_on, day, int(rows)))
    since = connected(provider=provider)
    for key_of, some in arrivals.items():
        owner, item, _ = key_of
        found[key_of].timeliness = _judged(item, some, since.get((owner, item)))
    return dict(found)


def connected(*, provider: str | None = None) -> dict[tuple[str, str], date]:
    """Return, of each provider and item, the day of the first batch that is filed here."""
    return {(row[0], row[1]): row[2] for row in _ask(_CONNECTED, {"provider": provider})}


def _take(own: Figures, kind: str, name: str, rows: int) -> None:
    match kind:
        case "rows" if name == "checked":
            own.checked = rows
        case "rows" if name == "valid":
            own.valid = rows
        case "required":
            own.required[name] = rows
        case "filled":
            own.filled[name] = rows
        case "rejected":
            own.rejected_by[name] = rows
        case "pending":
            own.pending_by[name] = rows
        case "duplicate":
            own.duplicate_by[name] = rows
        case _:
            pass  # a later edition of the measures may count more


def _arrival(received_on: date, day: str, rows: int) -> Arrivals:
    if day == UNDATED:
        return Arrivals(received_on, None, rows)
    # Of long ago the month is kept, and its first day stands for it.
    return Arrivals(received_on, date.fromisoformat(day if len(day) > len("2026-01") else f"{day}-01"), rows)


def _judged(item: str, arrivals: list[Arrivals], since: date | None) -> Timeliness:
    """Judge each day's arrivals by the rule of that day."""
    by_limit: dict[int, list[Arrivals]] = defaultdict(list)
    for some in arrivals:
        rule = timeliness.rule_for(item, some.received_on)
        if rule is not None:
            by_limit[rule.working_days].append(some)
    found = Timeliness()
    for working_days, those in by_limit.items():
        found += judged(those, working_days=working_days, calendar=timeliness.calendar(), since=since)
    return found


def _key(parts: list[Any]) -> Key:
    provider, item, month = parts
    return provider, item, month


def _ask(statement: str, given: Mapping[str, str | None]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
        yield from cursor.fetchall()
