"""How many signed, consented, logged calls a second go through node and gateway on one machine.

16 clients ask a running node (`rongxin serve`, two web processes) for one item, 纳税信息, of firms that have
consented; the node asks the tax bureau's gateway, a process of its own with a SQLite store, and every answer
must carry that firm's own figure. On the way: intent and outcome committed with their journal entries, the
status minted and stapled, the question signed and checked, the evidence committed on both sides.

Floor: 16 clients post a body of a question's size, unsigned, to the same gateway, which refuses it.

Beside it, how long one report waits for all providers together and for the slowest alone (`fan_out.py`).

    rongxin bench call [--clients 16] [--seconds 6] [--rounds 3] [--firms 100000] [--consents 2000]
"""

from __future__ import annotations

import http.client
import os
import socket
import sqlite3
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import yaml

from rongxin.entrypoints.cli import bench
from rongxin.exchange import question as questions
from rongxin.proof.keys import Keyring

REACH_PER_S = 300
REACH_P95_MS = 150
BODY = b"x" * 3500  # about what a question with its consent has

cpu = bench.load(Path(__file__).parent, "_cpu")
report = bench.load(Path(__file__).parent, "report")
fan_out = bench.load(Path(__file__).parent, "fan_out")
DEFAULTS = report.DEFAULTS


def run(arguments: Mapping[str, str]) -> dict[str, object]:
    """Measure, and return the figures with their floor; progress goes to standard error."""
    unknown = set(arguments) - set(DEFAULTS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: this bench knows {', '.join(DEFAULTS)}")
    given = {key: int(arguments.get(key, default)) for key, default in DEFAULTS.items()}
    known = report._stage({"firms": given["firms"], "consents": given["consents"], "facts": 1})
    with psycopg.connect(known["url"], autocommit=True) as admin:
        report._forget_earlier_runs(admin)
    with _gateway(known, TAX) as port, report._served(known) as address:
        rounds = _measure(known, address, port, given)
    report._say("one report of all providers")
    together = fan_out.measure(known)
    calls, bare = rounds["call"], statistics.median(rounds["bare"])
    latencies = sorted(1000 * latency for each in calls for latency in each)
    cuts = statistics.quantiles(latencies, n=100)
    rate = statistics.median(len(each) / given["seconds"] for each in calls)
    return {
        "ratio": round(rate / bare, 4),
        "calls_per_s": round(rate),
        "floor_per_s": round(bare),
        "reached": rate >= REACH_PER_S and cuts[94] <= REACH_P95_MS and together["reached"],
        "reach": {"calls_per_s": REACH_PER_S, "p95_ms": REACH_P95_MS},
        "ms": {"p50": round(cuts[49], 1), "p95": round(cuts[94], 1), "p99": round(cuts[98], 1)},
        "cpu_ms_per_call": {
            part: round(1000 * seconds / sum(map(len, calls)), 2)
            for part, seconds in sorted(rounds["cpu"].items())
        },
        "fan_out": together,
        "calls_per_s_rounds": [round(len(each) / given["seconds"]) for each in calls],
        "floor_per_s_rounds": [round(each) for each in rounds["bare"]],
        "load_average_rounds": [round(load, 1) for load in rounds["load"]],
    }


class Office(NamedTuple):
    """What a gateway serves: one item of one provider, of the firms that the stage asks about."""

    provider: str
    item: str
    value: str  # under which a question of the stage keeps what the provider knows
    sql: str


TAX = Office(
    "tax_bureau",
    "tax_payment",
    "tax",
    "SELECT code AS uscc, value AS vat_paid_cny_12m FROM t WHERE code = :uscc",
)


@contextmanager
def _gateway(known: Mapping[str, Any], served: Office) -> Iterator[int]:
    """Run a provider's gateway, enter it in the node's book of addresses, and say where it listens."""
    from rongxin.entrypoints.demo import gateways

    provider = served.provider
    home, book = Path(known["var"]) / provider, Path(known["var"]) / "gateways"
    for directory in (home / "items", home / "platform", book):
        directory.mkdir(parents=True, exist_ok=True)
    for path in home.glob("*.sqlite*"):
        path.unlink()
    base = sqlite3.connect(home / "store.sqlite")
    with base:
        base.execute("CREATE TABLE t (code TEXT PRIMARY KEY, value TEXT)")
        rows = ((question["uscc"], question[served.value]) for question in known["questions"])
        base.executemany("INSERT INTO t VALUES (?, ?)", rows)
    base.close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    config = {"provider": provider, "listen": f"127.0.0.1:{port}", "source": "sqlite:///store.sqlite"}
    # The clients use the same consents again and again, faster than any consent allows.
    config["limits"] = {"spare_uses": 1_000_000}  # type: ignore[assignment]
    (home / "gateway.yaml").write_text(yaml.safe_dump(config))
    (home / "items" / f"{served.item}.yaml").write_text(yaml.safe_dump({"sql": served.sql}))
    node = Keyring(Path(known["var"]) / "keys", create=True).signing("node")
    (home / "platform" / "node.pub.pem").write_text(node.public.pem())
    office = gateways.Office(provider, home, port)
    gateways._enter(book, office)
    with gateways._process([office]):
        gateways._await(office)
        try:
            yield port
        finally:
            for path in book.glob(f"{provider}*"):
                path.unlink()


def _measure(known: Mapping[str, Any], address: str, port: int, given: Mapping[str, int]) -> dict[str, Any]:
    share = given["clients"] // report.PROCESSES
    clients = [report._Clients(known, address, number, share) for number in range(report.PROCESSES)]
    rounds: dict[str, Any] = {"call": [], "bare": [], "load": [], "cpu": Counter()}
    try:
        for number in range(given["rounds"] + 1):
            before = cpu.used(known["url"])
            kept = report._ask(clients, "call", given["seconds"])
            spent = cpu.used(known["url"])
            spent.subtract(before)
            bare = _bare(port, given)
            report._say(
                f"call: {len(kept) / given['seconds']:,.0f}/s, bare: {bare:,.0f}/s"
                + ("" if number else " (warming up, not counted)")
            )
            if number:
                rounds["call"].append(kept)
                rounds["cpu"].update(spent)
                rounds["bare"].append(bare)
            rounds["load"].append(os.getloadavg()[0])
    finally:
        for client in clients:
            client.stop()
    return rounds


def _bare(port: int, given: Mapping[str, int]) -> float:
    """Count bare posts; the clients are threads of one Python process, which is what limits them."""
    until = time.monotonic() + given["seconds"]
    counts = [0] * given["clients"]

    def work(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while time.monotonic() < until:
            connection.request("POST", questions.PATH, BODY, {"Content-Type": "application/json"})
            connection.getresponse().read()
            counts[number] += 1
        connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(given["clients"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / given["seconds"]
