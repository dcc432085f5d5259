"""`rongxin worker`: what a node does unasked: keep the journal current, end what is over, run jobs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from rongxin.entrypoints.cli import node

CHECKPOINT_SECONDS = 5.0
STOP_PATIENCE_SECONDS = 30.0
ERRANDS = 2  # at the same time: the withdrawal of a large batch keeps no single row waiting
SHANGHAI = ZoneInfo("Asia/Shanghai")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Duty:
    """Something done again and again; `act` says how many things it did."""

    name: str
    every_seconds: float
    act: Callable[[datetime], int]


def duties() -> list[Duty]:
    """The duties besides the journal, which has a loop of its own, and the queue of jobs."""
    from rongxin.consent import standing
    from rongxin.consent.deletion import duties as deletion
    from rongxin.delivery.push import upkeep
    from rongxin.delivery.webhooks import courier
    from rongxin.disclosure import kept, recipients, usage
    from rongxin.governance import alarms
    from rongxin.governance.watching import incidents, patrol
    from rongxin.parties import access_tokens, idempotency
    from rongxin.records import lake_keeping, publication
    from rongxin.sharing import errands
    from rongxin.sharing.aggregation import batches
    from rongxin.sharing.bulk import refresh
    from rongxin.sharing.schedule import lateness

    return [
        Duty("consents that are over", 60, lambda now: standing.expire_due(as_of=now)),
        Duty("consents of deregistered firms", 10, lambda now: standing.follow_deregistrations(as_of=now)),
        Duty("deletion owed for ended consents", 10, lambda now: recipients.follow(as_of=now)),
        Duty("deletion receipts that are due", 600, lambda now: deletion.follow(as_of=now)),
        Duty("alarms", 10, lambda now: alarms.follow(as_of=now)),
        Duty("answers kept by consents that ended", 10, lambda now: kept.follow_consents(as_of=now)),
        Duty("answers kept to their last day", 600, lambda now: kept.delete_due(as_of=now)),
        Duty("batches that were interrupted", 30, lambda now: len(batches.resume_unfinished(as_of=now))),
        Duty("publications that are over", 600, lambda now: publication.end_due(as_of=now)),
        Duty("reminders of late batches", 600, lambda now: lateness.remind(as_of=now)),
        Duty("answers that nobody fetched", 600, lambda now: errands.sweep(as_of=now)),
        Duty("misuse of queries", 10, lambda now: patrol.walk(window=False, as_of=now)),
        Duty("misuse in the long run", 900, lambda now: patrol.walk(window=True, as_of=now)),
        Duty("incidents past their deadline", 600, lambda now: incidents.mark_overdue(as_of=now)),
        Duty("use of providers' information", 900, lambda now: usage.settle(as_of=now)),
        Duty("numbers of proofs that are over", 600, lambda now: access_tokens.forget(as_of=now)),
        Duty("idempotency keys that are over", 600, lambda now: idempotency.forget(as_of=now)),
        Duty("webhook messages whose term is over", 3600, lambda now: courier.prune(as_of=now)),
        Duty("items kept by agreement", 20, lambda now: len(refresh.once(as_of=now))),
        Duty("agreements that are over", 60, lambda now: refresh.sweep(as_of=now)),
        Duty("pushes that are due", 10, lambda now: upkeep.make_due(as_of=now)),
        Duty("files of the lake", 30, lambda now: len(lake_keeping.catch_up(as_of=now))),
    ]


@click.command()
@click.option(
    "--jobs", type=click.IntRange(1, 32), default=2, show_default=True, help="Jobs at the same time."
)
def command(jobs: int) -> None:
    """Work in the background until Ctrl-C."""
    with node.running():
        work(jobs)


def work(jobs: int) -> None:
    """Run the duties in threads and the queue here, until a signal ends the queue; then end the threads."""
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.django_connector import DjangoConnector

    from rongxin.delivery.webhooks import courier
    from rongxin.journal import runner
    from rongxin.sharing import errands

    stop = threading.Event()
    loops = [threading.Thread(target=runner.run, args=(CHECKPOINT_SECONDS, stop), name="journal")]
    loops += [threading.Thread(target=repeat, args=(duty, stop), name=duty.name) for duty in duties()]
    loops += [threading.Thread(target=errands.run, args=(stop,), name="errands") for _ in range(ERRANDS)]
    loops += [threading.Thread(target=courier.run, args=(stop,), name="webhooks")]
    for loop in loops:
        loop.start()
    _log.info("duties: %s", "; ".join(loop.name for loop in loops))
    node.say(f"后台就绪 worker ready: {len(loops)} 项值守 duties")
    try:
        assert isinstance(app.connector, DjangoConnector)
        with app.replace_connector(app.connector.get_worker_connector()):
            app.run_worker(concurrency=jobs, shutdown_graceful_timeout=STOP_PATIENCE_SECONDS)
    finally:
        stop.set()
        for loop in loops:
            loop.join(STOP_PATIENCE_SECONDS)


def repeat(duty: Duty, stop: threading.Event) -> None:
    """Do a duty at once and then every so often; a failure is logged and the duty tried again in its turn."""
    from django.db import close_old_connections, connection

    try:
        while True:
            try:
                done = duty.act(datetime.now(SHANGHAI))
                if done:
                    _log.info("%s: %d", duty.name, done)
            except Exception:
                _log.exception("%s: failed; trying again in %.0f s", duty.name, duty.every_seconds)
            close_old_connections()
            if stop.wait(duty.every_seconds):
                return
    finally:
        connection.close()
