"""A database: PostgreSQL, MySQL/MariaDB or SQLite by URL; one parametrised query per item, read-only."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import cast

import pymysql
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DisconnectionError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from rongxin.exchange.subjects import Key
from rongxin.gateway.config import Mapped
from rongxin.gateway.errors import SourceFailed
from rongxin.gateway.sources.source import Found
from rongxin.outpost.errors import Misconfigured

_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "sqlite": "sqlite",
}
_TICK_NS = 1_000_000_000
#: Of a file: device, number, time of the last change and size.
_State = tuple[int, int, int, int]
_STEPS = 10_000  # virtual machine steps of SQLite between two looks at the clock


class Sql:
    def __init__(self, address: str, directory: Path, *, seconds: float, connections: int) -> None:
        try:
            url = make_url(address)
        except (ArgumentError, ValueError) as error:  # its text may hold the password
            raise Misconfigured(
                f"source: 不是数据库地址 is no database URL: {address.partition('://')[0]}://…"
            ) from error
        if url.drivername not in _DRIVERS:
            raise Misconfigured(f"source: {url.drivername} 不支持，可用 {'、'.join(sorted(_DRIVERS))}")
        self._name = url.render_as_string(hide_password=True)
        self._engine = _engine(
            url.set(drivername=_DRIVERS[url.drivername]), directory, seconds=seconds, connections=connections
        )

    def rows(self, mapped: Mapped, subject: Mapping[Key, str], *, most: int) -> Iterator[Found]:
        asked = {key.value: value for key, value in subject.items()}
        try:
            with (
                self._engine.connect() as connection,
                closing(connection.execute(text(mapped.sql), asked)) as result,
            ):
                for row in result.mappings().fetchmany(most):
                    yield dict(row)
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise SourceFailed(f"{self._name}: {_first_line(error)}") from error

    def columns(self, mapped: Mapped) -> frozenset[str]:
        nobody = dict.fromkeys(mapped.asked_by, "")
        try:
            with (
                self._engine.connect() as connection,
                closing(connection.execute(text(mapped.sql), nobody)) as result,
            ):
                return frozenset(result.keys())
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
    engine = create_engine(
        "sqlite://",
        creator=lambda: _read_only(file, seconds),
        poolclass=QueuePool,
        **{**patience, "pool_pre_ping": False},
    )
    event.listen(engine, "checkout", lambda base, record, _: _check_same(base, record, file))
    return engine


class _Opened(sqlite3.Connection):
    """A connection that knows which file it opened; None: one that was changed just now."""

    file: _State | None = None


def _state(file: Path) -> _State | None:
    """Return what tells a file from another; None while it may change without that telling."""
    try:
        found = file.stat()
    except OSError:
        return None
    settled = found.st_mtime_ns < time.time_ns() - _TICK_NS
    return (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size) if settled else None


def _check_same(base: DBAPIConnection, record: ConnectionPoolEntry, file: Path) -> None:
    """Have the file opened anew unless it is the one that was opened: a department may put another in its
    place, or write over it past SQLite, which would go by pages that it has read before.
    """
    used = record.info.get("used", False)
    record.info["used"] = True
    opened = cast(_Opened, base).file
    if used and (opened is None or _state(file) != opened):
        raise DisconnectionError


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
    state = _state(file)
    base = sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=ro",
        uri=True,
        timeout=seconds,
        check_same_thread=False,
        factory=_Opened,
    )
    base.file = state
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
