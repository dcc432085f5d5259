"""Every table has an entry that says who may what; a new one without is found here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connection

from rongxin.entrypoints.database import declared
from rongxin.entrypoints.database.declared import BOUND, TABLES, Role

GUARDED = ("journal_entry", "journal_leaf", "journal_subtree", "journal_checkpoint")
SECRET = {"payload", "source", "sealed"}


def _columns_of(role: Role, table: str, privilege: str) -> set[str] | None:
    """The columns on which a role has a privilege; None for the whole table."""
    rights = [right for right in declared.tables_of(role)[table] if right.privilege == privilege]
    if any(not right.columns for right in rights):
        return None
    return {column for right in rights for column in right.columns}


def _models() -> Iterator[str]:
    return (model._meta.db_table for model in apps.get_models(include_auto_created=True))


def test_the_table_of_every_model_is_declared() -> None:
    missing = sorted(set(_models()) - set(TABLES))
    assert not missing, f"say in entrypoints/database/declared.py what web and worker may with: {missing}"


@pytest.mark.django_db
def test_every_table_of_the_database_is_declared_and_no_other() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
            " AND relkind IN ('r', 'p') AND NOT relispartition"
        )
        assert {name for (name,) in cursor.fetchall()} == set(TABLES)


@pytest.mark.parametrize("table", GUARDED)
@pytest.mark.parametrize("role", BOUND)
def test_the_journal_only_grows(role: Role, table: str) -> None:
    assert {right.privilege for right in declared.tables_of(role)[table]} <= {"SELECT", "INSERT"}


def test_the_web_has_no_way_to_a_record() -> None:
    assert declared.tables_of(Role.WEB)["records_record"] == ()


@pytest.mark.parametrize("role", BOUND)
def test_nobody_but_the_database_writes_when_and_where_an_intent_was_written(role: Role) -> None:
    written = _columns_of(role, "disclosure_intent", "INSERT")
    assert written is not None
    assert not written & {"written_at", "written_in"}
    assert {right.privilege for right in declared.tables_of(role)["disclosure_intent"]} == {
        "SELECT",
        "INSERT",
    }
    assert declared.tables_of(role)["disclosure_reading"] == ()


def test_the_worker_changes_of_a_record_its_end_and_its_seal_only() -> None:
    changed = _columns_of(Role.WORKER, "records_record", "UPDATE")
    assert changed == {"sealed", "ended_at", "ended_why", "ended_by"}
    assert "DELETE" not in {right.privilege for right in declared.tables_of(Role.WORKER)["records_record"]}


@pytest.mark.parametrize("role", BOUND)
def test_nobody_may_truncate_or_put_triggers_on_a_table(role: Role) -> None:
    rights = {right.privilege for each in declared.tables_of(role).values() for right in each}
    assert rights <= {"SELECT", "INSERT", "UPDATE", "DELETE"}
