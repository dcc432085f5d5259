"""What scoring everybody costs （（七） 全覆盖): ours beside the bare scan of the same columns and a peer.

`rongxin bench evaluate [--subjects 50000 --bucket 250000 --tier authorised --sample 100]`. Each part is a
process of its own, so that its processor seconds and its peak memory are its own; making the rows and sorting
them are told apart. The peer is the same 60 indicators in Polars, by hand; its control totals have to be
ours. A sample of each run is scored by the single path too; a difference stops the bench.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import _evaluation_data as data
import _polars_peer

from rongxin.evaluation import loading, rules
from rongxin.evaluation.measuring import Facts, Subject
from rongxin.evaluation.tiers import Tier

DATABASE = False
DEFAULTS = {"subjects": 50_000, "bucket": 250_000, "tier": "authorised", "sample": 100}
CPU_SECONDS_PER_MILLION, RATIO_TO_SCAN, PEAK_RSS_GIB, PEER_RATIO = 10, 11, 1.5, 1.25
#: Each in a process of its own; what is told of `make` and `compact` is in no ratio.
PARTS = ("make", "compact", "scan", "ours", "peer", "check")
TOTALS = ("subjects", "score", "coverage", "vetoes", "grades")
Ranges = list[tuple[int, int]]


def run(arguments: Mapping[str, str]) -> dict[str, object]:
    """Measure, and return the figures with their floor; progress goes to standard error."""
    unknown = set(arguments) - set(DEFAULTS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: this bench knows {', '.join(DEFAULTS)}")
    given = {**DEFAULTS, **{k: v if k == "tier" else int(v) for k, v in arguments.items()}}
    with TemporaryDirectory(prefix="bench-evaluate-") as folder:
        told = {part: _child(folder, part, given) for part in PARTS}
        size = sum(file.stat().st_size for file in Path(folder).glob("sorted-*"))
    ours, peer, floor, subjects = told["ours"], told["peer"], told["scan"], int(str(given["subjects"]))
    agree(subjects, ours, peer)
    per_million = ours["cpu_seconds"] / subjects * 1_000_000
    ratio = ours["cpu_seconds"] / floor["cpu_seconds"]
    peer_ratio = ours["cpu_seconds"] / peer["cpu_seconds"]
    return {
        **given,
        "events": subjects * data.EVENTS,
        "gib": round(size / 2**30, 3),
        "cpu_seconds_per_million": round(per_million, 2),
        "ratio_to_scan": round(ratio, 2),
        "peak_rss_gib": ours["peak_rss_gib"],
        "peer_ratio": round(peer_ratio, 2),
        "parts": told,
        "reached": {
            "cpu_seconds_per_million": per_million <= CPU_SECONDS_PER_MILLION,
            "ratio_to_scan": ratio <= RATIO_TO_SCAN,
            "peak_rss_gib": ours["peak_rss_gib"] <= PEAK_RSS_GIB,
            "peer_ratio": peer_ratio <= PEER_RATIO,
        },
    }


def _child(folder: str, part: str, given: Mapping[str, object]) -> dict[str, Any]:
    """Run one part of this file in a process of its own; its answer is the last line."""
    sys.stderr.write(f"{part} …\n")
    command = [sys.executable, __file__, part, folder, json.dumps(given)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def ours(folder: Path, tier: str, ranges: Ranges) -> None:
    """Score bucket by bucket with the compiled statement."""
    program = data.program(tier)
    for bucket in range(len(ranges)):
        with data.connect(folder) as duck:
            for name in data.names(program):
                file = data.path(folder, "sorted", bucket, name)
                duck.execute(f"CREATE TEMP VIEW \"{name}\" AS FROM read_parquet('{file}')")
            data.copy(duck, program.sql, data.path(folder, "ours", bucket, "score"))


def peer(folder: Path, tier: str, ranges: Ranges) -> None:
    """Score bucket by bucket with the program written by hand."""
    if tier != "authorised":
        raise ValueError("the peer has the 60 indicators of --tier authorised only")
    for bucket in range(len(ranges)):
        _polars_peer.score(folder, bucket, data.path(folder, "peer", bucket, "score"))


def totals(folder: Path, engine: str) -> dict[str, Any]:
    """Add up what an engine wrote: nothing may be dropped, and engines have to agree."""
    with data.connect(folder) as duck:
        scores = f"FROM read_parquet('{folder}/{engine}-*-score.parquet')"
        sums = duck.execute(
            "SELECT COUNT(*) AS subjects, SUM(CAST(score AS BIGINT)) AS score, SUM(CAST(coverage AS BIGINT))"
            f" AS coverage, SUM(CAST(vetoes AS BIGINT)) AS vetoes {scores}"
        ).fetchone()
        grades = duck.execute(f"SELECT grade, COUNT(*) {scores} GROUP BY ALL ORDER BY ALL").fetchall()
    assert sums is not None
    return {
        **dict(zip(("subjects", "score", "coverage", "vetoes"), map(int, sums), strict=True)),
        "grades": dict(grades),
    }


def agree(subjects: int, ours: Mapping[str, Any], peer: Mapping[str, Any]) -> None:
    """See to it that nobody was dropped and that the two come to the same."""
    differs = {name: (ours[name], peer[name]) for name in TOTALS if ours[name] != peer[name]}
    if differs or ours["subjects"] != subjects:
        raise ArithmeticError(f"of {subjects} subjects, ours against the peer's: {differs or ours}")


def check(folder: Path, tier: str, sample: int) -> None:
    """Hold the first subjects' scores against the single path."""
    program, spec = data.program(tier), loading.load()
    with data.connect(folder) as duck:
        rows = {
            name: _first(duck, data.path(folder, "sorted", 0, name), sample) for name in data.names(program)
        }
        found = _first(duck, data.path(folder, "ours", 0, "score"), sample)
    scored = {number: tuple(row[name] for name in program.columns[1:]) for number, (row,) in found.items()}
    for number, (one,) in rows["subject"].items():
        known = frozenset((s.item, s.channel.value) for s in program.sources if one["known"] >> s.bit & 1)
        own = {item: rows[item].get(number, []) for item in program.items}
        facts = Facts(Subject(one["kind"], one["industry"], one["size_class"]), known, own)
        told = rules.evaluate(spec, Tier(tier), facts, as_of=data.AS_OF)
        vetoes = sum(1 << program.veto_codes.index(code) for code in told.vetoes)
        expected = (told.score, told.grade, told.public_grade, told.coverage, told.confidence, vetoes)
        if scored[number] != expected:
            raise ArithmeticError(f"subject {number}: {scored[number]} against the single path's {expected}")


def _first(duck: Any, file: Path, below: int) -> dict[int, list[dict[str, Any]]]:
    """Return the rows of the first subjects, by subject."""
    result = duck.execute(f"FROM read_parquet('{file}') WHERE _subject < {below}")
    columns = [column[0] for column in result.description]
    found: dict[int, list[dict[str, Any]]] = {}
    for row in result.fetchall():
        one = dict(zip(columns, row, strict=True))
        found.setdefault(one["_subject"], []).append(one)
    return found


def main(part: str, folder: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    ranges = data.buckets(given["subjects"], given["bucket"])
    if part == "check":
        check(folder, given["tier"], min(given["sample"], given["subjects"]))
        return {"checked": min(given["sample"], given["subjects"])}
    parts: Mapping[str, Callable[[Path, str, Ranges], None]] = {
        "make": data.make,
        "compact": data.compact,
        "scan": data.scan,
        "ours": ours,
        "peer": peer,
    }
    loading.load()
    began, cpu = time.perf_counter(), time.process_time()
    parts[part](folder, given["tier"], ranges)
    measured = {
        "seconds": round(time.perf_counter() - began, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "peak_rss_gib": round(peak() / 2**20, 3),
    }
    return measured | (totals(folder, part) if part in ("ours", "peer") else {})


def peak() -> int:
    """The most memory in KiB that this process has held; `ru_maxrss` would count its parent's too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3]))) + "\n")
