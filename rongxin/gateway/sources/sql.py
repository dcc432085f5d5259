"""A database: PostgreSQL, MySQL/MariaDB or SQLite by URL; one parametrised query per item, read-only."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pymysql
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from rongxin.exchange.subjects import Key
from rongxin.gateway.config import Mapped
from rongxin.gateway.errors import Misconfigured, SourceFailed
from rongxin.gateway.sources.source import Found

_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "sqlite": "sqlite",
}
_STEPS = 10_000  # virtual machine steps of SQLite between two looks at the clock


class Sql:
    def __init__(self, address: str, directory: Path, *, seconds: float, connections: int) -> None:
        try:
            url = make_url(address)
        except ArgumentError as error:
            raise Misconfigured(f"source: {address!r} 不是数据库地址 is no database URL") from error
        if url.drivername not in _DRIVERS:
            raise Misconfigured(f"source: {url.drivername} 不支持，可用 {'、'.join(sorted(_DRIVERS))}")
        self._name = url.render_as_string(hide_password=True)
        self._engine = _engine(
            url.set(drivername=_DRIVERS[url.drivername]), directory, seconds=seconds, connections=connections
        )

    def rows(self, mapped: Mapped, subject: Mapping[Key, str], *, most: int) -> Iterator[Found]:
        asked = {key.value: value for key, value in subject.items()}
        try:
            with self._engine.connect() as connection:
                result = connection.execute(text(mapped.sql), asked)
                for row in result.mappings().fetchmany(most):
                    yield dict(row)
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise SourceFailed(f"{self._name}: {_first_line(error)}") from error

    def columns(self, mapped: Mapped) -> frozenset[str]:
        nobody = dict.fromkeys(mapped.asked_by, "")
        try:
            with self._engine.connect() as connection:
                return frozenset(connection.execute(text(mapped.sql), nobody).keys())
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise SourceFailed(f"{self._name}: {_first_line(error)}") from error

    def close(self) -> None:
        self._engine.dispose()


def _engine(url: URL, directory: Path, *, seconds: float, connections: int) -> Engine:
    patience = {"pool_size": connections, "max_overflow": 0, "pool_timeout": seconds, "pool_pre_ping": True}
    whole = max(1, round(seconds))
    if url.drivername.startswith("postgresql"):
        options = f"-c default_transaction_read_only=on -c statement_timeout={int(seconds * 1000)}"
        return create_engine(url, connect_args={"options": options, "connect_timeout": whole}, **patience)
    if url.drivername != "sqlite":
        arguments = {
            "init_command": "SET SESSION TRANSACTION READ ONLY",
            "connect_timeout": whole,
            "read_timeout": whole,
            "charset": "utf8mb4",
        }
        engine = create_engine(url, connect_args=arguments, **patience)
        event.listen(engine, "connect", lambda connection, _: _end_after(connection, seconds))
        return engine
    file = directory / (url.database or "")
    # Opened for each question: a department may put another file in its place.
    return create_engine("sqlite://", creator=lambda: _read_only(file, seconds), poolclass=NullPool)


def _end_after(connection: DBAPIConnection, seconds: float) -> None:
    """Have the server end a statement itself: a client that hangs up leaves it running there.

    MariaDB calls the limit by one name and counts seconds, MySQL by another and counts milliseconds.
    """
    cursor = connection.cursor()
    try:
        cursor.execute(f"SET SESSION max_statement_time = {float(seconds)}")
    except pymysql.err.OperationalError:
        cursor.execute(f"SET SESSION max_execution_time = {int(seconds * 1000)}")
    finally:
        cursor.close()


def _read_only(file: Path, seconds: float) -> sqlite3.Connection:
    base = sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=seconds, check_same_thread=False
    )
    clock = _Clock(seconds)
    base.set_trace_callback(clock.begin)
    base.set_progress_handler(clock.over, _STEPS)
    return base


class _Clock:
    """Ends a statement of SQLite, which has no time limit of its own."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._until = seconds, 0.0

    def begin(self, _statement: str) -> None:
        self._until = time.monotonic() + self._seconds

    def over(self) -> bool:
        return time.monotonic() > self._until


def _first_line(error: Exception) -> str:
    """What the database says, without the statement and its values (SQLAlchemy adds both)."""
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
