"""A node that says what a test wants, over real HTTP, and the inner side of a front before it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from rongxin.front import callers, founding, inner
from rongxin.front import config as configs
from rongxin.front.inner import Room
from rongxin.front.replies import Asked, Reply

Answer = Callable[[BaseHTTPRequestHandler], None]


def says(status: int, body: bytes = b"{}", **headers: str) -> Answer:
    """Answer so, with a length unless the test gives another way."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in ({"Content_Length": str(len(body))} | headers).items():
            if value:
                handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def token(text: str = "t1") -> Answer:
    said = {"access_token": text, "token_type": "DPoP", "expires_in": 300, "scope": "all", "consent": "c"}
    return says(200, json.dumps(said).encode())


@dataclass
class Node:
    """What it was asked (method, path, headers, body), and how it answers; tokens are given at `tokens`."""

    port: int
    got: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    answer: Answer = field(default_factory=lambda: says(200))
    tokens: Answer = field(default_factory=token)

    @property
    def asked(self) -> list[tuple[str, str, dict[str, str], bytes]]:
        """What it was asked but for tokens."""
        return [one for one in self.got if one[1] != "/api/v1/oauth/token"]


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


@contextmanager
def listening() -> Iterator[Node]:
    there: list[Node] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            there[0].got.append((self.command, self.path, headers, body))
            of_token = self.path == "/api/v1/oauth/token"
            (there[0].tokens if of_token else there[0].answer)(self)
            self.wfile.flush()

        def log_message(self, *words: object) -> None:
            pass

    server = _Quiet(("127.0.0.1", 0), Handler)
    there.append(Node(server.server_port))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield there[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Bench:
    """A front's inner side, asked directly, and the node behind it."""

    node: Node
    room: Room
    secret: str

    def ask(self, method: str, path: str, body: bytes = b"", query: str = "", **headers: str) -> Reply:
        said = {"authorization": f"Bearer {self.secret}"}
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        reply = inner.answer(self.room, Asked(method, path, query, said, body))
        if reply.blocks is not None:
            reply.body = b"".join(reply.blocks)
            reply.close()
        return reply


@contextmanager
def bench(directory: Path, *, sm: bool = False) -> Iterator[Bench]:
    """Begin a front in a directory, before a node that runs in this process."""
    founding.begin(directory, sm=sm)
    path = directory / founding.FILE
    with listening() as node:
        path.write_text(path.read_text().replace("https://node.example", f"http://127.0.0.1:{node.port}"))
        config = configs.read(path)
        secret = callers.make(config.place("callers"), "core")
        room = inner.open_room(config)
        try:
            yield Bench(node, room, secret)
        finally:
            room.node.close()
