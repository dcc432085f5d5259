"""What a role may and what the database refuses it, on connections that log in as that role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection, transaction
from psycopg.errors import InsufficientPrivilege

from rongxin.disclosure import gate, register
from rongxin.disclosure.models import Intent
from rongxin.disclosure.release import Recipient, Release, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.entrypoints.database.declared import BOUND, Role
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.sharing.aggregation import sources
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.purpose import Purpose
from tests.unit.consent import stage
from tests.unit.entrypoints.database.conftest import PENALTY, Scene
from tests.unit.entrypoints.database.stage import Division

pytestmark = pytest.mark.django_db(transaction=True)
GUARDED = ("journal_entry", "journal_leaf", "journal_subtree", "journal_checkpoint")


@pytest.fixture
def web(division: Division) -> Iterator[psycopg.Connection[Any]]:
    with division.connected(Role.WEB) as own:
        yield own


@pytest.fixture(params=BOUND)
def either(division: Division, request: pytest.FixtureRequest) -> Iterator[psycopg.Connection[Any]]:
    with division.connected(request.param) as own:
        yield own


def _request(scene: Scene, **more: Any) -> Request:
    return Request(
        recipient=Recipient(RecipientKind.INSTITUTION, "bank_a", "云州银行", "clerk-7"),
        uscc=scene.firm.uscc,
        items=(PENALTY,),
        purpose=Purpose.PRE_LOAN_REVIEW,
        reference="DK-2026-0001",
        **more,
    )


def test_the_web_answers_by_consent(scene: Scene, division: Division) -> None:
    sources.forget()
    bank = stage.bank()
    case = stage.case(scene.firm, bank)
    stage.consent(scene.firm, case, draft=stage.draft(PENALTY))
    with division.process(Role.WEB):
        actor = Actor(ActorKind.ACCOUNT, "1", f"institution:{bank}")
        answer = gate.release(_request(scene, case_id=case), actor=actor, as_of=scene.bureau.day)
        assert isinstance(answer, Release)
        ((row,),) = [item.rows for item in answer.items]
        assert row.fields["fine_cny"].value == "10.00"


@pytest.mark.parametrize(
    "columns", ["payload", "source", "sealed", "subject_id, payload::text", "count(*)", "*"]
)
def test_the_web_reads_no_record(scene: Scene, web: psycopg.Connection[Any], columns: str) -> None:
    with pytest.raises(InsufficientPrivilege, match="records_record"):
        web.execute(f"SELECT {columns} FROM records_record")


def test_the_web_gets_at_no_partition_copy_or_change_of_a_record(web: psycopg.Connection[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'records_record'::regclass"
        )
        parts = [name for (name,) in cursor.fetchall()]
    assert parts
    for statement in (
        *(f"SELECT 1 FROM {part}" for part in parts),
        "COPY records_record TO STDOUT",
        "UPDATE records_record SET ended_at = now()",
        "INSERT INTO records_record (subject_id) VALUES (1)",
        "DELETE FROM records_record",
        "CREATE VIEW peek AS SELECT * FROM records_record",
    ):
        with pytest.raises(InsufficientPrivilege):
            web.execute(statement)


def _written(scene: Scene) -> Intent:
    with transaction.atomic():
        return register.intend(
            _request(scene), subject_id=scene.firm.id, consent=None, actor=SYSTEM, as_of=scene.bureau.day
        )


@pytest.mark.parametrize("column", ["written_in", "written_at"])
def test_nobody_forges_when_an_intent_was_written(
    scene: Scene, either: psycopg.Connection[Any], column: str
) -> None:
    value = {"written_in": "'3'::xid8", "written_at": "now() - interval '1 minute'"}[column]
    intent = _written(scene)
    with pytest.raises(InsufficientPrivilege, match="disclosure_intent"):
        either.execute(f"UPDATE disclosure_intent SET {column} = {value} WHERE id = %s", [intent.id])
    columns = "id, recipient_kind, recipient, person, subject_id, purpose, reference, items, asked_at, entry"
    with pytest.raises(InsufficientPrivilege, match="disclosure_intent"):
        either.execute(
            f"INSERT INTO disclosure_intent ({columns}, {column})"
            f" SELECT gen_random_uuid(), recipient_kind, recipient, person, subject_id, purpose, reference,"
            f" items, asked_at, entry, {value} FROM disclosure_intent"
        )


def test_an_intent_of_the_webs_own_transaction_opens_nothing(scene: Scene, division: Division) -> None:
    with division.process(Role.WEB), transaction.atomic():
        intent = register.intend(
            _request(scene), subject_id=scene.firm.id, consent=None, actor=SYSTEM, as_of=scene.bureau.day
        )
        with connection.cursor() as cursor, pytest.raises(Exception, match="is not committed"):
            cursor.execute("SELECT * FROM gate_read(%s, %s)", [intent.id, [PENALTY]])
        transaction.set_rollback(True)


def test_a_used_intent_cannot_be_made_unused(scene: Scene, either: psycopg.Connection[Any]) -> None:
    intent = _written(scene)
    assert either.execute("SELECT id FROM gate_read(%s, %s)", [intent.id, [PENALTY]]).fetchall()
    for statement in ("DELETE FROM disclosure_reading", "SELECT * FROM disclosure_reading"):
        with pytest.raises(InsufficientPrivilege, match="disclosure_reading"):
            either.execute(statement)


@pytest.mark.parametrize("table", GUARDED)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET {column} = {column}",
        "DELETE FROM {}",
        "TRUNCATE {}",
        "ALTER TABLE {} DISABLE TRIGGER ALL",
        "DROP TRIGGER journal_append_only ON {}",
        "DROP TABLE {} CASCADE",
        "CREATE TRIGGER mine BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION journal_refuse()",
        "CREATE RULE mine AS ON INSERT TO {} DO INSTEAD NOTHING",
    ],
)
def test_nobody_changes_the_journal(either: psycopg.Connection[Any], table: str, statement: str) -> None:
    column = {"journal_checkpoint": "note"}.get(table, "hash" if table != "journal_entry" else "body")
    with pytest.raises(InsufficientPrivilege, match=table):
        either.execute(statement.format(table, column=column))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE OR REPLACE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "ALTER FUNCTION gate_read(uuid, text[]) SECURITY INVOKER",
        "SET session_replication_role = replica",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "CREATE TABLE mine (id int)",
    ],
)
def test_nobody_makes_more_of_a_role(either: psycopg.Connection[Any], statement: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        either.execute(statement)


def test_reset_role_wins_nothing(scene: Scene, division: Division, web: psycopg.Connection[Any]) -> None:
    owner = connection.settings_dict["USER"]
    for statement in ("RESET ROLE", "SET ROLE NONE", "RESET SESSION AUTHORIZATION", "DISCARD ALL"):
        web.execute(statement)
    for other in (owner, division.names[Role.WORKER], "pg_read_all_data"):
        with pytest.raises(InsufficientPrivilege):
            web.execute(f'SET ROLE "{other}"')
    with pytest.raises(InsufficientPrivilege):
        web.execute(f'SET SESSION AUTHORIZATION "{owner}"')
    with pytest.raises(InsufficientPrivilege, match="records_record"):
        web.execute("GRANT SELECT ON records_record TO CURRENT_USER")
    with pytest.raises(InsufficientPrivilege, match="records_record"):
        web.execute("SELECT payload FROM records_record")


def test_the_web_cannot_answer_its_own_errands(web: psycopg.Connection[Any]) -> None:
    web.execute("INSERT INTO sharing_errand (id, asked_at, asked) VALUES (%s, now(), '')", [uuid4()])
    with pytest.raises(InsufficientPrivilege, match="sharing_errand"):
        web.execute("UPDATE sharing_errand SET answer = asked")


def test_both_append_to_the_journal(division: Division) -> None:
    for role in BOUND:
        with division.process(role), transaction.atomic():
            entries.append(Kind.DATA_KEY_ROTATED, actor=SYSTEM, refs={"version": 2}, as_of=stage.NOW)
