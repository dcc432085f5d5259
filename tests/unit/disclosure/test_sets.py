"""The set path decides like the row path, for every item, row and consent."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from rongxin.catalogue import loader
from rongxin.disclosure import rules, sets
from rongxin.vocabulary.period import Period
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.subject_kind import SubjectKind

ITEMS = sorted(loader.load().items)


@st.composite
def _cases(draw):
    item = loader.load().item(draw(st.sampled_from(ITEMS)))
    row = {}
    for field in item.fields:
        if draw(st.booleans()):
            row[field.name] = draw(st.sampled_from(["x", "A", "B", True, False, 7]))
    for channel in item.channels:
        if channel.where is not None and draw(st.booleans()):
            row[channel.where.field] = channel.where.equals
    if item.observed_on is not None and draw(st.booleans()):
        row[item.observed_on] = draw(st.sampled_from(["2024", "2025", "2025-09", "2024-12-31", "2026-02-28"]))
    else:
        row.pop(item.observed_on, None)
    period = draw(st.sampled_from([None, Period(date(2025, 1, 1), date(2025, 12, 31))]))
    consented = rules.Consented(draw(st.sampled_from(list(Reason))), draw(st.booleans()), period)
    return (
        item,
        row,
        consented,
        draw(st.sampled_from(list(rules.RecipientKind))),
        draw(st.sampled_from(list(SubjectKind))),
    )


@pytest.mark.django_db
@settings(max_examples=100, deadline=None)
@given(_cases(), st.sampled_from([None, "2026-02-27", "2026-02-28", "2026-03-01"]))
def test_the_set_path_leaves_out_what_the_row_path_does(case, until):
    item, row, consented, recipient, kind = case
    if item.published_until and until:
        row[item.published_until] = until
    elif item.published_until:
        row.pop(item.published_until, None)
    day = date(2026, 2, 28)
    source = sets.Source(payload=sql.SQL("%s::jsonb"), kind=sql.SQL("kind"))
    condition = sets.published(item, recipient=recipient, day=day, source=source)
    query = sql.SQL("SELECT {}").format(condition).as_string(connection.connection)
    with connection.cursor() as cursor:
        cursor.execute(query, [json.dumps(row)] * query.count("%s"))
        (kept,) = cursor.fetchone()
    assert kept == rules.published(item, row, rules.Context(recipient, kind, consented), day)


@pytest.mark.django_db
@settings(max_examples=300, deadline=None)
@given(_cases())
def test_the_set_path_decides_like_the_row_path(case):
    item, row, consented, recipient, kind = case
    source = sets.Source(payload=sql.SQL("payload"), kind=sql.SQL("kind"))
    columns = sql.SQL(", ").join(
        sets.decision(item, field.name, recipient=recipient, consented=consented, source=source)
        for field in item.fields
    )
    query = sql.SQL("SELECT {} FROM (SELECT %s::jsonb AS payload, %s AS kind) AS facts").format(columns)
    with connection.cursor() as cursor:
        cursor.execute(query.as_string(connection.connection), [json.dumps(row), kind.value])
        decided = cursor.fetchone()
    context = rules.Context(recipient, kind, consented)
    for field, text in zip(item.fields, decided, strict=True):
        assert sets.parse(text) == rules.decide(item, field.name, row, context), field.name
