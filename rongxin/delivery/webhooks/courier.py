"""The courier: what a worker does all the time to bring messages to their receivers.

One thread speaks with the database, many wait for receivers. The courier may be killed at any moment: what
was claimed comes due again when its lease is over.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from uuid import UUID

from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from rongxin.delivery.webhooks import attempts, messages, policy, rules, sending, signatures
from rongxin.delivery.webhooks.attempts import Claim, Done
from rongxin.delivery.webhooks.policy import Policy
from rongxin.delivery.webhooks.rules import Outcome, Result
from rongxin.delivery.webhooks.sending import Way
from rongxin.journal import keyring
from rongxin.vocabulary.zone import BUSINESS_ZONE

AT_ONCE = 32
AHEAD = 4  # claims held for each attempt that runs: no thread waits for the database
LOOK_SECONDS = 0.2
_SETTLE_SECONDS = 0.03  # attempts that end within it are written down together
_log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(BUSINESS_ZONE)


class Courier:
    """Makes attempts, `at_once` at a time; `clock` says what time it is."""

    def __init__(
        self,
        *,
        given: Policy | None = None,
        way: Callable[[Policy], Way] = sending.way,
        at_once: int = AT_ONCE,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._given, self._way, self._at_once, self._clock = given, way, at_once, clock
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="webhook")
        self._held: deque[Claim] = deque()
        self._running: Counter[UUID] = Counter()
        self._ended: SimpleQueue[Done] = SimpleQueue()
        self._done: list[Done] = []
        self._looked_at = float("-inf")

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; a failure is logged and tried again."""
        try:
            while not stop.is_set():
                try:
                    self.turn()
                except Exception:  # whatever it is, messages must go on
                    _log.exception("webhooks: a turn failed; trying again")
                    stop.wait(1)
                finally:
                    close_old_connections()
                self.rest(stop)
        finally:
            self.finish()
            connection.close()

    def turn(self) -> int:
        """Write down what has ended, see what is new, begin what is due; return how many are under way."""
        now = self._clock()
        in_force = self._given or policy.in_force(timezone.localdate(now))
        self._settle(in_force, now)
        moment = time.monotonic()
        if moment - self._looked_at >= LOOK_SECONDS:
            messages.fan_out(as_of=now)
            self._looked_at = moment
        busy = self._running + Counter(claim.webhook for claim in self._held)
        free = self._at_once * AHEAD - busy.total()
        if free > 0:
            each = in_force.at_once_per_endpoint * AHEAD
            self._held += attempts.claim(free, each=each, busy=busy, policy=in_force, as_of=now)
        self._begin(in_force, now)
        return self._running.total() + len(self._held)

    def rest(self, stop: threading.Event) -> None:
        """Wait for attempts to end, and begin others in their place, until it is worth another turn."""
        if not self._running.total():
            stop.wait(LOOK_SECONDS)
            return
        until = None
        while self._running.total():
            patience = LOOK_SECONDS if until is None else until - time.monotonic()
            if patience <= 0:
                return
            try:
                self._end(self._ended.get(timeout=patience))
            except Empty:
                return
            until = until or time.monotonic() + _SETTLE_SECONDS
            now = self._clock()
            self._begin(self._given or policy.in_force(timezone.localdate(now)), now)

    def finish(self) -> None:
        """Wait for the attempts that run, write down what came of them, give back what was not begun."""
        self._threads.shutdown(wait=True)
        while self._running.total():
            self._end(self._ended.get())
        now = self._clock()
        try:
            self._settle(self._given or policy.in_force(timezone.localdate(now)), now)
            attempts.give_back(self._held, as_of=now)
        except DatabaseError:
            _log.exception("webhooks: the last attempts could not be written down; they are made again")

    def _begin(self, in_force: Policy, now: datetime) -> None:
        """Begin what is held, no more at a time than may run, in all and for each endpoint."""
        later: deque[Claim] = deque()
        way, key = self._way(in_force), keyring.node_key()
        # What could outlive its lease is left: it comes due again.
        last = now + timedelta(seconds=way.timeout_seconds)
        while self._held and self._running.total() < self._at_once:
            claim = self._held.popleft()
            if self._running[claim.webhook] >= in_force.at_once_per_endpoint:
                later.append(claim)
            elif last < claim.lease:
                headers = signatures.headers(
                    rules.public_id(claim.id), claim.body, secrets=claim.secrets, key=key, at=now
                )
                self._running[claim.webhook] += 1
                self._threads.submit(self._attempt, claim, way, headers)
        self._held.extendleft(reversed(later))

    def _attempt(self, claim: Claim, way: Way, headers: dict[str, str]) -> None:
        outcome = Outcome(Result.UNREACHABLE)
        try:
            outcome = sending.post(way, claim.url, headers, claim.body, challenge=_challenge(claim))
        except Exception:
            _log.exception("webhooks: an attempt failed")
        finally:
            self._ended.put((claim, outcome))

    def _end(self, done: Done) -> None:
        self._running[done[0].webhook] -= 1
        self._done.append(done)

    def _settle(self, in_force: Policy, now: datetime) -> None:
        with contextlib.suppress(Empty):
            while True:
                self._end(self._ended.get_nowait())
        if self._done:
            attempts.settle(self._done, policy=in_force, as_of=now)
            self._done = []


def run(stop: threading.Event) -> None:
    """Bring messages to their receivers until `stop` is set."""
    Courier().run(stop)


def prune(*, as_of: datetime) -> int:
    """Delete messages whose term is over; return how many."""
    return messages.prune(policy=policy.in_force(timezone.localdate(as_of)), as_of=as_of)


def _challenge(claim: Claim) -> str:
    if claim.type != rules.VERIFICATION:
        return ""
    return str(json.loads(claim.body)["data"]["challenge"])
