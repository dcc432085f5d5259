"""How many messages a courier delivers in a second, beside what the network alone allows, and how soon (P9).

The floor: the same attempts by as many threads to the same receiver, with nothing read from or written to
a database. How soon: events happen at a steady pace while the journal's loop and the courier run as in a
worker; what counts is the time from the commit to the receiver.

    rongxin bench webhooks [--messages 3000 --events 300 --pace 20]
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

DEFAULTS = {"messages": 3_000, "events": 300, "pace": 20}
REACH_P95_SECONDS = 5.0
CHECKPOINT_SECONDS = 5.0
_WITHIN_SECONDS = 600.0


def run(arguments: Mapping[str, str]) -> dict[str, object]:
    """Measure, and return the figures with their floor."""
    unknown = set(arguments) - set(DEFAULTS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: this bench knows {', '.join(DEFAULTS)}")
    given = {key: int(arguments.get(key, default)) for key, default in DEFAULTS.items()}
    from django.conf import settings

    settings.RONGXIN_WEBHOOK_LOOPBACK = True
    rate = _rate(given["messages"])
    delay = _delay(given["events"], given["pace"])
    return {
        "ratio": rate["ratio"],
        "rate": rate,
        "delay": delay,
        "reached": delay["p95_s"] <= REACH_P95_SECONDS,
    }


@contextmanager
def _receiver() -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
    """A receiver's URL, and what closes it and says what came."""
    command = [sys.executable, str(Path(__file__).parent / "_receiver.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        port = int(process.stdout.readline())

        def close() -> dict[str, Any]:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.close()
            found: dict[str, Any] = json.loads(process.stdout.readline())
            return found

        try:
            yield f"http://127.0.0.1:{port}/events", close
        finally:
            process.kill()


def _rate(messages: int) -> dict[str, Any]:
    from rongxin.delivery.webhooks import courier as couriers
    from rongxin.journal import sequencer

    with _receiver() as (url, close):
        party = f"bench-{uuid4().hex[:8]}"
        webhook, courier = _register(url, party)
        _happen(party, messages)
        while sequencer.integrate():
            pass
        began = time.monotonic()
        _turn_until(courier, lambda: _delivered(webhook) >= messages)
        taken = time.monotonic() - began
        courier.finish()
        came = close()
    with _receiver() as (url, close):
        floor = _floor(url, messages, couriers.AT_ONCE)
        close()
    return {
        "ratio": round((messages / taken) / floor, 3),
        "messages_per_s": round(messages / taken, 1),
        "floor_per_s": round(floor, 1),
        "messages": messages,
        "twice": came["requests"] - len(came["came"]),
    }


def _floor(url: str, messages: int, at_once: int) -> float:
    """Post as much, signed alike, with nothing beside it."""
    from rongxin.delivery.webhooks import policy, sending, signatures
    from rongxin.journal import keyring

    way, key = sending.way(policy.in_force(datetime.now(UTC).date())), keyring.node_key()
    secret, body = signatures.new_secret(), json.dumps({"data": {"consent": str(uuid4())}})

    def post(number: int) -> bool:
        headers = signatures.headers(f"msg_{number}", body, secrets=[secret], key=key, at=datetime.now(UTC))
        return sending.post(way, url, headers, body).delivered

    with ThreadPoolExecutor(at_once) as threads:
        began = time.monotonic()
        if not all(threads.map(post, range(messages))):
            raise RuntimeError("the receiver did not accept all")
        return messages / (time.monotonic() - began)


def _delay(events: int, pace: int) -> dict[str, Any]:
    from django.db import connection

    from rongxin.delivery.webhooks import rules
    from rongxin.journal import runner

    with _receiver() as (url, close):
        party = f"bench-{uuid4().hex[:8]}"
        webhook, courier = _register(url, party)
        stop = threading.Event()
        loops = [
            threading.Thread(target=runner.run, args=(CHECKPOINT_SECONDS, stop)),
            threading.Thread(target=courier.run, args=(stop,)),
        ]
        for loop in loops:
            loop.start()
        committed = {}
        for _ in range(events):
            (entry,) = _happen(party, 1)
            committed[rules.public_id(rules.message_id(webhook, entry))] = time.time()
            time.sleep(1 / pace)
        _until(lambda: _delivered(webhook) >= events)
        stop.set()
        for loop in loops:
            loop.join()
        came = close()["came"]
    connection.close()
    delays = sorted(came[message] - at for message, at in committed.items())
    return {
        "p50_s": round(statistics.median(delays), 3),
        "p95_s": round(delays[int(0.95 * (len(delays) - 1))], 3),
        "longest_s": round(delays[-1], 3),
        "reach_p95_s": REACH_P95_SECONDS,
        "events": events,
    }


def _register(url: str, party: str) -> tuple[UUID, Any]:
    from rongxin.delivery.webhooks import endpoints
    from rongxin.delivery.webhooks.courier import Courier
    from rongxin.vocabulary.actor import Actor, ActorKind

    actor = Actor(ActorKind.ACCOUNT, "1", f"institution:{party}")
    webhook = endpoints.register(url, ["consent.withdrawn"], actor=actor, as_of=datetime.now(UTC)).card.id
    courier = Courier()
    _turn_until(courier, lambda: endpoints.get(webhook, party=actor.party).state == "active")
    return webhook, courier


def _happen(party: str, count: int) -> list[UUID]:
    from rongxin.journal import entries
    from rongxin.journal.rules import Kind
    from rongxin.vocabulary.actor import SYSTEM

    drafts = [
        entries.Draft(
            kind=Kind.CONSENT_WITHDRAWN,
            refs={"institution": party, "consent": str(uuid4()), "case": str(uuid4()), "why": "withdraw"},
        )
        for _ in range(count)
    ]
    return [entry.id for entry in entries.append_all(drafts, actor=SYSTEM, as_of=datetime.now(UTC))]


def _delivered(webhook: UUID) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM delivery_message"
            " WHERE webhook_id = %s AND state = 'delivered' AND entry IS NOT NULL",
            [webhook],
        )
        return int(cursor.fetchone()[0])


def _turn_until(courier: Any, done: Callable[[], bool]) -> None:
    """Turn as a worker does, looking now and then whether it is done."""
    never, looked = threading.Event(), 0.0
    until = time.monotonic() + _WITHIN_SECONDS
    while time.monotonic() < until:
        courier.turn()
        courier.rest(never)
        if time.monotonic() - looked > 0.2:
            if done():
                return
            looked = time.monotonic()
    raise RuntimeError("the messages did not all arrive")


def _until(done: Callable[[], bool]) -> None:
    until = time.monotonic() + _WITHIN_SECONDS
    while not done():
        if time.monotonic() > until:
            raise RuntimeError("the messages did not all arrive")
        time.sleep(0.2)
