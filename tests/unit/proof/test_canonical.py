"""Canonical JSON: the standard's own examples, our types, and what has no canonical form."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from rongxin.proof import canonical
from rongxin.proof.errors import Uncanonical

texts = st.text(st.characters(codec="utf-8"))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
)


# Everything that has a canonical form, what the standard library's encoder can't write right included.
numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
ours = (
    st.decimals(allow_nan=False, allow_infinity=False)
    | st.dates()
    | st.uuids()
    | st.datetimes(timezones=st.just(UTC))
)
documents = st.recursive(
    st.none() | st.booleans() | numbers | texts | ours,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner) | st.tuples(inner, inner),
)


class Colour(StrEnum):
    RED = "red"


def test_it_writes_the_example_of_the_standard() -> None:
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": '€$\u000f\nA\'B"\\\\"/',
        "literals": [None, True, False],
    }
    expected = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert canonical.dumps(value).decode() == expected


def test_it_sorts_keys_by_utf16_units() -> None:
    value = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\xf6": 7}
    assert list(json.loads(canonical.dumps(value))) == [
        "\r",
        "1",
        "\x80",
        "\xf6",
        "\u20ac",
        "\U0001f600",
        "\ufb33",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("12.50"), '"12.50"'),
        (Decimal("1E+3"), '"1000"'),
        (date(2026, 3, 1), '"2026-03-01"'),
        (
            datetime(2026, 3, 1, 8, 0, tzinfo=timezone(timedelta(hours=8))),
            '"2026-03-01T00:00:00.000000Z"',
        ),
        (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (Colour.RED, '"red"'),
        ({Colour.RED: (1, 2)}, '{"red":[1,2]}'),
        ("融信", '"融信"'),
    ],
)
def test_it_turns_our_types_into_text(value: object, text: str) -> None:
    assert canonical.dumps(value).decode() == text


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 3, 1),  # noqa: DTZ001
        Decimal("NaN"),
        float("inf"),
        2**53,
        {1: "a"},
        b"bytes",
        {"set"},
        "\ud800",
    ],
)
def test_it_refuses_what_has_no_canonical_form(value: object) -> None:
    with pytest.raises(Uncanonical):
        canonical.dumps(value)


@given(values)
def test_it_loses_nothing_and_is_its_own_canonical_form(value: object) -> None:
    data = canonical.dumps(value)
    assert json.loads(data) == value
    assert canonical.dumps(json.loads(data)) == data


@given(st.dictionaries(texts, st.integers(0, 9), min_size=2))
def test_it_does_not_depend_on_the_order_of_keys(value: dict[str, int]) -> None:
    assert canonical.digest(dict(reversed(value.items()))) == canonical.digest(value)


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.integers(-12, 12).map(lambda hours: timezone(timedelta(hours=hours))),
)
def test_it_writes_one_instant_in_one_way(moment: datetime, zone: timezone) -> None:
    try:
        elsewhere = moment.astimezone(zone)
    except OverflowError:
        return
    assert canonical.instant(elsewhere) == canonical.instant(moment)


@given(documents)
def test_it_writes_the_same_bytes_as_the_standards_own_library(value: object) -> None:
    assert canonical.dumps(value) == rfc8785.dumps(canonical._plain(value))


@pytest.mark.parametrize(
    "value",
    [
        {"😀": 1, "ﬀ": 2},  # UTF-16 sorts the first before the second, code points don't
        {"é": 1.5, "e": -0.0, "E": 1e21},
        {Colour.RED: Colour.RED, "a": {"b": ()}},
        '\x00\x08\t\n\x0b\x0c\r\x1f\x7f\u2028"\\/',
        [True, False, 1, 0, 2**53 - 1],
    ],
)
def test_it_agrees_with_the_standards_library_where_encoders_part(value: object) -> None:
    assert canonical.dumps(value) == rfc8785.dumps(canonical._plain(value))
