"""Publication ends by itself: the day after its last the record no longer counts, and is not brought back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest

from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.records import publication
from rongxin.records.rules import Fate
from tests.unit.records import stored
from tests.unit.records.conftest import Bureau, Row

pytestmark = pytest.mark.django_db(transaction=True)
ITEM = "administrative_penalty"
MARCH = date(2026, 3, 1)


def live(firm: int, as_of: datetime) -> list[str]:
    return [row.payload["fine_cny"] for row in stored.of(firm, [ITEM], as_of=as_of)[ITEM]]


def test_it_ends_what_is_over_and_nothing_else(bureau: Bureau, subject: Callable[[], int]) -> None:
    firm, other = subject(), subject()
    over = {"fine_cny": "1.00", "published_until": "2026-04-02"}
    bureau.files(
        Row(2, firm, "一号", over, MARCH),
        Row(3, firm, "二号", {"fine_cny": "2.00", "published_until": "2026-04-03"}, MARCH),
        Row(4, other, "三号", {"fine_cny": "3.00"}, MARCH),
    )
    at = bureau.day.replace(month=4, day=3)
    assert publication.end_due(as_of=at) == 1
    assert (live(firm, at), live(other, at)) == (["2.00"], ["3.00"])
    assert publication.end_due(as_of=at) == 0
    (entry,) = entries.find(subject=firm, kinds=[Kind.RECORD_ENDED])
    assert entry.refs["why"] == "publication_ended"
    _, _, findings = bureau.files(Row(2, firm, "一号", over, MARCH))
    assert [finding.fate for finding in findings] == [Fate.BARRED]
