"""How long an answer over HTTP is waited for: as a whole, not from one byte to the next.

The time limit of a socket begins anew with each byte that comes, so a peer that lets them drip would keep
whoever reads it for as long as it likes. Here the clock begins when the question is sent, and no byte sets it
back.
"""

from __future__ import annotations

import http.client
import io
import socket
import time
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class _Within(io.RawIOBase):
    """What a socket says until a moment; raises `TimeoutError` from then on."""

    def __init__(self, raw: Any, sock: socket.socket, seconds: float) -> None:
        self._raw, self._sock, self._until = raw, sock, time.monotonic() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        said: int | None = self._raw.readinto(into)
        return said

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
            super().close()


class _Answer(http.client.HTTPResponse):
    """An answer whose head and body have to be there within the time that the socket has for one read."""

    def __init__(self, sock: socket.socket, *given: Any, **named: Any) -> None:
        super().__init__(sock, *given, **named)
        seconds = sock.gettimeout()
        if seconds is not None:
            self.fp = io.BufferedReader(_Within(self.fp.detach(), sock, seconds))


class _Plain(HTTPConnection):
    response_class = _Answer


class _Tls(HTTPSConnection):
    response_class = _Answer


class Patient(HTTPConnectionPool):
    """Connections whose `read` timeout is that of a whole answer."""

    ConnectionCls = _Plain


class PatientTls(HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = _Tls
