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
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

_HOST = "127.0.0.1"
_BODY_BYTES_MAX = 1 << 20
_CHALLENGE = "webhook.verification"


@dataclass
class Receiver:
    """Where it listens, and what came there."""

    url: str
    _got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def take(self, headers: dict[str, str], body: bytes) -> bytes:
        """Keep a message and return the answer."""
        self._got.append((headers, body))
        document = json.loads(body)
        if document["type"] == _CHALLENGE:
            return json.dumps({"challenge": document["data"]["challenge"]}).encode()
        return b""

    def verified(self, secret: str) -> list[dict[str, Any]]:
        """Return the events whose signature holds, each once, in the order of their first coming."""
        found: dict[str, dict[str, Any]] = {}
        for headers, body in list(self._got):
            try:
                document = Webhook(secret).verify(body, headers)
            except WebhookVerificationError:
                continue
            if document["type"] != _CHALLENGE:
                found.setdefault(headers["webhook-id"], document)
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
