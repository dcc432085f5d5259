"""Every event reaches its receiver, though receivers fail and workers are killed (promise P9)."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from standardwebhooks import Webhook

from rongxin.delivery.webhooks import endpoints, rules
from rongxin.delivery.webhooks.models import Message
from rongxin.journal import news, sequencer
from tests.unit.delivery.webhooks import receiver as receivers
from tests.unit.delivery.webhooks import stage

pytestmark = pytest.mark.django_db(transaction=True)
CHILD = Path(__file__).with_name("webhook_process.py")
RUN = "import django, runpy, sys; django.setup(); runpy.run_path(sys.argv[1], run_name='__main__')"
FAULTS = 0.3
TIMEOUT_SECONDS, LEASE_SECONDS, WAIT_SECONDS = 0.5, 2.0, 0.2


@pytest.fixture(autouse=True)
def a_demo(settings):
    settings.RONGXIN_WEBHOOK_LOOPBACK = True


class Faulty:
    """Answers three in ten with a fault, and checks every signature against the secrets in use."""

    def __init__(self, secrets: list[str], seed: int) -> None:
        self.secrets, self._rng, self._lock = secrets, random.Random(seed), threading.Lock()
        self.wrong = 0
        self.accepted: Counter[str] = Counter()
        self.bodies: dict[str, set[bytes]] = {}

    def __call__(self, handler, got: receivers.Got) -> None:
        with self._lock:
            dice, fault = self._rng.random(), self._rng.choice(["error", "busy", "hang", "reset", "half"])
            self.wrong += not any(_holds(got, secret) for secret in self.secrets)
            self.bodies.setdefault(got.id, set()).add(got.body)
        if got.document["type"] == rules.VERIFICATION:
            receivers.repeat(handler, got)
        elif dice >= FAULTS:
            with self._lock:
                self.accepted[got.id] += 1
            receivers.reply(handler, 204)
        else:
            _fail(handler, fault)


def _fail(handler, fault: str) -> None:
    match fault:
        case "error":
            receivers.reply(handler, 500)
        case "busy":
            receivers.reply(handler, 503, Retry_After="1")
        case "hang":
            time.sleep(TIMEOUT_SECONDS * 2)
        case "half":
            handler.wfile.write(b"HTTP/1.1 2")
        case "reset":
            handler.connection.close()


def _holds(got: receivers.Got, secret: str) -> bool:
    try:
        Webhook(secret).verify(got.body, got.headers, json_parse=False)
    except Exception:
        return False
    return True


@contextmanager
def _process() -> Iterator[None]:
    """A worker that is killed at the end of the block, whatever it is at."""
    database = settings.DATABASES["default"]
    url = f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    if database["PORT"]:
        url += f"&port={database['PORT']}"
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "rongxin.site.settings"}
    environment |= {"RONGXIN_VAR": str(settings.RONGXIN_VAR), "RONGXIN_WEBHOOK_LOOPBACK": "1"}
    given = [str(seconds) for seconds in (TIMEOUT_SECONDS, LEASE_SECONDS, WAIT_SECONDS)]
    command = [sys.executable, "-c", RUN, str(CHILD), *given]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as worker:
        try:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
            yield
        finally:
            worker.kill()


def _await(wanted, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if wanted():
            return True
        time.sleep(0.05)
    return False


def _active() -> bool:
    return [card.state for card in endpoints.of_party(stage.BANK.party)] == ["active"]


def _over() -> bool:
    return not news.lag("webhooks") and not Message.objects.filter(state="waiting").exists()


def _carry(events: int, kills: int, seconds: float) -> None:
    """Let `events` happen while workers carry them and are killed; then let one finish."""
    rng = random.Random(7)
    with receivers.listening() as there:
        issued = stage.register(there, as_of=datetime.now(UTC))
        faulty = there.answer = Faulty([issued.secret], seed=7)
        made = []
        for turn in range(kills + 1):
            with _process():
                if turn == 0:
                    assert _await(_active, 30)
                if turn == kills:
                    assert _await(_over, seconds)
                    continue
                made += stage.happen(count=events // kills, as_of=datetime.now(UTC))
                sequencer.integrate()
                time.sleep(rng.uniform(0.1, 0.8))
                if turn == kills // 2:
                    new = endpoints.rotate(issued.card.id, actor=stage.BANK, as_of=datetime.now(UTC))
                    faulty.secrets.append(new.secret)
        _check(issued.card.id, made, faulty)


def _check(webhook, made, faulty: Faulty) -> None:
    wanted = {rules.public_id(rules.message_id(webhook, entry)) for entry in made}
    assert set(faulty.accepted) == wanted
    assert faulty.wrong == 0
    assert all(len(bodies) == 1 for bodies in faulty.bodies.values())
    told = Message.objects.exclude(type=rules.VERIFICATION)
    assert set(told.values_list("state", flat=True)) == {"delivered"}
    assert told.count() == len(made)


def test_every_event_arrives_though_receivers_fail_and_workers_are_killed():
    _carry(events=300, kills=3, seconds=120)


@pytest.mark.long
def test_ten_thousand_events_arrive_though_receivers_fail_and_workers_are_killed():
    _carry(events=10_000, kills=50, seconds=1_200)
