"""Faults of the departments' gateways, for whoever wants to see how their own system bears them.

The node's book of addresses is written anew: to a server that answers 503, or to one that lets each question
wait before it goes on to the gateway. Nothing is changed at the gateways or in the node.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import urllib3
import yaml

_HOST = "127.0.0.1"
_BODY_BYTES_MAX = 1 << 20
#: Longer than a report waits for a provider by default, so that the answer is "unavailable" in time.
SLOW_SECONDS = 8.0


class Fault(StrEnum):
    """How a department's gateway behaves."""

    NONE = "none"
    SLOW = "slow"
    UNAVAILABLE = "unavailable"


class UnknownProvider(Exception):
    """No gateway of that name is in the book."""


@dataclass
class Breakers:
    """The book of gateways' addresses, and what stands between."""

    book: Path
    slow_seconds: float = SLOW_SECONDS
    _before: dict[str, str] = field(default_factory=dict)
    _servers: dict[str, ThreadingHTTPServer] = field(default_factory=dict)
    _faults: dict[str, Fault] = field(default_factory=dict)

    @property
    def faults(self) -> dict[str, Fault]:
        """How each provider's gateway behaves now."""
        return {
            path.stem: self._faults.get(path.stem, Fault.NONE) for path in sorted(self.book.glob("*.yaml"))
        }

    def put(self, provider: str, fault: Fault) -> None:
        """Have a provider's gateway behave so from the next question on; raises `UnknownProvider`."""
        if provider not in self.faults:
            raise UnknownProvider(f"没有“{provider}”的网关 no gateway of that name")
        self._close(provider)
        path = self.book / f"{provider}.yaml"
        entry = yaml.safe_load(path.read_text("utf-8"))
        real = self._before.setdefault(provider, entry["url"])
        entry["url"] = real if fault is Fault.NONE else self._open(provider, real, fault)
        path.write_text(yaml.safe_dump(entry, allow_unicode=True, sort_keys=False), "utf-8")
        self._faults[provider] = fault

    def close(self) -> None:
        for provider in list(self._servers):
            self._close(provider)

    def _open(self, provider: str, real: str, fault: Fault) -> str:
        seconds = self.slow_seconds

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), _BODY_BYTES_MAX))
                if fault is Fault.UNAVAILABLE:
                    self._reply(503, b'{"code": "unavailable", "detail": "sandbox", "status": 503}')
                    return
                time.sleep(seconds)
                answer = urllib3.request(
                    "POST",
                    real + urlsplit(self.path).path,
                    body=body,
                    headers=dict(self.headers),
                    retries=False,
                )
                self._reply(answer.status, answer.data)

            def _reply(self, status: int, body: bytes) -> None:
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except BrokenPipeError:
                    """The node has waited long enough; that is what this is for."""

            def log_message(self, *words: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer((_HOST, 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self._servers[provider] = server
        return f"http://{_HOST}:{server.server_port}"

    def _close(self, provider: str) -> None:
        server = self._servers.pop(provider, None)
        if server is not None:
            server.shutdown()
            server.server_close()
