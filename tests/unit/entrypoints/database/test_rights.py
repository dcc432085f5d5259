"""A role that may more than is declared, or less, is told of: by the command, the node's check and readyz."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from rongxin.entrypoints.database import granting, rights
from rongxin.entrypoints.database.declared import BOUND, Role
from rongxin.site import checks
from tests.unit.entrypoints.database import stage
from tests.unit.entrypoints.database.stage import Division

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def own() -> Iterator[Division]:
    """Roles of this test alone, to be spoiled."""
    made = stage.divide("_spoilt")
    yield made
    stage.undo(made)


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.parametrize("role", BOUND)
def test_a_role_may_exactly_what_is_declared(own: Division, role: Role) -> None:
    found = rights.difference(role, own.names[role])
    assert (found.more, found.less) == ([], [])


SPOILT = [
    ("GRANT SELECT ON records_record TO {web}", "SELECT records_record"),
    ("GRANT SELECT (payload) ON records_record TO {web}", "SELECT records_record.payload"),
    ("GRANT INSERT (written_in) ON disclosure_intent TO {web}", "INSERT disclosure_intent.written_in"),
    ("GRANT DELETE ON journal_entry TO {web}", "DELETE journal_entry"),
    ("GRANT TRIGGER ON journal_leaf TO {web}", "TRIGGER journal_leaf"),
    ("GRANT {worker} TO {web}", "member of {worker}"),
    ("GRANT pg_read_all_data TO {web}", "member of pg_read_all_data"),
    ("GRANT CREATE ON SCHEMA public TO {web}", "CREATE on schema public"),
    ("GRANT UPDATE ON SEQUENCE records_record_id_seq TO {web}", "UPDATE records_record_id_seq"),
    ("ALTER ROLE {web} BYPASSRLS", "BYPASSRLS"),
    ("ALTER ROLE {web} SUPERUSER", "SUPERUSER"),
    ("ALTER ROLE {web} CREATEROLE", "CREATEROLE"),
    ("CREATE TABLE stray (id int); ALTER TABLE stray OWNER TO {web}", "owner of table stray"),
    ("CREATE TABLE stray (id int); GRANT SELECT ON stray TO {web}", "SELECT stray"),
    (
        "CREATE FUNCTION peek() RETURNS bigint SECURITY DEFINER LANGUAGE sql"
        " AS 'SELECT count(*) FROM records_record'",
        "EXECUTE peek()",
    ),
]


@pytest.mark.parametrize(("statement", "line"), SPOILT)
def test_whatever_a_role_may_beyond_is_named(own: Division, statement: str, line: str) -> None:
    names = {role.value: name for role, name in own.names.items()}
    _run(statement.format(**names))
    try:
        assert line.format(**names) in rights.difference(Role.WEB, own.names[Role.WEB]).more
    finally:
        _run("DROP TABLE IF EXISTS stray; DROP FUNCTION IF EXISTS peek()")
        _run(f"ALTER ROLE {names['web']} NOSUPERUSER")


def test_what_it_lacks_is_named_and_granting_again_mends_both(own: Division) -> None:
    web = own.names[Role.WEB]
    _run(f"REVOKE INSERT ON journal_entry FROM {web}")
    _run(f"GRANT SELECT, UPDATE (payload) ON records_record TO {web}")
    found = rights.difference(Role.WEB, web)
    assert found.less == ["INSERT journal_entry"]
    assert found.more == ["SELECT records_record", "UPDATE records_record.payload"]
    assert granting.settle(own.logins) == []
    assert not rights.difference(Role.WEB, web)


def test_what_everybody_may_the_web_may_too(own: Division) -> None:
    _run("GRANT SELECT ON records_record TO PUBLIC")
    try:
        assert rights.difference(Role.WEB, own.names[Role.WEB]).more == ["SELECT records_record"]
    finally:
        granting.settle(own.logins)
    assert not rights.difference(Role.WEB, own.names[Role.WEB])


def test_production_refuses_a_web_that_may_more(own: Division, settings: Settings) -> None:
    with own.process(Role.WEB):
        settings.RONGXIN_MODE = "production"
        assert checks.refuse_undeclared_rights(databases=["default"]) == []
    _run(f"GRANT SELECT (payload) ON records_record TO {own.names[Role.WEB]}")
    with own.process(Role.WEB):
        (refusal,) = checks.refuse_undeclared_rights(databases=["default"])
        assert "SELECT records_record.payload" in refusal.msg
        assert "请以所有者地址（DATABASE_URL）运行 rongxin database roles" in refusal.msg
        settings.RONGXIN_MODE = "demo"
        assert checks.refuse_undeclared_rights(databases=["default"]) == []


def test_production_refuses_the_owner_as_the_web(settings: Settings) -> None:
    """Also where the web's address names the owner or a superuser."""
    settings.RONGXIN_MODE, settings.RONGXIN_DATABASE_ROLE = "production", Role.WEB
    (refusal,) = checks.refuse_undeclared_rights(databases=["default"])
    assert "SUPERUSER" in refusal.msg or "owner of" in refusal.msg


def test_readyz_says_whether_the_rights_are_the_declared_ones(
    client: Client, own: Division, settings: Settings
) -> None:
    with own.process(Role.WEB):
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["rights"]) == (200, "declared")
    _run(f"GRANT SELECT ON records_record TO {own.names[Role.WEB]}")
    with own.process(Role.WEB):
        assert client.get("/readyz").json()["rights"] == "differ"
        settings.RONGXIN_MODE = "production"
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["database"]) == (503, "rights differ")
