"""The web server takes port 8000, or one that is free, and no other server's."""

from __future__ import annotations

import json
import socket
from itertools import islice
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from rongxin.entrypoints.cli import serve


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listening(port: int) -> socket.socket:
    """Another server as granian makes it: it would share its port with anybody of the same user."""
    other = socket.socket()
    other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    other.bind(("127.0.0.1", port))
    other.listen()
    return other


def test_it_takes_the_preferred_port_when_it_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "PREFERRED_PORT", free_port())
    with serve.reserved_port("127.0.0.1", None) as port:
        assert port == serve.PREFERRED_PORT


def test_it_takes_another_when_a_second_clone_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "PREFERRED_PORT", free_port())
    with listening(serve.PREFERRED_PORT), serve.reserved_port("127.0.0.1", None) as port:
        assert port not in (0, serve.PREFERRED_PORT)


def test_it_keeps_the_port_for_its_workers() -> None:
    with (
        serve.reserved_port("127.0.0.1", None) as port,
        listening(port),
        pytest.raises(OSError, match="in use"),
    ):
        serve._free(socket.AF_INET, "127.0.0.1", port)


def test_it_takes_a_port_again_whose_last_connections_are_still_closing() -> None:
    """Whoever hangs up first keeps the port in TIME_WAIT: here the server did."""
    port = free_port()
    with listening(port) as server, socket.create_connection(("127.0.0.1", port)) as client:
        server.accept()[0].close()
        assert client.recv(1) == b""
    with serve.reserved_port("127.0.0.1", port) as chosen:
        assert chosen == port


def test_it_refuses_a_taken_port_that_was_asked_for() -> None:
    port = free_port()
    with (
        listening(port),
        pytest.raises(click.ClickException, match=f"{port} can't be used.*--port"),
        serve.reserved_port("127.0.0.1", port),
    ):
        pass


def test_it_writes_where_it_serves(tmp_path: Path) -> None:
    serve.write_addresses(tmp_path / "demo" / "addresses.json", "0.0.0.0", 8000)
    written = json.loads((tmp_path / "demo" / "addresses.json").read_text())
    assert written == {"web": "http://127.0.0.1:8000/", "api": "http://127.0.0.1:8000/api/v1/"}


def test_each_worker_has_as_many_threads_as_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RONGXIN_WEB_THREADS", "1")  # put back afterwards
    server = serve.server("127.0.0.1", free_port(), 2)
    assert server.blocking_threads == serve.THREADS


def test_a_worker_that_keeps_ending_is_restarted_ever_more_rarely() -> None:
    assert list(islice(serve.restart_pauses(), 9)) == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_production_serves_no_worker_whose_address_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RONGXIN_MODE", "production")
    monkeypatch.delenv("RONGXIN_WORKER_DATABASE_URL", raising=False)
    refused = CliRunner().invoke(serve.command, [])
    assert (refused.exit_code, "--without-worker" in refused.output) == (1, True)
