"""Hold a role of the database against what `declared` says of it: what it may beyond, and what it lacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from rongxin.entrypoints.database import declared
from rongxin.entrypoints.database.declared import Role

_ATTRIBUTES = """
SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = %s
"""
_ATTRIBUTE_NAMES = ("SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS")

# Whose rights it may take on besides its own, also by SET ROLE.
_MEMBER_OF = """
SELECT r.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid
WHERE m.member = (SELECT oid FROM pg_roles WHERE rolname = %s) ORDER BY 1
"""

# An owner may everything with what is its own. Temporary tables of sessions under way don't count.
_OWNS = """
WITH me AS (SELECT oid FROM pg_roles WHERE rolname = %s),
schemas AS (SELECT oid, nspname, nspowner FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_')
SELECT 'database ' || datname FROM pg_database, me WHERE datdba = me.oid AND datname = current_database()
UNION ALL SELECT 'schema ' || nspname FROM schemas, me WHERE nspowner = me.oid
UNION ALL SELECT 'table ' || relname FROM pg_class c JOIN schemas s ON s.oid = relnamespace, me
    WHERE relowner = me.oid AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
UNION ALL SELECT 'function ' || proname FROM pg_proc JOIN schemas s ON s.oid = pronamespace, me
    WHERE proowner = me.oid
ORDER BY 1
"""

_MAKES = """
SELECT 'CREATE on schema ' || nspname FROM pg_namespace
WHERE nspname = current_schema() AND has_schema_privilege(%(role)s, oid, 'CREATE')
UNION ALL SELECT 'CREATE on database ' || current_database()
WHERE has_database_privilege(%(role)s, current_database(), 'CREATE')
"""

_TABLES = """
SELECT c.relname, wanted.privilege, NULL FROM pg_class c, unnest(%(table_rights)s::text[]) wanted (privilege)
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND has_table_privilege(%(role)s, c.oid, wanted.privilege)
UNION ALL
SELECT c.relname, wanted.privilege, a.attname
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attacl IS NOT NULL,
     unnest(%(column_rights)s::text[]) wanted (privilege)
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND NOT has_table_privilege(%(role)s, c.oid, wanted.privilege)
  AND has_column_privilege(%(role)s, c.oid, a.attnum, wanted.privilege)
"""

_SEQUENCES = """
SELECT c.relname, wanted.privilege
FROM (SELECT * FROM pg_class WHERE relkind = 'S' OFFSET 0) c,
     unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) wanted (privilege)
WHERE c.relnamespace = current_schema()::regnamespace AND has_sequence_privilege(%s, c.oid, wanted.privilege)
"""

_FUNCTIONS = """
SELECT oid::regprocedure::text FROM pg_proc
WHERE pronamespace = current_schema()::regnamespace AND prosecdef
  AND has_function_privilege(%s, oid, 'EXECUTE')
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a role may beyond what is declared, and what it lacks of it; one line each."""

    more: list[str] = field(default_factory=list)
    less: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.more or self.less)


def difference(role: Role, name: str) -> Difference:
    """Compare what the database lets the role `name` do with what is declared of `role`."""
    attributes = _rows(_ATTRIBUTES, [name])
    if not attributes:
        return Difference(less=[f"没有角色 {name} no such role"])
    more = [label for label, has in zip(_ATTRIBUTE_NAMES, attributes[0], strict=True) if has]
    more += [f"member of {other}" for (other,) in _rows(_MEMBER_OF, [name])]
    more += [f"owner of {what}" for (what,) in _rows(_OWNS, [name])]
    more += [what for (what,) in _rows(_MAKES, {"role": name})]
    given, wanted = _given(name), _wanted(role)
    more += sorted(given - wanted)
    return Difference(more=more, less=sorted(wanted - given))


def _given(name: str) -> set[str]:
    asked = {
        "role": name,
        "table_rights": list(declared.TABLE_RIGHTS),
        "column_rights": list(declared.COLUMN_RIGHTS),
    }
    found = {_line(privilege, table, column) for table, privilege, column in _rows(_TABLES, asked)}
    found |= {_line(privilege, sequence) for sequence, privilege in _rows(_SEQUENCES, [name])}
    return found | {f"EXECUTE {signature}" for (signature,) in _rows(_FUNCTIONS, [name])}


def _wanted(role: Role) -> set[str]:
    lines = set()
    for table, rights in declared.tables_of(role).items():
        for right in rights:
            lines |= {_line(right.privilege, table, column) for column in right.columns or (None,)}
    for sequence, privileges in declared.sequences_of(role).items():
        lines |= {_line(privilege, sequence) for privilege in privileges}
    return lines | {f"EXECUTE {name}" for name, roles in declared.FUNCTIONS.items() if role in roles}


def _line(privilege: str, table: str, column: str | None = None) -> str:
    return f"{privilege} {table}" + (f".{column}" if column else "")


def _rows(statement: str, parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())
