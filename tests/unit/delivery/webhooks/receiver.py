"""A receiver of webhooks for tests: a real HTTP server on this machine that keeps what it is sent."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Got:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.body)


class Quiet(ThreadingHTTPServer):
    """Says nothing of clients that hang up: here they are meant to."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


Answer = Callable[[BaseHTTPRequestHandler, Got], None]


def repeat(handler: BaseHTTPRequestHandler, got: Got) -> None:
    """Accept, and repeat the challenge where there is one."""
    challenge = got.document["data"].get("challenge")
    reply(handler, 200, json.dumps({"challenge": challenge}).encode() if challenge else b"")


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@dataclass
class Receiver:
    """Where it listens, what it got, and how it answers: change `answer` at any time."""

    port: int
    got: list[Got] = field(default_factory=list)
    answer: Answer = repeat

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"

    @property
    def news(self) -> list[Got]:
        """What it got but for challenges."""
        return [one for one in self.got if one.document["type"] != "webhook.verification"]


@contextmanager
def listening(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Serve until the block ends."""
    there: list[Receiver] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            if len(body) < length:  # the sender died in the middle of it
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            got = Got(self.path, headers, body)
            there[0].got.append(got)
            there[0].answer(self, got)

        def log_message(self, *words: object) -> None:
            pass

    server = Quiet(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    there.append(Receiver(server.server_port))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield there[0]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
