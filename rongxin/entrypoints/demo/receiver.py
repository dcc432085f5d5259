"""The demo's bank listens for events: a server on this machine that keeps what it is sent and checks it.

What a bank's engineer would write: repeat the challenge, check the signature, drop what came twice.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from rongxin.client import webhooks
from rongxin.proof.errors import Forged
from rongxin.proof.keys import VerifyingKey

_HOST = "127.0.0.1"
_BODY_BYTES_MAX = 1 << 20


@dataclass
class Receiver:
    """Where it listens, whom it believes, and what came there."""

    url: str
    _secrets: tuple[str, ...] = ()
    _node: VerifyingKey | None = None
    _came: dict[str, webhooks.Event] = field(default_factory=dict)

    def trust(self, secret: str, node: VerifyingKey | None = None) -> None:
        """Believe from now on what this secret has signed, and the node where its key is given."""
        self._secrets, self._node = (secret,), node

    @property
    def events(self) -> list[webhooks.Event]:
        """Return what came and was signed as it must, each once, in the order of its first coming."""
        return list(self._came.values())

    def take(self, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Return the status and the answer to a message."""
        if not self._secrets:
            return _unknown(body)
        try:
            event = webhooks.read(headers, body, secrets=self._secrets, node=self._node)
        except Forged:
            return 400, b""
        if event.type != webhooks.CHALLENGE:
            self._came.setdefault(event.id, event)
        return 200, event.answer


def _unknown(body: bytes) -> tuple[int, bytes]:
    """Answer before the secret is known: a challenge may overtake the answer that brings the secret."""
    try:
        said = json.loads(body)
        if said["type"] == webhooks.CHALLENGE:
            return 200, json.dumps({"challenge": said["data"]["challenge"]}).encode()
    except (ValueError, KeyError, TypeError):
        return 400, b""
    return 503, b""  # it is sent again


@contextmanager
def listening() -> Iterator[Receiver]:
    """Listen at a free port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = min(int(self.headers.get("Content-Length", 0)), _BODY_BYTES_MAX)
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, answer = receiver.take(headers, self.rfile.read(length))
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((_HOST, 0), Handler)
    server.daemon_threads = True
    receiver = Receiver(f"http://{_HOST}:{server.server_port}/events")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
