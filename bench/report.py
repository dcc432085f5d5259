"""How fast credit reports leave through the gate, beside what PostgreSQL alone makes of the same statements.

16 clients ask a running node (`rongxin serve`, two web processes) for the full report as JSON over HTTP,
about firms that have consented, among 100,000 subjects with six to ten stored records each. Every answer must
be 200, of that firm, by its consent. Beside it the public report, which needs none. Providers' gateways are
measured by `rongxin bench call`.

Floor: pgbench with 16 clients on the same tables: intent with its journal entry committed, the read of the
records, outcome with its journal entry committed; one statement each, prepared. Rounds are interleaved.

    rongxin bench report [--clients 16] [--seconds 6] [--rounds 3] [--firms 100000] [--consents 2000]
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

DEFAULTS = {"clients": 16, "seconds": 6, "rounds": 3, "firms": 100_000, "consents": 2_000}
PROCESSES = 2  # of clients
REACH_PER_S = 200
REACH_RATIO = 0.04
WHATS = ("consented", "public", "floor")


def run(arguments: Mapping[str, str]) -> dict[str, object]:
    """Measure, and return the figures with their floor; progress goes to standard error."""
    unknown = set(arguments) - set(DEFAULTS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: this bench knows {', '.join(DEFAULTS)}")
    given = {key: int(arguments.get(key, default)) for key, default in DEFAULTS.items()}
    known = _stage({"firms": given["firms"], "consents": given["consents"], "facts": 1})
    with psycopg.connect(known["url"], autocommit=True) as admin, tempfile.TemporaryDirectory() as folder:
        _forget_earlier_runs(admin)
        with _served(known) as address:
            rounds = _measure(admin, known, address, given, Path(folder) / "floor.sql")
        settings = ["server_version", "fsync", "synchronous_commit", "shared_buffers"]
        server = {name: admin.execute(f"SHOW {name}").fetchone()[0] for name in settings}
    return _figures(rounds, given) | {"server": server}


def _stage(parameters: Mapping[str, int]) -> dict[str, Any]:
    if not os.environ.get("DATABASE_URL"):
        raise RuntimeError("DATABASE_URL is not set: start the database first (`rongxin bench report` does)")
    filler = [
        sys.executable,
        str(Path(__file__).with_name("_stage.py")),
        "bench_report",
        json.dumps(parameters),
    ]
    subprocess.run(filler, check=True)
    known: dict[str, Any] = json.loads(
        (Path(os.environ["RONGXIN_VAR"]) / "bench_report" / "stage.json").read_text()
    )
    return known


def _forget_earlier_runs(admin: psycopg.Connection[Any]) -> None:
    """Empty what earlier runs disclosed, so that every run starts from the same tables."""
    admin.execute("SET session_replication_role = replica")  # the journal refuses it, rightly, in earnest
    admin.execute(
        "TRUNCATE disclosure_outcome, disclosure_intent, disclosure_use, disclosure_reading, journal_entry,"
        " journal_pending, sharing_call, disclosure_kept, disclosure_deferred,"
        " disclosure_scored"
    )
    admin.execute("SET session_replication_role = origin")


@contextmanager
def _served(known: Mapping[str, Any]) -> Iterator[str]:
    """Run the node's web server on the stage and give its address."""
    addresses = Path(known["var"]) / "demo" / "addresses.json"
    addresses.unlink(missing_ok=True)
    environment = os.environ | {
        "DATABASE_URL": known["url"],
        "RONGXIN_VAR": known["var"],
        "RONGXIN_MODE": "demo",  # a test node opens a connection for every request
        "RONGXIN_GATEWAYS": str(Path(known["var"]) / "gateways"),
    }
    command = [sys.executable, "-m", "rongxin", "serve", "--without-worker", "--port", "0", "--workers", "2"]
    server = subprocess.Popen(command, env=environment, stdout=sys.stderr)
    try:
        deadline = time.monotonic() + 60
        while not addresses.exists():
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start ({server.poll()}); its error is above")
            time.sleep(0.1)
        address: str = json.loads(addresses.read_text())["api"]
        _await(urlsplit(address).netloc, deadline)  # it is written just before the web processes are born
        yield address
    finally:
        server.terminate()
        server.wait(60)


def _await(place: str, deadline: float) -> None:
    host, port = place.split(":")
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection((host, int(port)), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"nobody listens at {place}; the server's error is above")


class _Clients:
    """A process of several clients (`_clients.py`), ordered about by lines on its standard input."""

    def __init__(self, known: Mapping[str, Any], address: str, number: int, threads: int) -> None:
        stage = str(Path(known["var"]) / "stage.json")
        self.process = subprocess.Popen(
            [
                sys.executable,
                str(Path(__file__).with_name("_clients.py")),
                stage,
                address,
                str(number),
                str(threads),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def order(self, what: str, start: float, seconds: int) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what} {start} {seconds}\n")
        self.process.stdin.flush()

    def answer(self) -> list[float]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the clients ended with {self.process.wait()}; their error is above")
        latencies: list[float] = json.loads(line)
        return latencies

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(60)


def _measure(
    admin: psycopg.Connection[Any],
    known: Mapping[str, Any],
    address: str,
    given: Mapping[str, int],
    script: Path,
) -> dict[str, list[Any]]:
    clients = [_Clients(known, address, n, given["clients"] // PROCESSES) for n in range(PROCESSES)]
    rounds: dict[str, list[Any]] = {what: [] for what in (*WHATS, "load")}
    try:
        for number in range(given["rounds"] + 1):
            for what in WHATS:
                if what == "floor":
                    if not script.exists():
                        script.write_text(_floor_script(admin, known))
                    rate: float = _floor(known["url"], script, given)
                    kept: Any = rate
                else:
                    kept = _ask(clients, what, given["seconds"])
                    rate = len(kept) / given["seconds"]
                _say(f"{what}: {rate:,.0f}/s" + ("" if number else " (warming up, not counted)"))
                if number:
                    rounds[what].append(kept)
            rounds["load"].append(os.getloadavg()[0])
    finally:
        for client in clients:
            client.stop()
    return rounds


def _ask(clients: list[_Clients], what: str, seconds: int) -> list[float]:
    start = time.monotonic() + 0.2
    for client in clients:
        client.order(what, start, seconds)
    return [latency for client in clients for latency in client.answer()]


def _figures(rounds: Mapping[str, list[Any]], given: Mapping[str, int]) -> dict[str, object]:
    consented, public = (_of_reports(rounds[what], given["seconds"]) for what in ("consented", "public"))
    floor = statistics.median(rounds["floor"])
    ratio = consented["reports_per_s"] / floor
    return {
        "ratio": round(ratio, 4),
        "reports_per_s": consented["reports_per_s"],
        "floor_per_s": round(floor),
        "reached": consented["reports_per_s"] >= REACH_PER_S and ratio >= REACH_RATIO,
        "reach": {"reports_per_s": REACH_PER_S, "ratio": REACH_RATIO},
        "clients": given["clients"],
        "consented": consented,
        "public": public | {"ratio": round(public["reports_per_s"] / floor, 4)},
        "floor_per_s_rounds": [round(rate) for rate in rounds["floor"]],
        "load_average_rounds": [round(load, 1) for load in rounds["load"]],
    }


def _of_reports(rounds: list[list[float]], seconds: int) -> dict[str, Any]:
    latencies = sorted(1000 * latency for each in rounds for latency in each)
    cuts = statistics.quantiles(latencies, n=100)
    return {
        "reports_per_s": round(statistics.median(len(each) / seconds for each in rounds)),
        "reports_per_s_rounds": [round(len(each) / seconds) for each in rounds],
        "ms": {"p50": round(cuts[49], 1), "p95": round(cuts[94], 1), "p99": round(cuts[98], 1)},
    }


# --- the floor ---

# One statement writes the intent or outcome together with its entry; the entry's columns are those that the
# platform wrote, with a new id, time and subject.
_APPENDED = """
WITH ids AS (SELECT {intent} AS intent, {entry} AS entry),
made AS (SELECT intent, entry, replace({{{kind}}}, '{{{kind}_id}}', entry::text) AS body FROM ids),
e AS (
    INSERT INTO journal_entry (id, body, kind, actor_kind, actor, party, at, subject, institution, consent)
    SELECT entry, body, 'disclosure.{kind}', 'account', '1', 'institution' || chr(58) || 'bench_bank', now(),
           ({{first}} + :k::bigint * {{step}})::text, 'bench_bank', {consent} FROM made
),
p AS (INSERT INTO journal_pending (entry, hash) SELECT entry, sha256(body::bytea) FROM made)
"""
_INTENT_INSERTED = """
INSERT INTO disclosure_intent (id, recipient_kind, recipient, person, branch, subject_id, purpose, reference,
    "case", consent, items, asked_at, entry)
SELECT intent, 'institution', 'bench_bank', 'clerk-7', '', {first} + :k::bigint * {step}, 'pre_loan_review',
    'DK-2026-0001', intent, intent, {items}::jsonb, now(), entry FROM made;
"""
_READ = """
SELECT id, item, item_version, payload::text, provider, batch_id, line, observed_on, received_at
FROM records_record
WHERE subject_id = {first} + :k::bigint * {step} AND item = ANY('{{{stored}}}') AND filed_at <= now()
  AND (ended_at IS NULL OR ended_at > now())
ORDER BY observed_on DESC NULLS LAST, id DESC;
"""
_OUTCOME_INSERTED = """
INSERT INTO disclosure_outcome (intent_id, released, reason, digest, summary, decided_at, entry)
SELECT intent, true, '', encode(sha256(body::bytea), 'hex'), {summary}::jsonb, now(), entry FROM made;
"""
_INTENT = "('00000000-0000-4000-8000-' || lpad(to_hex(:n::bigint), 12, '0'))::uuid"
# Like the platform's, ids of entries grow with time.
_ENTRY = (
    "(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')"
    " || '70008000' || lpad(to_hex(:m::bigint), 12, '0'))::uuid"
)
_SCRIPT = (
    """\\set n random(1, 281474976710655)
\\set m random(1, 281474976710655)
\\set k random(0, {last})"""
    + _APPENDED.format(intent=_INTENT, entry=_ENTRY, kind="intended", consent="intent::text")
    + _INTENT_INSERTED
    + _READ
    + _APPENDED.format(intent=_INTENT, entry=_ENTRY, kind="released", consent="NULL")
    + _OUTCOME_INSERTED
)


def _floor_script(admin: psycopg.Connection[Any], known: Mapping[str, Any]) -> str:
    """Make pgbench's script out of what the platform itself has just written."""
    row = admin.execute(
        """
        SELECT asked.id, asked.body, left_.id, left_.body, intent.items::text, outcome.summary::text
        FROM disclosure_intent intent
        JOIN disclosure_outcome outcome ON outcome.intent_id = intent.id
        JOIN journal_entry asked ON asked.id = intent.entry
        JOIN journal_entry left_ ON left_.id = outcome.entry
        WHERE intent.consent IS NOT NULL AND outcome.released LIMIT 1
        """
    ).fetchone()
    if row is None:
        raise RuntimeError("no consented report was answered while warming up: give it more --seconds")
    intended_id, intended, released_id, released, items, summary = row
    stored = admin.execute("SELECT DISTINCT item FROM sharing_batch ORDER BY item").fetchall()
    subjects = sorted(question["subject"] for question in known["questions"])
    return _SCRIPT.format(
        intended=_literal(intended),
        intended_id=intended_id,
        released=_literal(released),
        released_id=released_id,
        items=_literal(items),
        summary=_literal(summary),
        stored=",".join(item for (item,) in stored),
        first=subjects[0],
        step=subjects[1] - subjects[0],
        last=len(subjects) - 1,
    )


def _literal(text: str) -> str:
    """Write a text so that pgbench sees no `:name` in it."""
    return f"convert_from(decode('{base64.b64encode(text.encode()).decode()}', 'base64'), 'UTF8')"


def _floor(url: str, script: Path, given: Mapping[str, int]) -> float:
    from rongxin.postgres import binaries

    program = binaries.find().program("pgbench")
    if not Path(program).exists():
        raise RuntimeError(f"{program} is missing: install a PostgreSQL that brings pgbench")
    command = [program, "-n", "-M", "prepared", "-c", str(given["clients"]), "-j", "2"]
    command += ["-T", str(given["seconds"]), "-f", str(script), url]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in answer.stdout.splitlines():
        if line.startswith("tps = "):
            return float(line.split()[2])
    raise RuntimeError(f"pgbench: {answer.stderr.strip()[-2000:]}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201
