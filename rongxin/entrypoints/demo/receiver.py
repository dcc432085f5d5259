"""The demo's bank listens for events: a server on this machine that keeps what it is sent and checks it.

What a bank's engineer would write: repeat the challenge, answer 204, check the signature, drop what came
twice.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from rongxin.client import webhooks
from rongxin.proof.errors import Forged
from rongxin.proof.keys import VerifyingKey

_HOST = "127.0.0.1"
_BODY_BYTES_MAX = 1 << 20


@dataclass
class Receiver:
    """Where it listens, and what came there."""

    url: str
    _got: list[tuple[dict[str, str], bytes, datetime]] = field(default_factory=list)

    def take(self, headers: dict[str, str], body: bytes) -> bytes:
        """Keep a message and return the answer."""
        self._got.append((headers, body, datetime.now(UTC)))
        document = json.loads(body)
        if document["type"] == webhooks.CHALLENGE:
            return json.dumps({"challenge": document["data"]["challenge"]}).encode()
        return b""

    def events(self, *, secret: str, node: VerifyingKey) -> list[webhooks.Event]:
        """Return the events that both signatures vouch for, each once, in the order of their first coming."""
        found: dict[str, webhooks.Event] = {}
        for headers, body, at in list(self._got):
            try:
                event = webhooks.read(headers, body, secrets=[secret], node=node, now=at)
            except Forged:
                continue
            if event.type != webhooks.CHALLENGE:
                found.setdefault(event.id, event)
        return list(found.values())


@contextmanager
def listening() -> Iterator[Receiver]:
    """Listen at a free port until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = min(int(self.headers.get("Content-Length", 0)), _BODY_BYTES_MAX)
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = receiver.take(headers, self.rfile.read(length))
            self.send_response(200 if answer else 204)
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
