"""One attempt: a POST to an address that was checked, within one span of time, and nothing followed.

Touches no database, so that many may wait for slow receivers at a time. Never raises: what came of it is its
answer.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from django.conf import settings

from rongxin.delivery.webhooks import addresses, rules
from rongxin.delivery.webhooks.addresses import Reach, Resolver, Target
from rongxin.delivery.webhooks.errors import AddressRefused, UrlRefused
from rongxin.delivery.webhooks.policy import Policy
from rongxin.delivery.webhooks.rules import Outcome, Result

_TYPE = "application/json; charset=utf-8"
_AGENT = "rongxin-webhooks/1"


@dataclass(frozen=True)
class Way:
    """How this node sends: how far, how long, and whose certificates it believes."""

    reach: Reach
    timeout_seconds: float
    response_bytes_max: int
    retry_after_seconds_max: float
    authority: str = ""
    resolver: Resolver = socket.getaddrinfo


def way(policy: Policy) -> Way:
    """Return the way as the parameters and this node's settings have it."""
    networks = [addresses.network(text) for text in settings.RONGXIN_WEBHOOK_NETWORKS]
    return Way(
        Reach(policy.ports, tuple(networks), settings.RONGXIN_WEBHOOK_LOOPBACK),
        timeout_seconds=policy.timeout_seconds,
        response_bytes_max=policy.response_bytes_max,
        retry_after_seconds_max=policy.retry_after_seconds_max,
        authority=settings.RONGXIN_WEBHOOK_AUTHORITY,
    )


def post(way: Way, url: str, headers: Mapping[str, str], body: str, *, challenge: str = "") -> Outcome:
    """Send a message once. With `challenge`, a 2xx counts only if the answer repeats that word."""
    try:
        target = addresses.parse(url, way.reach)
    except UrlRefused:
        return Outcome(Result.URL_REFUSED)
    try:
        found = addresses.resolve(target, way.reach, resolver=way.resolver)
    except AddressRefused:
        return Outcome(Result.ADDRESS_REFUSED)
    except (OSError, UnicodeError):
        return Outcome(Result.NAME_UNKNOWN)
    connection = _Pinned(target, found, way)
    deadline = threading.Timer(way.timeout_seconds, connection.cut)
    deadline.daemon = True
    deadline.start()
    try:
        return _exchange(connection, target, headers, body, challenge, way)
    except ssl.SSLError:
        return Outcome(Result.TIMED_OUT if connection.was_cut else Result.TLS_FAILED)
    except TimeoutError:
        return Outcome(Result.TIMED_OUT)
    except (OSError, http.client.HTTPException, ValueError):
        return Outcome(Result.TIMED_OUT if connection.was_cut else Result.UNREACHABLE)
    finally:
        deadline.cancel()
        connection.close()


def _exchange(
    connection: _Pinned, target: Target, headers: Mapping[str, str], body: str, challenge: str, way: Way
) -> Outcome:
    told = {"content-type": _TYPE, "user-agent": _AGENT, "connection": "close", **headers}
    connection.request("POST", target.path, body.encode(), told)
    answer = connection.getresponse()
    content = answer.read(way.response_bytes_max)
    outcome = rules.of_status(
        answer.status, retry_after_seconds=_seconds(answer.headers.get("retry-after"), way)
    )
    if challenge and outcome.delivered and not _repeats(content, challenge):
        return Outcome(Result.CHALLENGE_UNMET, answer.status)
    return outcome


class _Pinned(http.client.HTTPConnection):
    """Speaks to the addresses it is given; certificate, SNI and Host are those of the name."""

    def __init__(self, target: Target, found: list[str], way: Way) -> None:
        super().__init__(target.host, target.port, timeout=way.timeout_seconds)
        self.default_port = 443 if target.secure else 80  # what need not stand in Host
        self._target, self._found, self._authority = target, found, way.authority
        self.was_cut = False

    def connect(self) -> None:
        plain = self._first_that_answers()
        if not self._target.secure:
            self.sock = plain
            self._go_on()
            return
        try:
            # Wrapped first, so that `cut` reaches the socket that shakes hands; a wrapped one has taken over.
            wrapped = _context(self._authority).wrap_socket(
                plain, server_hostname=self._target.host, do_handshake_on_connect=False
            )
        except BaseException:
            plain.close()
            raise
        self.sock = wrapped
        self._go_on()
        wrapped.do_handshake()
        self._go_on()

    def _go_on(self) -> None:
        """Whoever was cut between two steps stops here: the time for the whole is over."""
        if self.was_cut:
            raise TimeoutError

    def _first_that_answers(self) -> socket.socket:
        assert self.timeout is not None
        failed: OSError = OSError("no address")
        for address in self._found:
            if self.was_cut:
                raise TimeoutError
            try:
                return socket.create_connection((address, self._target.port), self.timeout)
            except OSError as error:
                failed = error
        raise failed

    def cut(self) -> None:
        """End it from another thread: a receiver that drips its answer out must not hold a place for ever."""
        self.was_cut = True
        if self.sock is not None:
            with contextlib.suppress(OSError):
                # Past the TLS layer, which is in use by the thread that waits.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


@lru_cache(maxsize=4)
def _context(authority: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if authority:
        context.load_verify_locations(authority)
    return context


def _seconds(text: str | None, way: Way) -> float | None:
    """Read Retry-After: seconds, or a date; what makes no sense is as if it weren't there."""
    if text is None:
        return None
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        if text.strip().isdecimal():
            seconds = float(text)
        else:
            seconds = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
        return min(max(seconds, 0.0), way.retry_after_seconds_max)
    return None


def _repeats(content: bytes, challenge: str) -> bool:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(answer, dict) and answer.get("challenge") == challenge
