"""A server in front of the real one that breaks what it is told to break, so that a check can be seen red."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from rongxin.conformance.checks import Finding, Result


@dataclass(frozen=True)
class Message:
    """A request on its way there (status 0), or an answer on its way back; headers in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    status: int = 0

    def without(self, *names: str) -> Message:
        return replace(self, headers={k: v for k, v in self.headers.items() if k not in names})


Forward = Callable[[Message], Message]
#: What is broken: is given the request and what carries it to the real server, returns the answer.
Fault = Callable[[Message, Forward], Message]


def none(request: Message, forward: Forward) -> Message:
    return forward(request)


def told(found: Finding) -> bool:
    """Whether a check failed because it saw the fault, and not because it could not read what came."""
    return found.result is Result.FAILED and "understood" not in found.why


@contextmanager
def before(target: str, fault: Fault = none) -> Iterator[str]:
    """Serve before a real server until the block ends; gives the address."""
    place = urlsplit(target).netloc

    def forward(request: Message) -> Message:
        connection = http.client.HTTPConnection(place, timeout=60)
        headers = {k: v for k, v in request.headers.items() if k not in ("content-length", "connection")}
        connection.request(request.method, request.path, request.body or None, headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        came = {name.lower(): value for name, value in answer.getheaders()}
        return Message(request.method, request.path, came, body, answer.status)

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = fault(Message(self.command, self.path, headers, body), forward)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
