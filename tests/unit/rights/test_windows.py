"""The ways to the national window, each spoken with for real: a server of its own, a directory."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from rongxin.rights.errors import WindowSilent
from rongxin.rights.windows.file_box import FileBox
from rongxin.rights.windows.http import Http
from rongxin.rights.windows.window import Package

PACKAGE = Package("5f1c", "a.b.c", [("证明.pdf", "application/pdf", b"%PDF-1.7")])


class Server(ThreadingHTTPServer):
    """A window that takes requests by their number and gives out what it decided until it is settled."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.taken: dict[str, Any] = {}
        self.decided: list[str] = []
        self.answers = 200


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.says({"decisions": self.server.decided})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.endswith("/done"):
            self.server.decided.remove(body["decision"])
            self.says({})
            return
        self.server.taken.setdefault(body["repair"], body)
        self.says({"reference": f"W-{len(self.server.taken)}"})

    def says(self, document: Any) -> None:
        content = json.dumps(document).encode()
        self.send_response(self.server.answers)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        return


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def of(server: Server) -> Http:
    return Http(f"http://127.0.0.1:{server.server_address[1]}/repair/")


def test_over_http_a_request_is_handed_over_once_and_decisions_are_settled(server: Server) -> None:
    window = of(server)
    assert (window.hand_over(PACKAGE), window.hand_over(PACKAGE)) == ("W-1", "W-1")
    (body,) = server.taken.values()
    assert (body["request"], base64.b64decode(body["files"][0]["content"])) == ("a.b.c", b"%PDF-1.7")
    server.decided = ["d.e.f"]
    assert list(window.decisions()) == ["d.e.f"]
    window.done("d.e.f")
    assert list(window.decisions()) == []


@pytest.mark.parametrize("status", [404, 500, 302])
def test_a_window_that_answers_otherwise_is_silent(server: Server, status: int) -> None:
    server.answers = status
    with pytest.raises(WindowSilent):
        of(server).hand_over(PACKAGE)
    with pytest.raises(WindowSilent):
        list(of(server).decisions())


def test_a_window_that_is_not_there_or_says_too_much_is_silent(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(WindowSilent):
        Http("http://127.0.0.1:9").hand_over(PACKAGE)
    server.decided = ["x" * (5 << 20)]
    with pytest.raises(WindowSilent, match="过长"):
        list(of(server).decisions())


def test_by_files_a_package_appears_whole_and_once(tmp_path: Path) -> None:
    box = FileBox(tmp_path / "box")
    assert box.hand_over(PACKAGE) == box.hand_over(PACKAGE) == "5f1c"
    out = tmp_path / "box" / "out"
    assert [path.name for path in out.iterdir()] == ["5f1c"]
    assert len(list((out / "5f1c").iterdir())) == 2
    (tmp_path / "box" / "in").mkdir()
    (tmp_path / "box" / "in" / "1.jws").write_text("d.e.f\n")
    assert list(box.decisions()) == ["d.e.f"]
    box.done("d.e.f")
    assert list(box.decisions()) == []
    with pytest.raises(WindowSilent):
        FileBox(Path("/proc/nowhere")).hand_over(PACKAGE)
