"""The courier: what a worker does all the time to bring messages to their receivers.

One thread speaks with the database, many wait for receivers. The courier may be killed at any moment: what
was claimed comes due again when its lease is over.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import DatabaseError, close_old_connections, connection
from django.utils import timezone

from rongxin.delivery.webhooks import messages, policy, rules, sending, signatures
from rongxin.delivery.webhooks.messages import Claim
from rongxin.delivery.webhooks.policy import Policy
from rongxin.delivery.webhooks.rules import Outcome
from rongxin.delivery.webhooks.sending import Way
from rongxin.journal import keyring

AT_ONCE = 16
LOOK_SECONDS = 0.2
_SETTLE_SECONDS = 0.005  # attempts that end together are written down together
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(_SHANGHAI)


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
        self._running: dict[Future[Outcome], Claim] = {}
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="webhook")
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
                self._rest(stop)
        finally:
            self.finish()
            connection.close()

    def turn(self) -> int:
        """Write down what has ended, see what is new, begin what is due; return how many attempts run."""
        self._settle()
        now, moment = self._clock(), time.monotonic()
        if moment - self._looked_at >= LOOK_SECONDS:
            messages.fan_out(as_of=now)
            self._looked_at = moment
        free = self._at_once - len(self._running)
        if free:
            self._begin(free, now)
        return len(self._running)

    def finish(self) -> None:
        """Wait for the attempts that run, and write down what came of them."""
        self._threads.shutdown(wait=True)
        try:
            self._settle()
        except DatabaseError:
            _log.exception("webhooks: the last attempts could not be written down; they are made again")

    def _rest(self, stop: threading.Event) -> None:
        if self._running:
            wait(self._running, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            stop.wait(_SETTLE_SECONDS)
        else:
            stop.wait(LOOK_SECONDS)

    def _begin(self, free: int, now: datetime) -> None:
        in_force = self._policy(now)
        busy = Counter(claim.webhook for claim in self._running.values())
        claims = messages.claim(free, busy=busy, policy=in_force, as_of=now)
        if not claims:
            return
        way, key = self._way(in_force), keyring.node_key()
        for claim in claims:
            headers = signatures.headers(
                rules.public_id(claim.id), claim.body, secrets=claim.secrets, key=key, at=now
            )
            future = self._threads.submit(
                sending.post, way, claim.url, headers, claim.body, challenge=_challenge(claim)
            )
            self._running[future] = claim

    def _settle(self) -> None:
        ended = [future for future in self._running if future.done()]
        if not ended:
            return
        now = self._clock()
        done = [(self._running[future], future.result()) for future in ended]
        messages.settle(done, policy=self._policy(now), as_of=now)
        for future in ended:
            del self._running[future]

    def _policy(self, now: datetime) -> Policy:
        return self._given or policy.in_force(timezone.localdate(now))


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
