"""Appending: durable with the caller's transaction, in one round trip, and never changed again."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rongxin.journal import entries, models, sequencer
from rongxin.journal.entries import Draft
from rongxin.journal.errors import UnknownEntry, Unrecordable
from rongxin.journal.rules import Kind
from rongxin.proof import canonical, merkle
from rongxin.vocabulary.actor import SYSTEM

from .conftest import Append, Fill

pytestmark = pytest.mark.django_db


def test_it_is_one_round_trip(append: Append) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        append()
    assert len(queries) == 1


def test_it_returns_what_was_hashed(append: Append) -> None:
    entry = append(7)
    assert entry.leaf_hash == merkle.leaf_hash(entry.body.encode())
    assert canonical.dumps(entry.content).decode() == entry.body
    assert entry.content["id"] == str(entry.id)
    assert (entry.kind, entry.refs["subject"]) == (Kind.DISCLOSURE_RELEASED, 7)
    assert entries.get(entry.id) == entry


def test_the_query_columns_say_what_the_body_says(append: Append) -> None:
    entry = append(7)
    row = models.Entry.objects.get(id=entry.id)
    assert (row.kind, row.actor_kind, row.actor, row.party) == (
        "disclosure.released",
        "api_client",
        "client_7",
        "institution:bank_a",
    )
    assert (row.subject, row.institution, row.consent, row.at) == ("7", "bank_a", "consent-7", entry.at)


def test_its_ids_are_time_ordered_uuids(append: Append) -> None:
    first, second = append(1).id, append(2).id
    assert first.version == second.version == 7
    assert first.variant == "specified in RFC 4122"
    assert first.int >> 80 <= second.int >> 80


def test_many_are_appended_in_one_round_trip_and_in_order(now: datetime) -> None:
    drafts = [Draft(kind=Kind.SUBJECT_OPENED, refs={"subject": number}) for number in range(50)]
    with CaptureQueriesContext(connection) as queries:
        made = entries.append_all(drafts, actor=SYSTEM, as_of=now)
    assert len(queries) == 1
    sequencer.integrate()
    leaves = models.Leaf.objects.order_by("index").values_list("entry", flat=True)
    assert list(leaves) == [entry.id for entry in made]
    assert entries.append_all([], actor=SYSTEM, as_of=now) == []


def test_it_refuses_content(now: datetime) -> None:
    with pytest.raises(Unrecordable, match="no id"):
        entries.append(Kind.DEMO_NOTE, actor=SYSTEM, refs={"name": "宏达商贸"}, as_of=now)
    with pytest.raises(Unrecordable, match="time zone"):
        entries.append(Kind.DEMO_NOTE, actor=SYSTEM, refs={}, as_of=now.replace(tzinfo=None))
    assert not models.Entry.objects.exists()


def test_an_unknown_entry_is_named() -> None:
    with pytest.raises(UnknownEntry, match="check the id"):
        entries.get(uuid4())


def test_it_finds_the_latest_entries_about_someone(append: Append) -> None:
    append(1)
    wanted = [append(2), append(2, Kind.CONSENT_GRANTED)]
    assert {entry.id for entry in entries.find(subject=2)} == {entry.id for entry in wanted}
    assert [entry.id for entry in entries.find(subject=2, kinds=[Kind.CONSENT_GRANTED])] == [wanted[1].id]
    assert len(entries.find(institution="bank_a", entries_max=2)) == 2
    assert entries.find(consent="consent-1", since=wanted[0].at) == []


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_act_leaves_no_entry_and_no_leaf(append: Append) -> None:
    def fail() -> None:
        with transaction.atomic():
            append(1)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    kept = append(2)
    assert sequencer.integrate() == 1
    assert list(models.Leaf.objects.values_list("entry", flat=True)) == [kept.id]
    assert models.Entry.objects.count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_entry SET body = body",
        "DELETE FROM journal_entry",
        "UPDATE journal_leaf SET index = index + 100",
        "DELETE FROM journal_leaf",
        "UPDATE journal_subtree SET hash = hash",
        "DELETE FROM journal_subtree",
        "UPDATE journal_checkpoint SET note = note",
        "DELETE FROM journal_checkpoint",
        "UPDATE journal_entry SET kind = 'demo.note'",
        "UPDATE journal_checkpoint SET size = 1",
        "INSERT INTO journal_entry (id, body, kind) VALUES (gen_random_uuid(), '{}', 'x')",
    ],
)
def test_the_database_refuses_to_change_what_was_written(statement: str, fill: Fill, now: datetime) -> None:
    from rongxin.journal import checkpoints

    fill(300)
    sequencer.integrate()
    checkpoints.sign(as_of=now)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_it_writes_the_callers_row_beside_the_entry_or_neither() -> None:
    def note(consumer: str) -> entries.Entry:
        insert = "INSERT INTO journal_cursor (consumer, position) VALUES (%s, 7)"
        return entries.append(
            Kind.DEMO_NOTE,
            actor=SYSTEM,
            refs={"note": "n-1"},
            as_of=timezone.now(),
            beside=lambda entry: (insert, [consumer or str(entry)]),
        )

    entry = note("")
    assert models.Cursor.objects.get().consumer == str(entry.id)
    with pytest.raises(IntegrityError), transaction.atomic():
        note(str(entry.id))
    assert models.Entry.objects.count() == models.Pending.objects.count() == 1
