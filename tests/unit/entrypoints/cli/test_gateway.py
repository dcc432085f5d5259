"""`rongxin gateway` as a department's engineer meets it: begin, check, serve, look at the evidence."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
import urllib3
from click.testing import CliRunner, Result

from rongxin.entrypoints.cli import gateway
from rongxin.exchange import question as questions
from rongxin.gateway import door as doors
from rongxin.proof import boxes
from rongxin.proof.keys import VerifyingKey
from tests.unit.gateway.stage import FIRM, NODE, Office, question, signed

PATIENCE = 60  # only a broken build waits as long
TAX = "SELECT n AS name, code AS uscc, vat AS vat_paid_cny_12m FROM t WHERE code = :uscc"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(gateway.command, list(arguments))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    begun = run("init", "tax_bureau", "--directory", str(tmp_path))
    assert begun.exit_code == 0
    assert (tmp_path / "keys" / "gateway.key.pem").stat().st_mode & 0o077 == 0
    made = Office(tmp_path, "tax_bureau")
    made.holds("t(n, code, vat)", (FIRM.name, FIRM.uscc, 712400))
    made.writes("tax_payment", {"sql": TAX})
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    text = f"provider: tax_bureau\nlisten: 127.0.0.1:{port}\nsource: sqlite:///store.sqlite\n"
    (tmp_path / "gateway.yaml").write_text(text)
    return made


def _config(office: Office) -> tuple[str, str]:
    return "--config", str(office.directory / "gateway.yaml")


def test_init_writes_over_nothing(office: Office) -> None:
    again = run("init", "tax_bureau", "--directory", str(office.directory))
    assert (again.exit_code, "已存在" in again.output) == (1, True)


@pytest.mark.parametrize("provider", ["Tax_bureau", "tax_burau", "customs"])
def test_init_begins_nothing_for_whom_the_catalogue_does_not_ask(tmp_path: Path, provider: str) -> None:
    said = run("init", provider, "--directory", str(tmp_path / "new"))
    assert (said.exit_code, "tax_bureau" in said.output) == (1, True)
    assert not (tmp_path / "new").exists()


def test_init_says_where_it_can_not_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = run("init", "tax_bureau", "--directory", str(tmp_path / "file" / "new"))
    assert (said.exit_code, "未能写入" in said.output) == (1, True)


def test_both_sides_can_compare_fingerprints(tmp_path: Path) -> None:
    begun = run("init", "tax_bureau", "--directory", str(tmp_path))
    own = VerifyingKey.from_pem((tmp_path / "tax_bureau.pub.pem").read_text())
    assert own.id in begun.output
    (tmp_path / "platform" / "node.pub.pem").write_text(NODE.public.pem())
    made = Office(tmp_path, "tax_bureau")
    made.holds("t(n, code, vat)")
    made.writes("tax_payment", {"sql": TAX})
    (tmp_path / "gateway.yaml").write_text("provider: tax_bureau\nsource: sqlite:///store.sqlite\n")
    assert NODE.id in run("check", *_config(made)).output


def test_evidence_that_is_no_longer_a_database_is_told_so(office: Office) -> None:
    (office.directory / "evidence.sqlite").write_text("x" * 5000)
    said = run("evidence", *_config(office))
    assert (said.exit_code, "已损坏" in said.output) == (1, True)


def test_check_names_a_column_to_find_by_that_the_file_lacks(office: Office) -> None:
    (office.directory / "t.csv").write_text("户名,代码\n")
    (office.directory / "gateway.yaml").write_text("provider: tax_bureau\nsource: .\n")
    columns = {"name": "户名", "uscc": "代码"}
    office.writes("tax_payment", {"file": "t.csv", "find": {"uscc": "信用代码"}, "columns": columns})
    said = run("check", *_config(office))
    assert (said.exit_code, "find: uscc 对应的列 信用代码 不存在" in said.output) == (1, True)


def test_check_reads_a_firms_rows_and_shows_no_value(office: Office) -> None:
    said = run("check", *_config(office), "--uscc", FIRM.uscc.lower())
    assert (said.exit_code, "1条 rows，3项有值" in said.output, "712400" in said.output) == (0, True, False)
    said = run("check", *_config(office), "--uscc", "91990100MA0000099J")
    assert (said.exit_code, "0条 rows" in said.output) == (0, True)
    office.holds("u(n, code, vat)", (FIRM.name, FIRM.uscc, "七十一万"))
    office.writes("tax_payment", {"sql": TAX.replace("FROM t", "FROM u")})
    assert run("check", *_config(office)).exit_code == 0
    said = run("check", *_config(office), "--uscc", FIRM.uscc)
    assert (said.exit_code, "✗ 试读 tried tax_payment" in said.output) == (1, True), said.output
    office.writes("tax_payment", {"sql": TAX.replace("code = :uscc", "code <> :uscc")})
    said = run("check", *_config(office), "--uscc", "91990100MA0000099J")
    assert (said.exit_code, "another subject" in said.output) == (1, True), said.output


def test_check_says_what_is_served_what_is_missing_and_what_nobody_serves(office: Office) -> None:
    said = run("check", *_config(office))
    assert said.exit_code == 0, said.output
    assert "✓ tax_payment" in said.output
    assert "consecutive_normal_tax_months" in said.output
    assert "－ tax_arrears" in said.output
    assert "没有平台公钥" in said.output


@pytest.mark.parametrize(
    ("item", "sql", "told"),
    [
        ("tax_payments", TAX, "没有信息项"),
        ("water_fee", TAX, "不由 tax_bureau"),
        ("tax_payment", TAX.replace("FROM t", "FROM gone"), "gone"),
        ("tax_payment", "SELECT vat AS vat_paid_cny_12m FROM t WHERE code = :uscc", "主体标识"),
    ],
)
def test_check_names_what_is_wrong_and_fails(office: Office, item: str, sql: str, told: str) -> None:
    office.writes(item, {"sql": sql})
    said = run("check", *_config(office))
    assert (said.exit_code, told in said.output) == (1, True), said.output


def test_check_tells_the_keys_to_which_rows_may_be_sealed(office: Office) -> None:
    (office.directory / "institutions").mkdir()
    public = boxes.make(office.directory / "sm", sm=True).pem()
    pinned = office.directory / "institutions" / "bank_a.pub.pem"
    pinned.write_bytes(public)
    said = run("check", *_config(office))
    assert (said.exit_code, "bank_a SM2 + SM4-GCM" in said.output) == (0, True)
    assert boxes.fingerprint(boxes.recipient(pinned)) in said.output
    pinned.write_text("junk")
    said = run("check", *_config(office))
    assert (said.exit_code, "✗ 密封 sealing bank_a" in said.output) == (1, True)


def test_serve_refuses_where_nobody_could_ask(office: Office) -> None:
    said = run("serve", *_config(office))
    assert (said.exit_code, "没有平台公钥" in said.output) == (1, True)


@pytest.fixture
def served(office: Office) -> Iterator[str]:
    (office.directory / "platform" / "node.pub.pem").write_text(NODE.public.pem())
    command = [sys.executable, "-m", "rongxin", "gateway", "serve", *_config(office)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    listen = (office.directory / "gateway.yaml").read_text().split("listen: ")[1].split()[0]
    _await(f"http://{listen}", process)
    yield f"http://{listen}"
    process.terminate()
    assert process.wait(PATIENCE) == 0


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            if urllib3.request("GET", f"{url}/healthz", retries=False).status == 200:
                return
        except urllib3.exceptions.HTTPError:
            time.sleep(0.1)
    raise AssertionError("the gateway did not begin to serve")


def test_a_process_answers_and_its_evidence_holds(office: Office, served: str) -> None:
    now = datetime.now(UTC)
    own = question("tax_payment", recipient_kind="subject", recipient="17", asked_at=now)
    request = signed(questions.encode(own, None), created=now, url=served)
    answer = urllib3.request("POST", request.url, body=request.body, headers=request.headers)
    assert (answer.status, orjson.loads(answer.data)["rows"][0]["vat_paid_cny_12m"]) == (200, "712400")
    replayed = urllib3.request("POST", request.url, body=request.body, headers=request.headers)
    assert replayed.status == 409
    said = run("evidence", *_config(office))
    assert "证据链完整，共1条" in said.output


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/elsewhere", b"", 404),
        ("GET", questions.PATH, b"", 405),
        ("POST", questions.PATH, b"{}", 401),
        ("POST", questions.PATH, b" " * (doors.BODY_BYTES_MAX + 1), 413),
    ],
)
def test_what_is_no_question_is_turned_away(
    served: str, method: str, path: str, body: bytes, status: int
) -> None:
    answer = urllib3.request(method, served + path, body=body or None, retries=False)
    assert answer.status == status
    assert orjson.loads(answer.data)["code"]


def test_who_sends_slowly_is_told_so_and_holds_nobody_up(served: str) -> None:
    host, _, port = served.removeprefix("http://").partition(":")
    half = f"POST {questions.PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf".encode()
    slow = [socket.create_connection((host, int(port)), timeout=PATIENCE) for _ in range(100)]
    for one in slow:
        one.sendall(half)
    answer = urllib3.request("POST", served + questions.PATH, body=b"{}", retries=False, timeout=PATIENCE)
    assert answer.status == 401
    for one in slow:
        assert b" 408 " in one.recv(4096)
        one.close()
