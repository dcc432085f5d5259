"""`front check` says in words what is wrong, before an inner system meets it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from rongxin.entrypoints.cli import front
from tests.unit.front import stage
from tests.unit.front.stage import Bench, says
from tests.unit.gateway.authority import DAY, Authority


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with stage.bench(tmp_path) as made:
        made.node.answer = node(made)
        yield made


def node(
    bench: Bench, *, key: str = "whpk_AAAA", issuer: str = "", off: timedelta = timedelta()
) -> stage.Answer:
    """A node as it answers whoever checks: its metadata, and its key of events."""
    base = issuer or f"http://127.0.0.1:{bench.node.port}"

    def answer(handler: BaseHTTPRequestHandler) -> None:
        body = {"key": key} if handler.path.endswith("webhooks/key") else {"issuer": base}
        says(200, json.dumps(body).encode())(handler)

    def dated(handler: BaseHTTPRequestHandler) -> None:
        now = format_datetime(datetime.now(UTC) - off, usegmt=True)
        handler.date_time_string = lambda timestamp=None: now  # type: ignore[method-assign,assignment]
        answer(handler)

    return dated


def check(directory: Path, **changes: object) -> Result:
    path = directory / "front.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | changes))
    return CliRunner().invoke(front.command, ["check", "--config", str(path)])


def test_a_front_that_is_as_it_must_be_is_said_to_be(bench: Bench, tmp_path: Path) -> None:
    said = check(tmp_path)
    assert said.exit_code == 0, said.output
    for told in (
        "✓ keys.tokens：Ed25519",
        "✓ keys.sealing：X25519",
        "✓ core：不限",
        "平台可达",
        "平台认可此密钥",
    ):
        assert told in said.output, told
    assert "－ " in said.output
    assert "没有口令" in said.output


def test_what_is_wrong_is_named(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "keys" / "sealing.key.pem").chmod(0o644)
    (tmp_path / "callers" / "desk.yaml").write_text("sha256: [a]\nallow: [reports]\n")
    said = check(tmp_path, inner={"listen": "here"}, webhook_key="whpk_???")
    assert said.exit_code == 1
    for told in ("✗ keys.sealing", "desk.yaml: allow", "✗ inner", "✗ webhook_secrets"):
        assert told in said.output, (told, said.output)
    assert "认可" not in said.output


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"issuer": "https://another.example"}, "平台自称 https://another.example"),
        ({"off": timedelta(minutes=3)}, "clock off by +18"),
        ({"off": timedelta(minutes=-2)}, "请校时"),
    ],
)
def test_a_node_that_goes_by_another_name_or_another_clock(
    bench: Bench, tmp_path: Path, how: dict[str, object], told: str
) -> None:
    bench.node.answer = node(bench, **how)  # type: ignore[arg-type]
    said = check(tmp_path)
    assert (said.exit_code, told in said.output) == (1, True), said.output


def test_a_key_that_the_node_does_not_know(bench: Bench, tmp_path: Path) -> None:
    bench.node.tokens = says(401, b'{"error": "invalid_client", "error_description": "no such client"}')
    said = check(tmp_path)
    assert (said.exit_code, "未登记此密钥" in said.output, "no such client" in said.output) == (1, True, True)


def test_a_node_that_is_not_there_and_another_key_of_events(bench: Bench, tmp_path: Path) -> None:
    said = check(tmp_path, webhook_key="whpk_" + "A" * 43 + "=")
    assert (said.exit_code, "平台现用 whpk_AAAA" in said.output) == (1, True), said.output
    said = check(tmp_path, node="http://127.0.0.1:9")
    assert (said.exit_code, "平台不可达" in said.output) == (1, True)


def test_certificates_that_end(bench: Bench, tmp_path: Path) -> None:
    authority = Authority(tmp_path, "known")
    authority.issue("soon", host="front.bank.test", life=20 * DAY)
    authority.issue("gone", life=-DAY)
    soon, gone = ({"certificate": f"{name}.crt", "key": f"{name}.key"} for name in ("soon", "gone"))
    said = check(tmp_path, inner={"listen": "10.0.0.1:8600", "tls": soon}, outer={"listen": "10.0.0.1:8601"})
    assert said.exit_code == 0, said.output
    assert "front.bank.test" in said.output
    assert "请尽快换发" in said.output
    assert "－ outer 10.0.0.1:8601" in said.output
    said = check(tmp_path, inner={"listen": "10.0.0.1:8600", "tls": gone})
    assert (said.exit_code, "过期" in said.output) == (1, True)
