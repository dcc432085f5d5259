"""The set path: the decision table of one item as SQL, for push and nightly evaluation.

It is the same table as the row path (`rules.table`), compiled once per item and request instead of asked for
every row; a property test holds the two equal. Values are masked after the query by the same catalogue types.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg import sql

from rongxin.catalogue.schema import Channel, Item
from rongxin.disclosure import rules
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.subject_kind import SubjectKind
from rongxin.vocabulary.verdict import Verdict

_OUTSIDE = rules.Decision(Verdict.WITHHOLD, Reason.ROW_NOT_IN_CHANNEL)
_OUT_OF_PERIOD = rules.Decision(Verdict.WITHHOLD, Reason.PERIOD_NOT_COVERED)


@dataclass(frozen=True)
class Source:
    """Where the rows of a set are: SQL for the payload (jsonb) and for the subject's kind."""

    payload: sql.Composable
    kind: sql.Composable


def decision(
    item: Item, field: str, *, recipient: rules.RecipientKind, consented: rules.Consented, source: Source
) -> sql.Composable:
    """Return an SQL expression that gives the decision on `field` of each row, as `verdict:reason`."""
    branches = [
        sql.SQL("WHEN {} THEN {}").format(
            sql.SQL("{} = {}").format(source.kind, sql.Literal(kind.value)),
            _by_channel(item, field, rules.Context(recipient, kind, consented), source),
        )
        for kind in SubjectKind
    ]
    return sql.SQL("CASE {} END").format(sql.SQL(" ").join(branches))


def published(item: Item, *, recipient: rules.RecipientKind, day: date, source: Source) -> sql.Composable:
    """Return the SQL condition under which a row may still be shown, as `rules.published` has it."""
    if item.published_until is None or recipient is rules.RecipientKind.SUBJECT:
        return sql.SQL("true")
    value = sql.SQL("({} ->> {})").format(source.payload, sql.Literal(item.published_until))
    return sql.SQL("({value} IS NULL OR {value}::date >= {day})").format(value=value, day=sql.Literal(day))


def parse(text: str) -> rules.Decision:
    """Read back what `decision` wrote."""
    verdict, reason = text.split(":")
    return rules.Decision(Verdict(verdict), Reason(reason))


def leaving(
    item: Item,
    decided: Mapping[str, str],
    payload: Mapping[str, Any],
    is_signers: Callable[[str], bool] = lambda number: False,
) -> dict[str, Any]:
    """Return what leaves of one row, given the decisions that the query made for it."""
    out = {}
    for name, text in decided.items():
        field, given = item.field(name), payload.get(name)
        value = rules.apply(rules.settle(parse(text), field, given, is_signers), field, given)
        if value is not None:
            out[name] = value
    return out


def _by_channel(item: Item, field: str, context: rules.Context, source: Source) -> sql.Composable:
    branches = [
        sql.SQL("WHEN {} THEN {}").format(
            _carries(entry.channel, source), _within_period(item, field, entry, context, source)
        )
        for entry in rules.table(item, context)
        if field in entry.fields
    ]
    return sql.SQL("CASE {} ELSE {} END").format(sql.SQL(" ").join(branches), _literal(_OUTSIDE))


def _carries(channel: Channel, source: Source) -> sql.Composable:
    if channel.where is None:
        return sql.SQL("true")
    # IS NOT DISTINCT FROM, since a row without the field is outside the filter, not unknown.
    return sql.SQL("{} -> {} IS NOT DISTINCT FROM {}::jsonb").format(
        source.payload, sql.Literal(channel.where.field), sql.Literal(json.dumps(channel.where.equals))
    )


def _within_period(
    item: Item, field: str, entry: rules.ChannelDecision, context: rules.Context, source: Source
) -> sql.Composable:
    decided = _literal(entry.fields[field])
    period = context.consented.period
    if (
        context.own
        or period is None
        or not context.consented.covers
        or item.observed_on is None
        or not rules.needs_consent(entry.channel, item.field(field))
    ):
        return decided
    value = sql.SQL("({} ->> {})").format(source.payload, sql.Literal(item.observed_on))
    outside = _OUTSIDE_PERIOD.format(
        value=value, first=sql.Literal(period.from_), last=sql.Literal(period.to)
    )
    return sql.SQL("CASE WHEN {} THEN {} ELSE {} END").format(outside, _literal(_OUT_OF_PERIOD), decided)


# A year and a month stand for their whole span, as `rules.span_of` has it.
_OUTSIDE_PERIOD = sql.SQL("""
    {value} IS NOT NULL AND NOT (
        (CASE length({value}) WHEN 4 THEN {value} || '-01-01' WHEN 7 THEN {value} || '-01' ELSE {value}
        END)::date
            <= {last}
        AND CASE length({value})
            WHEN 4 THEN ({value} || '-12-31')::date
            WHEN 7 THEN ({value} || '-01')::date + interval '1 month - 1 day'
            ELSE {value}::date END >= {first}
    )""")


def _literal(decided: rules.Decision) -> sql.Composable:
    return sql.Literal(f"{decided.verdict.value}:{decided.reason.value}")
