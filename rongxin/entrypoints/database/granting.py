"""Make the roles of the database and grant them what is declared; run as often as wanted, with one result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db import connection, transaction
from psycopg import sql

from rongxin.entrypoints.database import declared
from rongxin.entrypoints.database.declared import Role

# What a role that is held to grants must not be; a member of none, since none is granted to it.
BOUND = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS"

Address = tuple[dict[str, str], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Login:
    """The name under which a role of ours connects, and its password where it has one."""

    name: str
    password: str = ""


def logins(known: Mapping[Role, Address]) -> dict[Role, Login]:
    """Return the logins of web and worker, as their addresses name them."""
    return {
        role: Login(known[role][0]["USER"], known[role][0]["PASSWORD"])
        for role in declared.BOUND
        if role in known
    }


def exist(logins: Mapping[Role, Login]) -> bool:
    """Whether all these roles are there."""
    return all(_exists(login.name) for login in logins.values())


def settle(logins: Mapping[Role, Login]) -> list[str]:
    """Make roles that are missing and set their grants, all in one transaction; return the roles made.

    Raises `django.db.ProgrammingError` where the owner of the tables may make no roles.
    """
    with transaction.atomic():
        # Two that grant at the same time would stumble over each other's rows of the catalogue.
        _run("SELECT pg_advisory_xact_lock(hashtext('rongxin.roles'))")
        made = [login.name for login in logins.values() if not _exists(login.name)]
        for login in logins.values():
            if login.name in made:
                _run(_creation(login))
        for statement in grants(logins):
            _run(statement)
    return made


def script(logins: Mapping[Role, Login]) -> Iterator[str]:
    """Yield the SQL that `settle` runs, for an administrator to run; passwords stay out of it."""
    yield "BEGIN;"
    for login in logins.values():
        if not _exists(login.name):
            yield f"{_text(_create(login))};  -- 再设口令 then: \\password {login.name}"
    for statement in grants(logins):
        yield f"{_text(statement)};"
    yield "COMMIT;"


def grants(logins: Mapping[Role, Login]) -> Iterator[sql.Composed]:
    """Yield the statements that take every right away and grant what is declared."""
    schema, database = _place()
    names = sql.SQL(", ").join(sql.Identifier(login.name) for login in logins.values())
    for what in ("TABLES", "SEQUENCES"):
        yield sql.SQL("REVOKE ALL ON ALL {} IN SCHEMA {} FROM PUBLIC, {}").format(
            sql.SQL(what), schema, names
        )
    for function in declared.FUNCTIONS:
        yield sql.SQL("REVOKE ALL ON FUNCTION {} FROM PUBLIC, {}").format(sql.SQL(function), names)
    yield sql.SQL("REVOKE CREATE ON SCHEMA {} FROM PUBLIC, {}").format(schema, names)
    yield sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, names)
    yield sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(database, names)
    for role, login in logins.items():
        yield from _grants_of(role, sql.Identifier(login.name))


def _grants_of(role: Role, name: sql.Identifier) -> Iterator[sql.Composed]:
    for table, rights in declared.tables_of(role).items():
        if rights:
            what = sql.SQL(", ").join(map(_privilege, rights))
            yield sql.SQL("GRANT {} ON {} TO {}").format(what, sql.Identifier(table), name)
    for sequence, privileges in declared.sequences_of(role).items():
        if privileges:
            what = sql.SQL(", ").join(map(sql.SQL, privileges))
            yield sql.SQL("GRANT {} ON SEQUENCE {} TO {}").format(what, sql.Identifier(sequence), name)
    for function, roles in declared.FUNCTIONS.items():
        if role in roles:
            yield sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(sql.SQL(function), name)


def _privilege(right: declared.Right) -> sql.Composable:
    if not right.columns:
        return sql.SQL(right.privilege)
    columns = sql.SQL(", ").join(map(sql.Identifier, right.columns))
    return sql.SQL("{} ({})").format(sql.SQL(right.privilege), columns)


def _create(login: Login) -> sql.Composed:
    return sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(login.name), sql.SQL(BOUND))


def _creation(login: Login) -> sql.Composed:
    """With its password as the server keeps it: the server's log never sees the password itself."""
    if not login.password:
        return _create(login)
    connection.ensure_connection()
    kept = connection.connection.pgconn.encrypt_password(
        login.password.encode(), login.name.encode(), b"scram-sha-256"
    )
    return sql.SQL("{} PASSWORD {}").format(_create(login), sql.Literal(kept.decode()))


def _exists(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [name])
        return bool(cursor.fetchone()[0])


def _place() -> tuple[sql.Identifier, sql.Identifier]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema(), current_database()")
        schema, database = cursor.fetchone()
    return sql.Identifier(schema), sql.Identifier(database)


def _text(statement: sql.Composable) -> str:
    return statement.as_string(None)


def _run(statement: str | sql.Composable) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement if isinstance(statement, str) else _text(statement))
