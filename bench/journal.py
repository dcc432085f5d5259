"""How fast the journal takes entries and how fast it verifies them (promise P6).

`rongxin bench journal [--writers 16 --processes 2 --seconds 2 --rounds 4 --entries 300000]`. Floors come
from the same clients in the same run, turn by turn, so that what else the machine does falls on both: for
appending, a plain committed insert of a row as long; for verifying, a plain read of the same bodies.
Appending includes the sequencer, which works beside the writers as in a running node.

Works in a database of its own, `bench_journal`, on the server of DATABASE_URL, and drops it at the end.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psycopg

DATABASE = "bench_journal"
DEFAULTS = {"writers": 16, "processes": 2, "seconds": 2, "rounds": 4, "entries": 300_000}
REACH_APPENDS = 2_500
REACH_VERIFIED = 100_000


def run(arguments: Mapping[str, str]) -> dict[str, object]:
    """Measure, and return the figures with their floors; progress goes to standard error."""
    unknown = set(arguments) - set(DEFAULTS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: this bench knows {', '.join(DEFAULTS)}")
    given = {key: int(arguments.get(key, default)) for key, default in DEFAULTS.items()}
    with _database() as url, psycopg.connect(url, autocommit=True) as admin:
        admin.execute("CREATE TABLE bench_plain (id uuid PRIMARY KEY, body text NOT NULL)")
        appending = _measure_appending(url, admin, given)
        _fill(url, given["entries"])
        verifying = _measure_verifying(url, admin, given)
        names = ["fsync", "synchronous_commit", "full_page_writes", "server_version"]
        server = {name: admin.execute(f"SHOW {name}").fetchone()[0] for name in names}
    return {
        "bench": "journal",
        "ratio": appending["ratio"],
        "append": appending,
        "verify": verifying,
        "server": server,
        "reached": appending["appends_per_s"] >= REACH_APPENDS
        and verifying["entries_per_s"] >= REACH_VERIFIED,
    }


@contextmanager
def _database() -> Iterator[str]:
    """A fresh database of our own with the journal's tables; gone afterwards."""
    base = os.environ.get("DATABASE_URL", "")
    if not base:
        raise RuntimeError("DATABASE_URL is not set: start the database first (`rongxin bench journal` does)")
    parts = urlsplit(base)  # urlunsplit would drop the // of an address without a host
    url = f"{parts.scheme}://{parts.netloc}/{DATABASE}?{parts.query}"
    with psycopg.connect(base, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        admin.execute(f"CREATE DATABASE {DATABASE}")
        try:
            _say("creating tables")
            command = [sys.executable, "-m", "django", "migrate", "journal", "--verbosity", "0"]
            subprocess.run(command, env=_environment(url), check=True)
            yield url
        finally:
            admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")


def _environment(url: str) -> dict[str, str]:
    settings = os.environ.get("DJANGO_SETTINGS_MODULE", "rongxin.site.settings")
    return os.environ | {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": settings,
        "RONGXIN_WEB_THREADS": "64",
    }


@dataclass
class _Child:
    """This file run as another process that takes orders on standard input, one a line, and answers each."""

    process: subprocess.Popen[str]

    @classmethod
    def start(cls, url: str, *role: str) -> _Child:
        process = subprocess.Popen(
            [sys.executable, __file__, *role],
            env=_environment(url),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        child = cls(process)
        child.answer()  # ready
        return child

    def order(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"a bench process ended with {self.process.wait()}; its error is above")
        return json.loads(line)

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)


def _measure_appending(url: str, admin: psycopg.Connection[Any], given: Mapping[str, int]) -> dict[str, Any]:
    threads = given["writers"] // given["processes"]
    writers = [_Child.start(url, "writer", str(threads)) for _ in range(given["processes"])]
    sequencer = _Child.start(url, "sequencer")
    rates: dict[str, list[float]] = {"plain": [], "append": []}
    for number in range(given["rounds"] + 1):
        for what in ("plain", "append"):
            start = time.monotonic() + 0.1
            for writer in writers:
                writer.order(f"{what} {start} {given['seconds']}")
            rate = sum(writer.answer() for writer in writers) / given["seconds"]
            _say(f"{what}: {rate:,.0f}/s" + ("" if number else " (warming up, not counted)"))
            if number:
                rates[what].append(rate)
            _until_integrated(admin)
    for child in (*writers, sequencer):
        child.stop()
    appends, plain = statistics.median(rates["append"]), statistics.median(rates["plain"])
    return {
        "writers": threads * given["processes"],
        "appends_per_s": round(appends),
        "appends_per_s_rounds": [round(rate) for rate in rates["append"]],
        "floor_inserts_per_s": round(plain),
        "floor_inserts_per_s_rounds": [round(rate) for rate in rates["plain"]],
        "ratio": round(appends / plain, 3),
        "reach": REACH_APPENDS,
    }


def _until_integrated(admin: psycopg.Connection[Any]) -> None:
    while admin.execute("SELECT EXISTS (SELECT FROM journal_pending)").fetchone()[0]:
        time.sleep(0.1)


def _fill(url: str, entries: int) -> None:
    _say(f"filling up to {entries:,} entries")
    child = _Child.start(url, "filler")
    child.order(str(entries))
    child.answer()
    child.stop()


def _measure_verifying(url: str, admin: psycopg.Connection[Any], given: Mapping[str, int]) -> dict[str, Any]:
    admin.execute("VACUUM ANALYZE journal_entry")
    admin.execute("VACUUM ANALYZE journal_leaf")
    child = _Child.start(url, "verifier")
    rates: dict[str, list[float]] = {"read": [], "verify": []}
    for number in range(given["rounds"] + 1):
        for what, unit in (("read", "rows"), ("verify", "entries")):
            child.order(what)
            rate = child.answer()
            _say(f"{what}: {rate:,.0f} {unit}/s" + ("" if number else " (warming up, not counted)"))
            if number:
                rates[what].append(rate)
    child.stop()
    verified, read = statistics.median(rates["verify"]), statistics.median(rates["read"])
    return {
        "entries": given["entries"],
        "entries_per_s": round(verified),
        "entries_per_s_rounds": [round(rate) for rate in rates["verify"]],
        "floor_rows_per_s": round(read),
        "floor_rows_per_s_rounds": [round(rate) for rate in rates["read"]],
        "ratio": round(verified / read, 3),
        "reach": REACH_VERIFIED,
    }


# --- what the child processes do ---


def _child(role: str, *arguments: str) -> None:
    import django

    django.setup()
    {"writer": _writer, "sequencer": _sequencer, "filler": _filler, "verifier": _verifier}[role](*arguments)


def _orders(handle: Callable[[str], object]) -> None:
    _answer("ready")
    for line in sys.stdin:
        _answer(handle(line.strip()))


def _writer(threads: str) -> None:
    """Write from many threads at once, each with a connection of its own."""

    def handle(order: str) -> int:
        what, start, seconds = order.split()
        counts = [0] * int(threads)
        act = _append if what == "append" else _plain

        def work(number: int) -> None:
            subject = number
            time.sleep(max(0.0, float(start) - time.monotonic()))
            until = float(start) + float(seconds)
            while time.monotonic() < until:
                subject += 1
                act(subject)
                counts[number] += 1
            connection.close()

        workers = [threading.Thread(target=work, args=(number,)) for number in range(int(threads))]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return sum(counts)

    from django.db import connection

    _orders(handle)


def _append(subject: int) -> str:
    from datetime import UTC, datetime

    from rongxin.journal import entries
    from rongxin.journal.rules import Kind
    from rongxin.vocabulary.actor import Actor, ActorKind

    return entries.append(
        Kind.DISCLOSURE_RELEASED,
        actor=Actor(ActorKind.API_CLIENT, "client_7", "institution:bank_a"),
        refs={"subject": subject, "institution": "bank_a", "consent": f"consent-{subject}", "case": 77},
        commitments={"request": f"{subject:064x}", "response": f"{subject + 1:064x}"},
        as_of=datetime.now(UTC),
    ).body


_BODY = "x" * 420  # the length of the body above


def _plain(subject: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_plain (id, body) VALUES (%s, %s)", [uuid.uuid4(), _BODY])


def _sequencer() -> None:
    from rongxin.journal import runner

    stop = threading.Event()
    loop = threading.Thread(target=runner.run, args=(10, stop))
    loop.start()
    _orders(lambda order: None)
    stop.set()
    loop.join()


def _filler() -> None:
    from datetime import UTC, datetime

    from rongxin.journal import checkpoints, entries, sequencer, tree
    from rongxin.journal.rules import Kind
    from rongxin.vocabulary.actor import Actor, ActorKind

    actor = Actor(ActorKind.API_CLIENT, "client_7", "institution:bank_a")

    def draft(subject: int) -> entries.Draft:
        return entries.Draft(
            kind=Kind.DISCLOSURE_RELEASED,
            refs={"subject": subject, "institution": "bank_a", "consent": f"consent-{subject}", "case": 77},
            commitments={"request": f"{subject:064x}", "response": f"{subject + 1:064x}"},
        )

    def handle(order: str) -> int:
        while (missing := int(order) - tree.size()) > 0:
            now = datetime.now(UTC)
            entries.append_all((draft(n) for n in range(min(missing, 5_000))), actor=actor, as_of=now)
            sequencer.integrate()
            checkpoints.sign(as_of=now)
        return tree.size()

    _orders(handle)


def _verifier() -> None:
    from django.db import connection

    from rongxin.journal import verification

    def read() -> int:
        rows = 0
        with (
            connection.cursor() as cursor,
            cursor.copy("COPY (SELECT id, body FROM journal_entry) TO STDOUT") as copy,
        ):
            for _ in copy:
                rows += 1
        return rows

    def verify() -> int:
        outcome = verification.verify()
        assert outcome.ok, outcome.document()
        return outcome.size

    def handle(order: str) -> float:
        start = time.monotonic()
        count = (read if order == "read" else verify)()
        return count / (time.monotonic() - start)

    _orders(handle)


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _answer(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if len(sys.argv) > 1 and "=" not in sys.argv[1]:
        _child(*sys.argv[1:])
    else:
        _answer(run(dict(argument.split("=", 1) for argument in sys.argv[1:])))
