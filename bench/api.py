"""What an institution's API costs, each part beside its floor; the last line is one JSON object.

16 clients ask a running node (two web processes): for tokens (`private_key_jwt`, DPoP), for full reports by
consent and public ones, for verifications that a department's gateway answers. Beside them, in turn: the
node's cheapest answer (`/livez`) by the same clients, a report's statements by pgbench, bare posts to the
gateway. Push and webhooks are the benches of those names, made shorter.

    rongxin bench api [--clients 16] [--seconds 4] [--rounds 2] [--firms 20000] [--consents 1000]
                      [--push-firms 20000] [--messages 1000]
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg

from rongxin.entrypoints.cli import bench

DEFAULTS = {
    "clients": 16,
    "seconds": 4,
    "rounds": 2,
    "firms": 20_000,
    "consents": 1_000,
    "push_firms": 20_000,
    "messages": 1_000,
}
HERE = Path(__file__).parent
report, call = bench.load(HERE, "report"), bench.load(HERE, "call")
REAL_ESTATE = call.Office(
    "natural_resources_bureau",
    "real_estate",
    "estate",
    "SELECT code AS right_holder_identifier, value AS real_estate_certificate_number FROM t"
    " WHERE code = :uscc",
)


def run(arguments: Mapping[str, str]) -> dict[str, object]:
    """Measure, and return the figures with their floors; progress goes to standard error."""
    unknown = set(arguments) - set(DEFAULTS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: this bench knows {', '.join(DEFAULTS)}")
    given = {key: int(arguments.get(key, default)) for key, default in DEFAULTS.items()}
    known = report._stage({"firms": given["firms"], "consents": given["consents"], "facts": 1})
    with psycopg.connect(known["url"], autocommit=True) as admin, tempfile.TemporaryDirectory() as folder:
        report._forget_earlier_runs(admin)
        with call._gateway(known, REAL_ESTATE) as port, report._served(known) as address:
            rounds = _measure(admin, known, address, port, given, Path(folder) / "floor.sql")
    return _figures(rounds, given) | _shorter(given)


def _shorter(given: Mapping[str, int]) -> dict[str, object]:
    """Return the figures of push and webhooks."""
    report._say("push")
    pushed = bench.load(HERE, "push").run({"firms": str(given["push_firms"]), "rounds": "2"})
    report._say("webhooks")
    told = bench.load(HERE, "webhooks").run({"messages": str(given["messages"]), "events": "60"})
    return {
        "push": pushed,
        "webhooks": {**told["rate"], "delay": told["delay"]},
        "reached": {**pushed["reached"], "first_attempt": told["reached"]},
    }


def _measure(
    admin: psycopg.Connection[Any],
    known: Mapping[str, Any],
    address: str,
    port: int,
    given: Mapping[str, int],
    script: Path,
) -> dict[str, list[Any]]:
    """Ask in turn, so that what else the machine does meets all alike; the first round only warms up."""
    asking = [
        report._Clients(known, address, number, given["clients"] // report.PROCESSES)
        for number in range(report.PROCESSES)
    ]
    rounds: dict[str, list[Any]] = {}
    try:
        for number in range(given["rounds"] + 1):
            kept: dict[str, Any] = {
                what: report._ask(asking, what, given["seconds"])
                for what in ("bare", "token", "consented", "public", "verify")
            }
            if not script.exists():
                script.write_text(report._floor_script(admin, known))
            kept["statements"] = report._floor(known["url"], script, given)
            kept["posts"] = call._bare(port, given)
            kept["load"] = os.getloadavg()[0]
            report._say(f"round {number}" + ("" if number else " (warming up, not counted)"))
            for what, found in kept.items() if number else ():
                rounds.setdefault(what, []).append(found)
    finally:
        for client in asking:
            client.stop()
    return rounds


def _figures(rounds: Mapping[str, list[Any]], given: Mapping[str, int]) -> dict[str, object]:
    bare = statistics.median(len(each) / given["seconds"] for each in rounds["bare"])
    statements, posts = statistics.median(rounds["statements"]), statistics.median(rounds["posts"])
    token = _of("tokens_per_s", rounds["token"], given, bare)
    return {
        "ratio": token["ratio"],
        "token": token,
        "report": _of("reports_per_s", rounds["consented"], given, statements),
        "public_report": _of("reports_per_s", rounds["public"], given, statements),
        "verify": _of("verifications_per_s", rounds["verify"], given, posts),
        "load_average_rounds": [round(load, 1) for load in rounds["load"]],
    }


def _of(name: str, rounds: list[list[float]], given: Mapping[str, int], floor: float) -> dict[str, Any]:
    latencies = sorted(1000 * latency for each in rounds for latency in each)
    cuts = statistics.quantiles(latencies, n=100)
    rate = statistics.median(len(each) / given["seconds"] for each in rounds)
    return {
        "ratio": round(rate / floor, 4),
        name: round(rate, 1),
        "floor_per_s": round(floor, 1),
        "ms": {"p50": round(cuts[49], 1), "p95": round(cuts[94], 1), "p99": round(cuts[98], 1)},
    }
