"""What it costs to apply a fitted card to a file of any size, beside only reading the same columns.

    rongxin bench score [--rows 2200000 --filler 0]

Each part is a process of its own, so that its processor seconds and its peak memory are its own; making the
file is told apart. The floor scans the same columns and writes one whole number a row, by the same library.
`filler` adds so many bytes of a column that the card doesn't know to every row, as files of banks have. The
sum of all scores has to be the same of both kinds of file, and no row may be lost.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

from rongxin.evaluation.fitting import card as cards
from rongxin.evaluation.fitting import scoring
from rongxin.evaluation.fitting.card import Card

DATABASE = False
DEFAULTS = {"rows": 2_200_000, "filler": 0}
ROWS_PER_CPU_SECOND = 2_000_000
KINDS, PIECE = ("parquet", "csv"), 200_000
FIGURES = ("age", "days", "use", "debt")


def run(arguments: Mapping[str, str]) -> dict[str, object]:
    """Measure, and return the figures with their floor; progress goes to standard error."""
    unknown = set(arguments) - set(DEFAULTS)
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))}: this bench knows {', '.join(DEFAULTS)}")
    given = {key: int(arguments.get(key, default)) for key, default in DEFAULTS.items()}
    told: dict[str, Any] = {}
    with TemporaryDirectory(prefix="bench-score-") as folder:
        for kind in KINDS:
            told[kind] = {part: _child(part, kind, folder, given) for part in ("make", "floor", "ours")}
    agree(given["rows"], [told[kind]["ours"] for kind in KINDS])
    return {**given, **{kind: _figures(told[kind]) for kind in KINDS}, "bar": ROWS_PER_CPU_SECOND}


def agree(rows: int, ours: list[dict[str, Any]]) -> None:
    """Stop where a row was lost or the kinds of file differ in what they come to."""
    if any(one["rows"] != rows for one in ours):
        raise ArithmeticError(f"scored {[one['rows'] for one in ours]} of {rows} rows")
    if len({one["sum"] for one in ours}) != 1:
        raise ArithmeticError(f"the kinds of file differ: sums of scores {[one['sum'] for one in ours]}")


def _figures(parts: Mapping[str, dict[str, Any]]) -> dict[str, object]:
    ours, floor = parts["ours"], parts["floor"]
    return {
        "rows_per_cpu_second": round(ours["rows"] / ours["cpu_seconds"]),
        "ratio_to_floor": round(ours["cpu_seconds"] / floor["cpu_seconds"], 2),
        "peak_rss_mib": ours["peak_rss_mib"],
        "floor_peak_rss_mib": floor["peak_rss_mib"],
        "file_mib": parts["make"]["file_mib"],
    }


def _child(part: str, kind: str, folder: str, given: Mapping[str, int]) -> dict[str, Any]:
    words = [sys.executable, __file__, part, kind, folder, str(given["rows"]), str(given["filler"])]
    sys.stderr.write(f"{kind}: {part}\n")
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def make(path: Path, rows: int, filler: int) -> dict[str, Any]:
    """Write a file of invented borrowers, piece by piece, the same for both kinds."""
    draw, done = np.random.default_rng(7), 0
    pieces = []
    while done < rows:
        count = min(PIECE, rows - done)
        frame = pl.DataFrame(
            {
                "age": draw.uniform(0, 30, count).round(1),
                "days": draw.integers(0, 400, count),
                "use": draw.uniform(0, 1, count).round(3),
                "debt": draw.lognormal(10, 1, count).round(2),
                "trade": np.array(["grain", "pumps", "tea", "steel"])[draw.integers(0, 4, count)],
            }
        )
        pieces.append(frame.with_columns(words=pl.lit("x" * filler)) if filler else frame)
        done += count
    table = pl.concat(pieces)
    (table.write_parquet if path.suffix == ".parquet" else table.write_csv)(path)
    return {"rows": rows, "file_mib": round(path.stat().st_size / 2**20, 1)}


def floor(path: Path) -> dict[str, Any]:
    """Read the card's columns and write one whole number a row."""
    table = pl.scan_parquet(path) if path.suffix == ".parquet" else pl.scan_csv(path)
    one = sum(
        (pl.col(name).cast(pl.Int32) for name in FIGURES), pl.col("trade").str.len_bytes().cast(pl.Int32)
    )
    table.select(one.alias("score")).sink_parquet(path.with_suffix(".floor"), engine="streaming")
    return {}


def ours(path: Path) -> dict[str, Any]:
    """Score the file as `rongxin evaluate score` does."""
    out = path.with_name(f"scores-{path.suffix[1:]}.parquet")
    tally = scoring.score(path, card(), out, id=None)
    return {"rows": tally.rows, "out": str(out)}


def card() -> Card:
    """A card as one is fitted: some twenty bins a column, and words."""
    edges = {"age": (30, 20), "days": (400, 20), "use": (1, 20), "debt": (90_000, 20)}
    columns: list[dict[str, Any]] = [
        {"name": name, "kind": "number", "bins": _bins(top, parts), **_RARE}
        for name, (top, parts) in edges.items()
    ]
    words = [{"points": 9, "values": ["grain", "pumps"]}, {"points": -9, "values": ["tea", "steel"]}]
    columns.append({"name": "trade", "kind": "category", "bins": words, **_RARE})
    made = {"target": {"column": "default", "bad": "1", "good": "0"}, "method": "by hand", "columns": columns}
    return cards.seal(Card.model_validate({**made, "scale": {"base": 500}}))


_RARE: dict[str, Any] = {"missing": {"points": -1}, "unknown": {"points": 0}}


def _bins(top: float, parts: int) -> list[dict[str, Any]]:
    below = [*(top * n / parts for n in range(1, parts)), None]
    return [{"points": 3 * n - 30, "below": edge} for n, edge in enumerate(below)]


def _measured(part: str, path: Path, rows: int, filler: int) -> dict[str, Any]:
    started = time.process_time()
    told = make(path, rows, filler) if part == "make" else {"floor": floor, "ours": ours}[part](path)
    told["cpu_seconds"] = time.process_time() - started
    told["peak_rss_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    if "out" in told:
        told["sum"] = int(pl.scan_parquet(told["out"]).select(pl.col("score").sum()).collect().item())
    return told


if __name__ == "__main__":
    part, kind, folder, rows, filler = sys.argv[1:]
    found = _measured(part, Path(folder) / f"loans.{kind}", int(rows), int(filler))
    sys.stdout.write(json.dumps(found) + "\n")
