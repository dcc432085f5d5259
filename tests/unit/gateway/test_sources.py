"""The same firm found in every kind of store: SQLite, PostgreSQL, CSV in GB18030, Parquet, HTTP with JSON."""

from __future__ import annotations

import csv
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb
import psycopg
import pytest
from pytest_django import Settings
from sqlalchemy.engine import make_url

from rongxin.exchange.receipt import Answer
from rongxin.gateway import checking
from rongxin.gateway import config as configs
from rongxin.gateway.sources.sql import Sql
from rongxin.outpost.errors import Misconfigured
from rongxin.vocabulary.availability import Availability
from tests.unit.gateway.stage import CATALOGUE, FIRM, Office, question, terms

HEAD = ("户名", "代码", "销售额")
ROWS = [(FIRM.name, FIRM.uscc, "712400"), ("云州第二公司", "91990100MA00000451", "1")]
COLUMNS = {"name": "户名", "uscc": "代码", "vat_paid_cny_12m": "销售额"}
FILE = {"find": {"uscc": "代码"}, "columns": COLUMNS}
_OLD = 1_700_000_000  # long enough ago that a file's time tells
EXPECTED = {"name": FIRM.name, "vat_paid_cny_12m": "712400"}


def ask(office: Office) -> Answer:
    given = terms()
    return office.ask(question("tax_payment", "name", "vat_paid_cny_12m", given=given), given)


def test_a_csv_in_an_encoding_of_its_own(open_office: Callable[..., Office]) -> None:
    office = open_office("tax_bureau", source="store")
    (office.directory / "store").mkdir()
    with (office.directory / "store" / "t.csv").open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows([HEAD, *ROWS])
    office.writes("tax_payment", {"file": "t.csv", "encoding": "gb18030", **FILE})
    assert ask(office).rows == [EXPECTED]


def test_a_csv_that_a_spreadsheet_saved_as_utf8(open_office: Callable[..., Office]) -> None:
    office = open_office("tax_bureau", source="store")
    (office.directory / "store").mkdir()
    with (office.directory / "store" / "t.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([HEAD, *ROWS])
    office.writes("tax_payment", {"file": "t.csv", **FILE})
    assert ask(office).rows == [EXPECTED]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [("户名,代码\n".encode() + b"\xff\xfe", "utf-8"), (b"a,b\n", "utf-8"), (b"", "utf-8"), (b"x", "no-such")],
)
def test_a_csv_that_can_not_be_read_is_no_answer(
    open_office: Callable[..., Office], content: bytes, encoding: str
) -> None:
    office = open_office("tax_bureau", source="store")
    (office.directory / "store").mkdir()
    (office.directory / "store" / "t.csv").write_bytes(content)
    office.writes("tax_payment", {"file": "t.csv", "encoding": encoding, **FILE})
    assert ask(office).receipt.availability is Availability.PROVIDER_UNAVAILABLE


def test_a_parquet_file(open_office: Callable[..., Office]) -> None:
    office = open_office("tax_bureau", source="store")
    (office.directory / "store").mkdir()
    values = ", ".join(f"('{name}', '{code}', {vat}::DECIMAL(18, 2))" for name, code, vat in ROWS)
    target = office.directory / "store" / "t.parquet"
    duckdb.execute(f"COPY (SELECT * FROM (VALUES {values}) t(户名, 代码, 销售额)) TO '{target}'")
    office.writes("tax_payment", {"file": "t.parquet", **FILE})
    assert ask(office).rows == [EXPECTED]
    target.write_bytes(b"PAR1")
    assert ask(office).receipt.availability is Availability.PROVIDER_UNAVAILABLE


@pytest.fixture
def postgres(settings: Settings, db: None) -> Iterator[str]:
    """A schema of the department's own beside the tests' tables, on the real server."""
    given = settings.DATABASES["default"]
    parts = {"dbname": given["NAME"], "user": given["USER"], "password": given["PASSWORD"]}
    where = psycopg.conninfo.make_conninfo(
        host=given["HOST"], port=given["PORT"] or "5432", **{k: v for k, v in parts.items() if v}
    )
    name = f"tax_{os.getpid()}"
    with psycopg.connect(where, autocommit=True) as base:
        base.execute(f"CREATE SCHEMA {name}")
        base.execute(f"CREATE TABLE {name}.t (n text, c text, v numeric(18, 2))")
        for row in ROWS:
            base.execute(f"INSERT INTO {name}.t VALUES (%s, %s, %s)", row)
        user = f"{parts['user']}:{parts['password']}@" if parts["password"] else f"{parts['user']}@"
        place = f"host={given['HOST']}&port={given['PORT'] or 5432}"
        yield f"postgresql://{user}/{parts['dbname']}?{place}|{name}"
        base.execute(f"DROP SCHEMA {name} CASCADE")


def test_a_postgresql_that_is_only_read(open_office: Callable[..., Office], postgres: str) -> None:
    url, schema = postgres.split("|")
    office = open_office("tax_bureau", source=url)
    sql = f"SELECT n AS name, c AS uscc, v AS vat_paid_cny_12m FROM {schema}.t WHERE c = :uscc"
    office.writes("tax_payment", {"sql": sql})
    assert ask(office).rows == [EXPECTED]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE {schema}.t SET v = 0 WHERE c = :uscc RETURNING c AS uscc, n AS name, v AS vat_paid_cny_12m",
        "SELECT c AS uscc, pg_sleep(3)::text AS name FROM {schema}.t WHERE c = :uscc",
    ],
    ids=["writes", "hangs"],
)
def test_what_writes_or_hangs_is_no_answer(
    open_office: Callable[..., Office], postgres: str, sql: str
) -> None:
    url, schema = postgres.split("|")
    office = open_office("tax_bureau", source=url, limits={"seconds": 0.5})
    office.writes("tax_payment", {"sql": sql.format(schema=schema)})
    assert ask(office).receipt.availability is Availability.PROVIDER_UNAVAILABLE


class _System(BaseHTTPRequestHandler):
    asked: list[str] = []
    #: What it answers in place of what it holds: status and body.
    instead: tuple[int, Any] | None = None
    #: How many blanks, a tenth of a second each, it lets drip before it says so.
    blanks: int = 0

    def do_GET(self) -> None:
        self.asked.append(self.path)
        code = unquote(self.path.split("code=")[1])
        found = [dict(zip(HEAD, row, strict=True)) for row in ROWS if row[1] == code]
        status, said = self.instead or (200, {"code": 0, "data": {"list": found}})
        body = json.dumps(said).encode()
        self.send_response(status if self.headers["x-key"] == "s3cret" else 403)
        self.send_header("Content-Length", str(self.blanks + len(body)))
        self.end_headers()
        with suppress(OSError):
            for _ in range(self.blanks):
                self.wfile.write(b" ")
                time.sleep(0.1)
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        return None


@pytest.fixture
def system() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _System)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_system_that_answers_with_json(
    open_office: Callable[..., Office], system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAX_KEY", "s3cret")
    office = open_office("tax_bureau", source=system, headers={"x-key": "${TAX_KEY}"})
    office.writes("tax_payment", {"path": "/firm?code={uscc}", "rows": "data.list", "columns": COLUMNS})
    assert ask(office).rows == [EXPECTED]


def test_a_system_whose_answer_drips_keeps_nobody_waiting(
    open_office: Callable[..., Office], system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_System, "blanks", 15)
    office = open_office("tax_bureau", source=system, headers={"x-key": "s3cret"}, limits={"seconds": 0.5})
    office.writes("tax_payment", {"path": "/f?code={uscc}", "rows": "data.list", "columns": COLUMNS})
    assert ask(office).receipt.availability is Availability.PROVIDER_UNAVAILABLE


@pytest.fixture
def bureau(
    open_office: Callable[..., Office], system: str, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Office]:
    """A department whose system answers `status` and `said`, by a mapping with `more` in it."""

    def make(status: int, said: Any, **more: Any) -> Office:
        monkeypatch.setattr(_System, "instead", (status, said))
        office = open_office("tax_bureau", source=system, headers={"x-key": "s3cret"})
        office.writes(
            "tax_payment", {"path": "/f?code={uscc}", "rows": "data.list", "columns": COLUMNS, **more}
        )
        return office

    return make


OK = {"ok": {"code": 0}}


@pytest.mark.parametrize(
    ("status", "said", "more"),
    [
        (200, {"code": 500, "msg": "系统繁忙"}, {}),
        (200, {"code": 500, "data": {"list": []}}, OK),
        (200, {"code": 500, "data": None}, {}),
        (200, {"code": 0, "data": None}, OK),
        (200, {"msg": "ok", "data": {"list": []}}, OK),
        (200, {"data": {"list": None}}, {}),
        (404, {}, {}),
        (204, {}, {"absent_status": 404}),
    ],
)
def test_what_a_system_says_of_its_own_failure_is_never_no_record(
    bureau: Callable[..., Office], status: int, said: Any, more: dict[str, Any]
) -> None:
    assert ask(bureau(status, said, **more)).receipt.availability is Availability.PROVIDER_UNAVAILABLE


@pytest.mark.parametrize(
    ("status", "said", "more"),
    [
        (200, {"data": {"list": []}}, {}),
        (200, {"code": "0", "data": {"list": []}}, OK),
        (200, {"code": 0, "data": {"list": None}}, OK),
        (404, {}, {"absent_status": 404}),
    ],
)
def test_a_system_that_says_that_it_holds_nothing_is_believed(
    bureau: Callable[..., Office], status: int, said: Any, more: dict[str, Any]
) -> None:
    assert ask(bureau(status, said, **more)).receipt.availability is Availability.NO_RECORD


@pytest.mark.parametrize(
    ("status", "more", "told"),
    [
        (401, {}, "headers"),
        (404, {}, "absent_status"),
        (302, {}, "HTTP 302"),
        (500, {}, "HTTP 500"),
        (200, {}, ""),
        (400, {}, ""),
        (404, {"absent_status": 404}, ""),
    ],
)
def test_check_tries_a_system_and_tells_what_its_answer_means(
    bureau: Callable[..., Office], status: int, more: dict[str, Any], told: str
) -> None:
    office = bureau(status, {}, **more)
    assert office.door
    read = configs.read(office.directory / "gateway.yaml")
    (found,) = checking.check(read, CATALOGUE, office.source)
    assert told in "".join(found.faults)
    assert bool(found.faults) is bool(told)


def test_a_system_that_refuses_is_no_answer(open_office: Callable[..., Office], system: str) -> None:
    office = open_office("tax_bureau", source=system)
    office.writes("tax_payment", {"path": "/firm?code={uscc}", "rows": "data.list", "columns": COLUMNS})
    assert ask(office).receipt.availability is Availability.PROVIDER_UNAVAILABLE


@pytest.mark.parametrize(
    ("mapped", "told"),
    [
        ({"sql": "SELECT 1"}, "nothing tells which subject"),
        ({"sql": "SELECT :firm"}, "uscc, name, place or account_number"),
        ({"sql": "SELECT :uscc", "file": "t.csv"}, "exactly one"),
        ({"sql": "SELECT :uscc", "colums": {}}, "colums"),
        ({}, "exactly one"),
        ({"sql": "SELECT :uscc", "rows": "data"}, "rows 不用于 sql"),
        ({"path": "/{uscc}", "encoding": "gb18030"}, "encoding 不用于 path"),
        ({"file": "t.csv"}, "nothing tells which subject"),
    ],
)
def test_a_file_that_can_not_be_used_is_named_with_its_key(
    tmp_path: Path, mapped: dict[str, Any], told: str
) -> None:
    office = Office(tmp_path, "tax_bureau")
    office.writes("tax_payment", mapped)
    (tmp_path / "gateway.yaml").write_text("provider: tax_bureau\nsource: sqlite:///s\n")
    with pytest.raises(Misconfigured, match=told) as caught:
        configs.read(tmp_path / "gateway.yaml")
    assert "tax_payment.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("provider: [", "gateway.yaml"),
        ("provider: Tax\nsource: x", "provider"),
        ("provider: tax_bureau\nsource: ${NO_SUCH_NAME}", "NO_SUCH_NAME"),
        ("source: x", "provider"),
        ("provider: tax_bureau\nsource: x", "items"),
        ("- provider", "键: 值"),
    ],
)
def test_a_configuration_that_can_not_be_used_says_why(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "gateway.yaml").write_text(text)
    with pytest.raises(Misconfigured, match=told):
        configs.read(tmp_path / "gateway.yaml")


def test_a_password_may_hold_what_means_something_else_in_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_PASSWORD", "p@ss/w:0%rd#1")
    office = Office(tmp_path, "tax_bureau")
    office.writes("tax_payment", {"sql": "SELECT :uscc"})
    address = "source: postgresql://reader:${DB_PASSWORD}@10.0.0.5/tax"
    (tmp_path / "gateway.yaml").write_text(f"provider: tax_bureau\n{address}\n")
    read = make_url(configs.read(tmp_path / "gateway.yaml").source)
    assert (read.host, read.password, read.database) == ("10.0.0.5", "p@ss/w:0%rd#1", "tax")


def test_an_address_that_is_none_is_told_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as caught:
        Sql("postgresql://reader:s3cret@host:port/tax", tmp_path, seconds=1, connections=1)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("how", ["another file", "written over"])
def test_a_sqlite_file_that_is_put_in_place_of_another_counts_at_once(
    open_office: Callable[..., Office], how: str
) -> None:
    office = open_office("tax_bureau")
    office.writes(
        "tax_payment", {"sql": "SELECT n AS name, c AS uscc, v AS vat_paid_cny_12m FROM t WHERE c = :uscc"}
    )
    place, other = office.directory / "store.sqlite", office.directory / "other.sqlite"
    for value, kept, day in (("2", other, 1), ("1", place, 0)):
        office.holds("t(n, c, v)", (FIRM.name, FIRM.uscc, value))
        place.rename(kept)
        os.utime(kept, (_OLD + day, _OLD + day))
    assert [ask(office).rows[0]["vat_paid_cny_12m"] for _ in range(2)] == ["1", "1"]
    if how == "another file":
        other.rename(place)
    else:  # as `cp` does, past SQLite, whose own count of changes stays the same
        place.write_bytes(other.read_bytes())
        os.utime(place, (_OLD + 1, _OLD + 1))
    assert [ask(office).rows[0]["vat_paid_cny_12m"] for _ in range(2)] == ["2", "2"]
