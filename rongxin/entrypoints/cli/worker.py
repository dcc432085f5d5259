"""`rongxin worker`: what a node does unasked: keep the journal current, end what is over, run jobs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from rongxin.entrypoints.cli import node
from rongxin.outpost import parent
from rongxin.vocabulary.zone import BUSINESS_ZONE

CHECKPOINT_SECONDS = 5.0
STOP_PATIENCE_SECONDS = 30.0
LOOK_SECONDS = 0.2
ROUNDS = 3  # threads that share the short duties, each with its own connection
FETCHERS = 4  # of deferred requests, each waiting for its slowest provider
ERRANDS = 2  # at the same time: the withdrawal of a large batch keeps no single row waiting
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Duty:
    """Something done again and again; `act` says how many things it did.

    A `long` one may take minutes and has a thread of its own; the others share a few.
    """

    name: str
    every_seconds: float
    act: Callable[[datetime], int]
    long: bool = False


class Rota:
    """Whose turn it is: the duties that nobody is at, by when they are due; all at once at first."""

    def __init__(self, duties: Sequence[Duty]) -> None:
        self._lock = threading.Lock()
        self._waiting = [(0.0, duty) for duty in duties]

    def take(self) -> Duty | None:
        """Take the duty that has been due the longest; None where none is."""
        with self._lock:
            first = min(self._waiting, key=lambda one: one[0], default=None)
            if first is None or first[0] > time.monotonic():
                return None
            self._waiting.remove(first)
            return first[1]

    def put_back(self, duty: Duty) -> None:
        with self._lock:
            self._waiting.append((time.monotonic() + duty.every_seconds, duty))


def _end_due(now: datetime) -> int:
    from rongxin.consent import grants

    return grants.expire_due(as_of=now) + grants.lapse_due(as_of=now)


def _sweep(now: datetime) -> int:
    from django.conf import settings

    from rongxin.scratch import folders

    return folders.sweep(Path(settings.RONGXIN_VAR), now=now.timestamp())


def duties() -> list[Duty]:
    """The duties besides the journal, which has a loop of its own, and the queue of jobs."""
    from rongxin.consent import grants
    from rongxin.consent.deletion import duties as deletion
    from rongxin.consent.redirection import pushed
    from rongxin.delivery.push import upkeep
    from rongxin.delivery.webhooks import courier
    from rongxin.disclosure import deferred, kept, recipients, usage
    from rongxin.evaluation import pruning, touching
    from rongxin.evaluation.monitoring import reports
    from rongxin.financing.applying import worklist
    from rongxin.governance import alarms
    from rongxin.governance.watching import incidents, patrol
    from rongxin.parties import access_tokens, idempotency
    from rongxin.records import publication
    from rongxin.rights import corrections, objections, repairs, window_decisions
    from rongxin.sharing.bulk import refresh

    return [
        Duty("consents that are over", 60, _end_due),
        Duty("consents of deregistered firms", 10, lambda now: grants.follow_deregistrations(as_of=now)),
        Duty("deletion owed for ended consents", 10, lambda now: recipients.follow(as_of=now)),
        Duty("deletion receipts that are due", 600, lambda now: deletion.follow(as_of=now)),
        Duty("alarms", 10, lambda now: alarms.follow(as_of=now)),
        Duty("answers kept by consents that ended", 10, lambda now: kept.follow_consents(as_of=now)),
        Duty("answers kept to their last day", 600, lambda now: kept.delete_due(as_of=now)),
        Duty("deferred requests of ended consents", 5, lambda now: deferred.follow_consents(as_of=now)),
        Duty("deferred requests whose time is over", 30, lambda now: deferred.sweep(as_of=now)),
        Duty("publications that are over", 600, lambda now: publication.end_due(as_of=now)),
        Duty("corrections owed to past recipients", 5, lambda now: corrections.follow(as_of=now)),
        Duty("corrections past their day", 600, lambda now: corrections.note_overdue(as_of=now)),
        Duty("repairs to be forwarded", 10, lambda now: repairs.forward_waiting(as_of=now), long=True),
        Duty("decisions on repairs", 30, lambda now: window_decisions.fetch(as_of=now), long=True),
        Duty("repairs without an answer", 3600, lambda now: repairs.note_silence(as_of=now)),
        Duty("clocks of objections", 600, lambda now: objections.watch(as_of=now)),
        Duty("clocks and drafts of applications", 600, lambda now: worklist.tend(as_of=now)),
        Duty("misuse of queries", 10, lambda now: patrol.walk(window=False, as_of=now)),
        Duty("misuse in the long run", 900, lambda now: patrol.walk(window=True, as_of=now)),
        Duty("incidents past their deadline", 600, lambda now: incidents.mark_overdue(as_of=now)),
        Duty("use of providers' information", 900, lambda now: usage.settle(as_of=now), long=True),
        Duty("numbers of proofs that are over", 600, lambda now: access_tokens.forget(as_of=now)),
        Duty("pushed requests that are over", 3600, lambda now: pushed.forget(as_of=now)),
        Duty("idempotency keys that are over", 600, lambda now: idempotency.forget(as_of=now)),
        Duty("webhook messages whose term is over", 3600, lambda now: courier.prune(as_of=now)),
        Duty("items kept by agreement", 20, lambda now: len(refresh.once(as_of=now)), long=True),
        Duty("agreements that are over", 60, lambda now: refresh.sweep(as_of=now)),
        Duty("pushes that are due", 10, lambda now: upkeep.make_due(as_of=now), long=True),
        Duty("scores of subjects that news touched", 10, lambda now: touching.follow(as_of=now), long=True),
        Duty("scores of days that are over", 3600, lambda now: pruning.prune(as_of=now), long=True),
        Duty("the month's model report", 3600, lambda now: reports.make_due(as_of=now), long=True),
        *_of_batches(),
        *_of_connections(),
        *_of_files(),
    ]


def _of_batches() -> list[Duty]:
    from rongxin.sharing import errands
    from rongxin.sharing.aggregation import batches
    from rongxin.sharing.batch_endings import proposals
    from rongxin.sharing.schedule import lateness

    return [
        Duty("batches interrupted", 30, lambda now: len(batches.resume_unfinished(as_of=now)), long=True),
        Duty("proposals for batches that are over", 60, lambda now: proposals.lapse(as_of=now)),
        Duty("reminders of late batches", 600, lambda now: lateness.remind(as_of=now)),
        Duty("answers that nobody fetched", 600, lambda now: errands.sweep(as_of=now)),
    ]


def _of_connections() -> list[Duty]:
    from rongxin.governance.conditions import fulfilment
    from rongxin.governance.onboarding import applications
    from rongxin.parties import certificate_watch

    return [
        Duty("reminders of renewals", 3600, lambda now: applications.remind(as_of=now)),
        Duty("conditions of approvals", 3600, lambda now: fulfilment.tend(as_of=now)),
        Duty("certificates of institutions", 300, lambda now: certificate_watch.tend(as_of=now)),
    ]


def _of_files() -> list[Duty]:
    from rongxin.governance.onboarding import applications, documents
    from rongxin.parties import kept_files
    from rongxin.records import lake_keeping

    return [
        Duty("documents of applications that are over", 3600, lambda now: documents.prune(as_of=now)),
        Duty("files of forms that nobody handed in again", 60, lambda now: kept_files.prune(as_of=now)),
        Duty("applications that were declined long ago", 3600, lambda now: applications.forget(as_of=now)),
        Duty("clear text of killed processes", 300, _sweep),
        Duty("files of the lake", 30, lambda now: len(lake_keeping.catch_up(as_of=now)), long=True),
        Duty("worn files of the lake", 900, lambda now: len(lake_keeping.compact(as_of=now)), long=True),
    ]


@click.command()
@click.option(
    "--jobs", type=click.IntRange(1, 32), default=2, show_default=True, help="Jobs at the same time."
)
def command(jobs: int) -> None:
    """Work in the background until Ctrl-C."""
    parent.end_with_starter()
    with node.running():
        node.open_providers()
        work(jobs)


def work(jobs: int) -> None:
    """Run the duties in threads and the queue here, until a signal ends the queue; then end the threads."""
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.django_connector import DjangoConnector

    from rongxin.delivery.webhooks import courier
    from rongxin.disclosure import deferred
    from rongxin.journal import runner
    from rongxin.sharing import errands

    stop = threading.Event()
    loops = [threading.Thread(target=runner.run, args=(CHECKPOINT_SECONDS, stop), name="journal")]
    everything = duties()
    rotas = [Rota([duty]) for duty in everything if duty.long]
    rotas += [Rota([duty for duty in everything if not duty.long])] * ROUNDS
    loops += [threading.Thread(target=work_off, args=(rota, stop), name="duties") for rota in rotas]
    loops += [threading.Thread(target=errands.run, args=(stop,), name="errands") for _ in range(ERRANDS)]
    loops += [threading.Thread(target=deferred.run, args=(stop,), name="deferred") for _ in range(FETCHERS)]
    loops += [threading.Thread(target=courier.run, args=(stop,), name="webhooks")]
    for loop in loops:
        loop.start()
    _log.info("duties: %s", "; ".join(duty.name for duty in everything))
    node.say(f"后台就绪 worker ready: {len(everything)} 项值守 duties")
    try:
        assert isinstance(app.connector, DjangoConnector)
        with app.replace_connector(app.connector.get_worker_connector()):
            app.run_worker(concurrency=jobs, shutdown_graceful_timeout=STOP_PATIENCE_SECONDS)
    finally:
        stop.set()
        for loop in loops:
            loop.join(STOP_PATIENCE_SECONDS)


def work_off(rota: Rota, stop: threading.Event) -> None:
    """Do what is due, one duty after the other, until `stop` is set."""
    from django.db import close_old_connections, connection

    try:
        while not stop.is_set():
            duty = rota.take()
            if duty is None:
                stop.wait(LOOK_SECONDS)
                continue
            _do(duty)
            rota.put_back(duty)
            close_old_connections()
    finally:
        connection.close()


def _do(duty: Duty) -> None:
    """Do a duty once; a failure is logged and the duty tried again in its turn."""
    try:
        done = duty.act(datetime.now(BUSINESS_ZONE))
        if done:
            _log.info("%s: %d", duty.name, done)
    except Exception:
        _log.exception("%s: failed; trying again in %.0f s", duty.name, duty.every_seconds)
