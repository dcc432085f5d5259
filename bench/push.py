"""How fast a full push comes into Parquet, beside a plain COPY of the same rows; and what an increment costs.

    rongxin bench push [--firms 100000] [--rounds 3]

Ours is a whole run: intent, two looks at standing, the decision on every field, parts with hashes and a
signed manifest, one row a subject for who looked, outcome. The floor reads the very rows that were pushed and
writes them with DuckDB's COPY, the same compression and the same share of memory, nothing else. Both in one
process, in turn; the best of the rounds counts. `cpu_rows_per_s` is by processor time of this process: on a
busy machine seconds tell what else ran.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

DEFAULTS = {"firms": 100_000, "rounds": 3}
REACH_ROWS_PER_S, MEMORY_MIB = 100_000, 768
ITEMS = (
    "business_licence",
    "administrative_permit",
    "administrative_penalty",
    "taxpayer_credit_rating",
    "trademark",
    "software_copyright",
    "honours",
    "policy_support",
    "environmental_credit_rating",
    "customs_registration",
)


def run(arguments: Mapping[str, str]) -> dict[str, object]:
    """Measure in a process of its own, and return the figures with their floor."""
    unknown = set(arguments) - set(DEFAULTS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: this bench knows {', '.join(DEFAULTS)}")
    given = {key: int(arguments.get(key, default)) for key, default in DEFAULTS.items()}
    done = subprocess.run(
        [sys.executable, __file__, json.dumps(given)], stdout=subprocess.PIPE, text=True, check=True
    )
    figures: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _measure(given: Mapping[str, int]) -> dict[str, object]:
    import _stage

    _stage.ensure("bench_push", {"firms": given["firms"], "consents": 10, "fillers": 0, "facts": 1})
    import django

    django.setup()
    from rongxin.delivery.push import files
    from rongxin.records import lake_keeping

    _say("writing the lake")
    lake_keeping.rebuild(as_of=_now(), items=list(ITEMS))
    subscription = _subscription()
    best: dict[str, tuple[float, float]] = {}
    for number in range(given["rounds"]):
        _say(f"round {number + 1} of {given['rounds']}")
        made, ours = _timed(partial(_made, subscription))
        _, floor = _timed(partial(_floor, files.directory(made.id)))
        best["ours"] = min(best.get("ours", ours), ours)
        best["floor"] = min(best.get("floor", floor), floor)
    _acknowledge(made)
    increment, cost = _timed(partial(_made, subscription))
    rows = made.rows
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    per_second = rows / best["ours"][0]
    return {
        "ratio": round(best["floor"][0] / best["ours"][0], 3),
        "rows": rows,
        "rows_per_s": round(per_second),
        "cpu_rows_per_s": round(rows / best["ours"][1]),
        "seconds": round(best["ours"][0], 2),
        "floor_seconds": round(best["floor"][0], 2),
        "empty_increment_seconds": round(cost[0], 2),
        "empty_increment_rows": increment.rows,
        "memory_mib": round(memory),
        "reached": {"rows_per_s": per_second >= REACH_ROWS_PER_S, "memory": memory <= MEMORY_MIB},
    }


def _subscription() -> Any:
    import _stage

    from rongxin.delivery.push import subscriptions
    from rongxin.delivery.push.rules import Terms
    from rongxin.vocabulary.actor import SYSTEM

    terms = Terms(items=ITEMS, reference="BENCH", basis="bench")
    return subscriptions.subscribe(_stage.BANK, terms, actor=SYSTEM, as_of=_now()).id


def _made(subscription: Any) -> Any:
    from rongxin.delivery.push import runs
    from rongxin.vocabulary.actor import SYSTEM

    made = runs.make(subscription, actor=SYSTEM, as_of=_now())
    if made.state.value != "ready":
        raise RuntimeError(f"the run was not made: {made.state} {made.reason}")
    return made


def _acknowledge(made: Any) -> None:
    from rongxin.delivery.push import runs
    from rongxin.vocabulary.actor import SYSTEM

    given = {"institution": made.institution, "actor": SYSTEM, "as_of": _now()}
    runs.acknowledge(made.id, made.manifest, **given)


def _floor(parts: Path) -> None:
    """Read what was pushed and write it again, with nothing decided, hashed, signed or noted."""
    from rongxin.records import lake_files

    with TemporaryDirectory() as folder, lake_files.engine() as duck:
        for item in sorted({path.name.rpartition("-")[0] for path in parts.glob("*.parquet")}):
            duck.execute(
                f"COPY (SELECT * FROM read_parquet('{parts}/{item}-*.parquet'))"
                f" TO '{folder}/{item}.parquet' (FORMAT parquet, COMPRESSION zstd)"
            )


def _timed(act: Callable[[], Any]) -> tuple[Any, tuple[float, float]]:
    wall, cpu = time.perf_counter(), time.process_time()
    result = act()
    return result, (time.perf_counter() - wall, time.process_time() - cpu)


def _now() -> Any:
    from django.utils import timezone

    return timezone.now()


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.path.insert(0, os.fspath(Path(__file__).parent))
    sys.stdout.write(json.dumps(_measure(json.loads(sys.argv[1]))) + "\n")
