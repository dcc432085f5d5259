"""A department's MySQL or MariaDB is only read, in its own character set, and no longer than agreed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rongxin.catalogue import loader
from rongxin.exchange.receipt import Answer
from rongxin.gateway import checking
from rongxin.gateway import config as configs
from rongxin.gateway.sources import opening
from rongxin.vocabulary.availability import Availability
from tests.unit.gateway import mariadb
from tests.unit.gateway.stage import FIRM, Office, question, terms

pytestmark = pytest.mark.skipif(not mariadb.present(), reason=mariadb.REASON)
TAX = (
    "SELECT n AS name, c AS uscc, v AS vat_paid_cny_12m, d AS last_normal_tax_payment_on"
    " FROM {} WHERE c = :uscc"
)
FIELDS = ("name", "vat_paid_cny_12m", "last_normal_tax_payment_on")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[mariadb.Server]:
    columns = "(n VARCHAR(200), c CHAR(18) PRIMARY KEY, v DECIMAL(18, 2), d DATE)"
    rows = f"('{FIRM.name}', '{FIRM.uscc}', 712400.00, '2026-02-21'), ('x', '91990100MA00000451', 1, NULL)"
    with mariadb.Server(tmp_path_factory.mktemp("mariadb")) as server:
        for table, charset in (("t", "utf8mb4"), ("old", "gbk")):
            server.run(
                f"CREATE TABLE tax.{table} {columns} CHARACTER SET {charset}",
                f"INSERT INTO tax.{table} VALUES {rows}",
            )
        yield server


@pytest.fixture
def bureau(server: mariadb.Server, open_office: Callable[..., Office]) -> Callable[..., Office]:
    def make(sql: str, *, scheme: str = "mysql", password: str = mariadb.PASSWORD, **config: Any) -> Office:
        source = f"{scheme}://{mariadb.READER}:{password}@127.0.0.1:{server.port}/tax"
        office = open_office("tax_bureau", source=source, **config)
        office.writes("tax_payment", {"sql": sql})
        return office

    return make


def ask(office: Office) -> Answer:
    given = terms()
    return office.ask(question("tax_payment", *FIELDS, given=given), given)


@pytest.mark.parametrize("table", ["t", "old"])
@pytest.mark.parametrize("scheme", ["mysql", "mariadb"])
def test_a_firm_is_found_in_the_catalogues_form(
    bureau: Callable[..., Office], table: str, scheme: str
) -> None:
    answer = ask(bureau(TAX.format(table), scheme=scheme))
    expected = {"name": FIRM.name, "vat_paid_cny_12m": "712400", "last_normal_tax_payment_on": "2026-02-21"}
    assert answer.rows == [expected]


def test_characters_beyond_the_first_plane_and_a_percent_sign_pass(
    server: mariadb.Server, bureau: Callable[..., Office]
) -> None:
    server.run("UPDATE tax.t SET n = '云州𠮷祥商行' WHERE c <> '91990100MA00000451'")
    answer = ask(bureau(TAX.format("t") + " AND n LIKE '%𠮷%'"))
    server.run(f"UPDATE tax.t SET n = '{FIRM.name}' WHERE c = '{FIRM.uscc}'")
    assert [row["name"] for row in answer.rows] == ["云州𠮷祥商行"]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE t SET v = 0 WHERE c = :uscc",
        "DELETE FROM t WHERE c = :uscc",
        "DROP TABLE t /* :uscc */",
        "TRUNCATE TABLE t /* :uscc */",
        TAX.format("gone"),
    ],
    ids=["updates", "deletes", "drops", "empties", "no table"],
)
def test_nothing_is_written_though_the_user_could(
    server: mariadb.Server, bureau: Callable[..., Office], sql: str
) -> None:
    assert ask(bureau(sql)).receipt.availability is Availability.PROVIDER_UNAVAILABLE
    assert server.run("SELECT count(*), sum(v) FROM tax.t") == [(2, 712401)]


def test_a_query_that_hangs_is_ended_at_the_server_too(
    server: mariadb.Server, bureau: Callable[..., Office]
) -> None:
    slow = bureau(TAX.format("t") + " AND SLEEP(20) = 0", limits={"seconds": 0.5})
    began = time.monotonic()
    assert ask(slow).receipt.availability is Availability.PROVIDER_UNAVAILABLE
    assert time.monotonic() - began < 15
    running = "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%SLEEP(20)%' AND id <> "
    assert server.run(running + "CONNECTION_ID()") == [(0,)]


def test_a_wrong_password_is_no_answer_and_stands_in_no_log(
    bureau: Callable[..., Office], caplog: pytest.LogCaptureFixture
) -> None:
    answer = ask(bureau(TAX.format("t"), password="wr0ng"))
    assert answer.receipt.availability is Availability.PROVIDER_UNAVAILABLE
    assert "Access denied" in caplog.text
    assert "wr0ng" not in caplog.text


def test_check_reads_the_columns(bureau: Callable[..., Office]) -> None:
    office = bureau(TAX.format("t"))
    office.door  # noqa: B018 - writes the configuration
    config = configs.read(office.directory / "gateway.yaml")
    (finding,) = checking.check(config, loader.load(), opening.open_source(config))
    assert (finding.faults, set(FIELDS) <= set(finding.served)) == ([], True)
