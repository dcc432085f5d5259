"""What a decision costs beyond the look-up that nobody can save, and whether it stays so as consents grow.

A decision here: look at the consent fresh (its terms, where it stands, how often it was used), ask whether it
covers one item (纳税信息) for a request, and take the verdict on every field of the item. Floor: reading the
consent's row by its primary key on the same connection. Three databases hold 10,000, 100,000 and 1,000,000
live consents, 2,000 of them real (signed and sealed, spread over the table), the others of the same size;
look-ups are drawn from the real ones. Rounds are interleaved: floor and decision, small table and large. The
row is read and its seal checked every time; what its text says is parsed once and kept, as in a web process,
where a report looks at the same consent twice.

    rongxin bench decision [--rounds 12] [--times 400]
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DEFAULTS = {"rounds": 12, "times": 400, "real": 2_000, "firms": 20_000, "largest": 1_000_000}
REACH_BEYOND_MS = 0.1
# "Flat" leaves room for one more level of the index and for a shared machine.
REACH_GROWTH = 1.25


def run(arguments: Mapping[str, str]) -> dict[str, object]:
    """Measure, and return the figures with their floor; progress goes to standard error."""
    unknown = set(arguments) - set(DEFAULTS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: this bench knows {', '.join(DEFAULTS)}")
    given = {key: int(arguments.get(key, default)) for key, default in DEFAULTS.items()}
    if not os.environ.get("DATABASE_URL"):
        raise RuntimeError(
            "DATABASE_URL is not set: start the database first (`rongxin bench decision` does)"
        )
    sizes = [given["largest"] // share for share in (100, 10, 1)]
    deciders = {size: _Decider(_stage(size, given)) for size in sizes}
    loads = []
    try:
        for number in range(given["rounds"] + 1):
            loads.append(os.getloadavg()[0])
            for what in ("lookup", "decision"):
                for decider in deciders.values():
                    decider.measure(what, given["times"], keep=number > 0)
            _say(f"round {number} of {given['rounds']}" + ("" if number else " (warming up, not counted)"))
    finally:
        for decider in deciders.values():
            decider.stop()
    return _figures(deciders, loads)


def _stage(size: int, given: Mapping[str, int]) -> dict[str, Any]:
    name = f"bench_decision_{size}"
    real = given["real"]
    parameters = {"firms": given["firms"], "consents": real, "fillers": size - real}
    filler = [sys.executable, str(Path(__file__).with_name("_stage.py")), name, json.dumps(parameters)]
    subprocess.run(filler, check=True)
    known: dict[str, Any] = json.loads((Path(os.environ["RONGXIN_VAR"]) / name / "stage.json").read_text())
    return known


class _Decider:
    """This file run as a process on one of the databases, ordered about by lines on its standard input."""

    def __init__(self, known: Mapping[str, Any]) -> None:
        environment = os.environ | {
            "DATABASE_URL": known["url"],
            "RONGXIN_VAR": known["var"],
            "RONGXIN_MODE": "demo",
        }
        environment.setdefault("DJANGO_SETTINGS_MODULE", "rongxin.site.settings")
        self.process = subprocess.Popen(
            [sys.executable, __file__, "decider", f"{known['var']}/stage.json"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.seconds: dict[str, list[float]] = {"lookup": [], "decision": []}

    def measure(self, what: str, times: int, *, keep: bool) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{what} {times}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process ended with {self.process.wait()}; its error is above")
        if keep:
            self.seconds[what] += json.loads(line)

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(60)

    def figures(self) -> dict[str, Any]:
        lookup, decision = (_percentiles(self.seconds[what]) for what in ("lookup", "decision"))
        return {
            "lookup_ms": lookup,
            "decision_ms": decision,
            "beyond_ms_p50": round(decision["p50"] - lookup["p50"], 4),
            "ratio": round(decision["p50"] / lookup["p50"], 3),
        }


def _percentiles(seconds: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles((1000 * each for each in seconds), n=100)
    return {"p50": round(cuts[49], 4), "p95": round(cuts[94], 4), "p99": round(cuts[98], 4)}


def _figures(deciders: Mapping[int, _Decider], loads: list[float]) -> dict[str, object]:
    sizes = {size: decider.figures() for size, decider in deciders.items()}
    small, large = sizes[min(sizes)], sizes[max(sizes)]
    growth = large["decision_ms"]["p50"] / small["decision_ms"]["p50"]
    floor_growth = large["lookup_ms"]["p50"] / small["lookup_ms"]["p50"]
    return {
        "ratio": large["ratio"],
        "beyond_ms_p50": large["beyond_ms_p50"],
        "growth": round(growth, 3),
        "floor_growth": round(floor_growth, 3),
        "reached": large["beyond_ms_p50"] <= REACH_BEYOND_MS and growth <= REACH_GROWTH,
        "reach": {"beyond_ms_p50": REACH_BEYOND_MS, "growth": REACH_GROWTH},
        "consents": {f"{size}": figures for size, figures in sizes.items()},
        "load_average": [round(min(loads), 1), round(max(loads), 1)],
    }


# --- what the child processes do ---

_LOOKUP = """
    SELECT id, subject_id, institution_id, case_id, status, status_at, status_why, artefact, seal
    FROM consent_consent WHERE id = %s
"""


def _decide(stage: str) -> None:
    import django

    django.setup()
    from itertools import cycle
    from uuid import UUID

    from django.db import connection
    from django.utils import timezone

    from rongxin.catalogue import loader
    from rongxin.disclosure import look, rules
    from rongxin.disclosure.release import Recipient, Request
    from rongxin.vocabulary.purpose import Purpose
    from rongxin.vocabulary.subject_kind import SubjectKind

    item = loader.load().item("tax_payment")
    bank = Recipient(rules.RecipientKind.INSTITUTION, "bench_bank", "", "clerk-7")
    asked = []
    for one in json.loads(Path(stage).read_text())["questions"]:
        case, consent = UUID(one["case"]), UUID(one["consent"])
        purpose = Purpose.PRE_LOAN_REVIEW
        request = Request(bank, one["uscc"], (item.item,), purpose, "DK-1", case_id=case, consent_id=consent)
        asked.append((one["subject"], request))
    questions = cycle(asked)

    def lookup(subject: int, request: Request) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_LOOKUP, [request.consent_id])
            assert cursor.fetchone() is not None

    def decision(subject: int, request: Request) -> None:
        found = look.at(request, subject, (item,), as_of=now)
        assert found is not None
        context = rules.Context(bank.kind, SubjectKind.COMPANY, found.consented(request, item))
        table = rules.table(item, context)  # as the gate's plan takes it, once for all fields
        verdicts = {name: rules.decide_by(table, item, name, {}, context) for name in item.field_names}
        assert all(verdict.leaves for verdict in verdicts.values())

    gc.collect()
    gc.freeze()  # as a web process does
    for line in sys.stdin:
        what, times = line.split()
        act = {"lookup": lookup, "decision": decision}[what]
        now = timezone.now()
        seconds = []
        for _ in range(int(times)):
            subject, request = next(questions)
            start = time.perf_counter()
            act(subject, request)
            seconds.append(time.perf_counter() - start)
        print(json.dumps(seconds), flush=True)  # noqa: T201


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    assert sys.argv[1] == "decider"
    _decide(sys.argv[2])
