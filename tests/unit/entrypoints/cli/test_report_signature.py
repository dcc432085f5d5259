"""`rongxin report verify` as somebody with a file and nothing else meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from rongxin.delivery.signature import credential, signing
from rongxin.entrypoints.cli import report
from tests.unit.delivery.signature import stage

NODE = credential.self_signed("云州市融资信用服务平台", datetime.now(UTC))


@pytest.fixture
def files(tmp_path):
    (tmp_path / "r.pdf").write_bytes(signing.sign(stage.report(), NODE, as_of=datetime.now(UTC)).pdf)
    (tmp_path / "node.pem").write_text(NODE.pem())
    (tmp_path / "other.pem").write_text(stage.root().pem())
    return tmp_path


def _verify(*arguments):
    return CliRunner().invoke(report.command, ["verify", *map(str, arguments)])


def test_it_says_who_signed_when_and_for_which_request(files):
    result = _verify(files / "r.pdf", "--trust", files / "node.pem")
    assert result.exit_code == 0, result.output
    for word in (
        "签名人   signer       云州市融资信用服务平台 · 自签名 self-signed",
        "可信 trusted",
        "时间戳   time-stamp   无 none",
        "未改动 unchanged",
        "追加内容 appended     无 none",
        "查询编号 request      01900000-0000-7000-8000-000000000001",
    ):
        assert word in result.stdout


def test_without_anybody_to_believe_it_leaves_the_signer_open(files):
    result = _verify(files / "r.pdf")
    assert result.exit_code == 3
    assert "未核对，用 --trust" in result.stdout


def test_another_certificate_and_a_changed_byte_are_told(files):
    other = _verify(files / "r.pdf", "--trust", files / "other.pem")
    assert (other.exit_code, "[untrusted]" in other.stdout) == (1, True)
    data = bytearray((files / "r.pdf").read_bytes())
    data[1000] ^= 1
    (files / "r.pdf").write_bytes(data)
    changed = _verify(files / "r.pdf", "--trust", files / "node.pem")
    assert (changed.exit_code, "签名内容 signed bytes 已改动" in changed.stdout) == (1, True)


def test_programs_get_json(files):
    told = json.loads(_verify(files / "r.pdf", "--trust", files / "node.pem", "--json").stdout)
    assert (told["problems"], told["trusted"], told["bytes_after"]) == ([], True, 0)


@pytest.mark.parametrize(("data", "code"), [(b"text", "not_pdf"), (stage.report(), "not_signed")])
def test_what_is_no_signed_report_is_refused_in_one_line(tmp_path, data, code):
    (tmp_path / "f").write_bytes(data)
    result = _verify(tmp_path / "f")
    assert (result.exit_code, f"[{code}]" in result.output) == (1, True)
    assert len(result.output.strip().splitlines()) == 1


def test_trust_in_what_is_no_certificate_is_refused(files):
    result = _verify(files / "r.pdf", "--trust", files / "r.pdf")
    assert (result.exit_code, "不是 PEM 证书" in result.output) == (1, True)


def test_it_needs_no_database_and_no_settings(files):
    source = (
        "import sys; from rongxin.entrypoints.cli import report;"
        "report.command(['verify', sys.argv[1]], standalone_mode=False)"
    )
    done = subprocess.run(
        [sys.executable, "-c", source, files / "r.pdf"],
        env={"PATH": "/nowhere", "RONGXIN_MODE": "production"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 3, done.stderr
    assert done.stderr == ""


def test_the_node_prints_whom_to_believe(files, settings):
    result = CliRunner().invoke(report.command, ["certificate"])
    assert result.exit_code == 0
    assert result.stdout.startswith("-----BEGIN CERTIFICATE-----")
    assert "PRIVATE" not in result.stdout
    settings.RONGXIN_REPORT_CERTIFICATE = "/no/such/file"
    refused = CliRunner().invoke(report.command, ["certificate"])
    assert (refused.exit_code, "[certificate_unfit]" in refused.output) == (1, True)
