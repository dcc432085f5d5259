"""Appending: what is new, what is known, what takes another's place, what is handed back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from uuid import uuid4

import pytest
from django.db import transaction

from rongxin.records import filing, reading
from rongxin.records.errors import AlreadyEnded, UnknownRecord
from rongxin.records.rules import EndedWhy, Fate

from . import stored
from .conftest import CLERK, NOW, Bureau, Row

pytestmark = pytest.mark.django_db
ITEM = "administrative_penalty"
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
Opened = Callable[[], int]


def live(subject: int, bureau: Bureau, item: str = ITEM) -> list[dict[str, object]]:
    return [row.payload for row in stored.of(subject, [item], as_of=bureau.day)[item]]


def test_it_files_new_rows_and_reads_them_back(bureau: Bureau, subject: Opened) -> None:
    firm = subject()
    batch, filed, findings = bureau.files(Row(2, firm, "一号", {"fine_cny": "10.00"}, MARCH))
    assert (filed.stored, findings) == (1, [])
    (row,) = stored.of(firm, [ITEM, "honours"], as_of=bureau.day)[ITEM]
    assert (row.payload, row.batch_id, row.line, row.observed_on) == ({"fine_cny": "10.00"}, batch, 2, MARCH)
    assert reading.connected_items() == {ITEM}


def test_it_keeps_text_that_copy_could_misread(bureau: Bureau, subject: Opened) -> None:
    firm, odd = subject(), {"name": 'a\tb\\n"引号"\n换行\\', "basis": "\\N", "title": "\\."}
    bureau.files(Row(2, firm, "键\\N", odd, MARCH))
    assert live(firm, bureau) == [odd]


def test_it_files_every_row_of_a_chunk_that_is_written_in_slices(
    bureau: Bureau, subject: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filing, "_AT_ONCE", 2)
    rows = [Row(line, subject(), f"{line}号", {"fine_cny": str(line)}) for line in range(2, 9)]
    _, filed, found = bureau.files(*rows)
    assert (filed.stored, found) == (7, [])
    assert [live(row["subject_id"], bureau) for row in rows] == [[{"fine_cny": str(n)}] for n in range(2, 9)]


def test_it_takes_the_same_content_for_a_duplicate(bureau: Bureau, subject: Opened) -> None:
    firm = subject()
    first, *_ = bureau.files(Row(2, firm, "一号", {"fine_cny": "10.00"}, MARCH))
    _, filed, findings = bureau.files(Row(9, firm, "一号", {"fine_cny": "10.00"}, MARCH))
    assert filed.stored == 0
    assert [(f.line, f.fate, f.held_batch) for f in findings] == [(9, Fate.DUPLICATE, first)]


def test_it_supersedes_a_row_by_a_changed_one(bureau: Bureau, subject: Opened) -> None:
    firm = subject()
    bureau.files(Row(2, firm, "一号", {"fine_cny": "10.00"}, MARCH))
    before = bureau.day
    _, filed, _ = bureau.files(Row(2, firm, "一号", {"fine_cny": "12.00"}, MARCH))
    assert (filed.stored, filed.superseded) == (1, 1)
    assert live(firm, bureau) == [{"fine_cny": "12.00"}]
    assert [row.payload for row in stored.of(firm, [ITEM], as_of=before)[ITEM]] == [{"fine_cny": "10.00"}]


def test_it_hands_back_an_event_dated_before_the_one_held(bureau: Bureau, subject: Opened) -> None:
    firm = subject()
    bureau.files(Row(2, firm, "一号", {"fine_cny": "10.00"}, APRIL))
    _, filed, findings = bureau.files(Row(2, firm, "一号", {"fine_cny": "12.00"}, MARCH))
    assert filed.stored == 0
    assert [(f.fate, f.held_on) for f in findings] == [(Fate.OLDER, APRIL)]
    assert live(firm, bureau) == [{"fine_cny": "10.00"}]


def test_it_keeps_an_older_state_as_history(bureau: Bureau, subject: Opened) -> None:
    firm, licence = subject(), "business_licence"
    bureau.files(Row(2, firm, "", {"status": "存续"}, APRIL), item=licence, is_state=True)
    old = Row(2, firm, "", {"status": "迁入"}, MARCH)
    _, filed, _ = bureau.files(old, item=licence, is_state=True)
    assert (filed.stored, filed.history) == (1, 1)
    assert live(firm, bureau, licence) == [{"status": "存续"}]
    _, again, findings = bureau.files(old, item=licence, is_state=True)
    assert (again.stored, [f.fate for f in findings]) == (0, [Fate.DUPLICATE])


def test_it_orders_the_states_of_one_file_by_their_day(bureau: Bureau, subject: Opened) -> None:
    firm, licence = subject(), "business_licence"
    rows = [Row(2, firm, "", {"status": "新"}, APRIL), Row(3, firm, "", {"status": "旧"}, MARCH)]
    _, filed, findings = bureau.files(*rows, item=licence, is_state=True)
    assert (filed.stored, filed.history, [f.line for f in findings]) == (2, 1, [3])
    assert live(firm, bureau, licence) == [{"status": "新"}]


def test_it_names_the_other_line_of_a_repeated_or_contradicting_row(bureau: Bureau, subject: Opened) -> None:
    firm = subject()
    ten, twelve = {"fine_cny": "10.00"}, {"fine_cny": "12.00"}
    rows = [
        Row(2, firm, "一号", ten, MARCH),
        Row(3, firm, "一号", ten, MARCH),
        Row(4, firm, "二号", ten, MARCH),
        Row(5, firm, "二号", twelve, MARCH),
        Row(6, firm, "二号", ten, MARCH),
    ]
    _, filed, findings = bureau.files(*rows)
    assert filed.stored == 1
    assert [(f.line, f.fate, f.other_line) for f in findings] == [
        (3, Fate.DUPLICATE_IN_FILE, 2),
        (4, Fate.CONFLICT_IN_FILE, 5),
        (5, Fate.CONFLICT_IN_FILE, 4),
        (6, Fate.CONFLICT_IN_FILE, 5),
    ]


def test_it_lets_no_provider_change_an_equals_record(bureau: Bureau, subject: Opened) -> None:
    firm = subject()
    bureau.files(Row(2, firm, "一号", {"fine_cny": "10.00"}, MARCH))
    _, filed, findings = bureau.files(Row(2, firm, "一号", {"fine_cny": "0.00"}, APRIL), provider="other")
    assert (filed.stored, [f.fate for f in findings]) == (0, [Fate.KNOWN])
    assert live(firm, bureau) == [{"fine_cny": "10.00"}]


def record_id(firm: int, bureau: Bureau) -> int:
    return stored.of(firm, [ITEM], as_of=bureau.day)[ITEM][0].id


@pytest.mark.parametrize(
    ("why", "same", "changed"),
    [
        (EndedWhy.REPAIRED, Fate.BARRED, Fate.BARRED),
        (EndedWhy.REMOVED_BY_AUTHORITY, Fate.BARRED, Fate.BARRED),
        (EndedWhy.CORRECTED, Fate.BARRED, Fate.FILED),
        (EndedWhy.PUBLICATION_ENDED, Fate.BARRED, Fate.FILED),
    ],
)
def test_it_does_not_bring_an_ended_record_back(
    bureau: Bureau, subject: Opened, why: EndedWhy, same: Fate, changed: Fate
) -> None:
    firm = subject()
    bureau.files(Row(2, firm, "一号", {"fine_cny": "10.00"}, MARCH))
    filing.end(
        [record_id(firm, bureau)], why, subject_id=firm, ended_by="objection:7", actor=CLERK, as_of=NOW
    )
    assert live(firm, bureau) == []
    _, _, findings = bureau.files(Row(2, firm, "一号", {"fine_cny": "10.00"}, MARCH))
    assert [f.fate for f in findings] == [same]
    _, filed, findings = bureau.files(Row(2, firm, "一号", {"fine_cny": "12.00"}, MARCH))
    assert [f.fate for f in findings] == ([changed] if changed is Fate.BARRED else [])
    assert filed.stored == (0 if changed is Fate.BARRED else 1)


def test_it_ends_a_record_once_and_all_or_nothing(bureau: Bureau, subject: Opened) -> None:
    firm = subject()
    bureau.files(Row(2, firm, "一号", {"a": "1"}, MARCH), Row(3, firm, "二号", {"a": "2"}, MARCH))
    one, two = (row.id for row in stored.of(firm, [ITEM], as_of=bureau.day)[ITEM])
    act = {"subject_id": firm, "ended_by": "repair:1", "actor": CLERK, "as_of": bureau.day}
    filing.end([one], EndedWhy.REPAIRED, **act)
    with pytest.raises(AlreadyEnded):
        filing.end([one, two], EndedWhy.REPAIRED, **act)
    with pytest.raises(UnknownRecord):
        filing.end([two, 999_999_999], EndedWhy.REPAIRED, **act)
    assert [row.id for row in stored.of(firm, [ITEM], as_of=bureau.day)[ITEM]] == [two]


def test_it_needs_the_transaction_of_the_whole_batch() -> None:
    lot = filing.Lot(uuid4(), ITEM, 1, "bureau", NOW, is_state=False)
    with transaction.atomic():
        filing.stage(lot, as_of=NOW)
