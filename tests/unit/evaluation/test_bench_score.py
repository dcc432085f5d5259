"""`rongxin bench score` loses no row and is stopped by one that differs; memory is bounded for any file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rongxin.entrypoints.cli import bench
from tests.meta import house

ROWS, LIMIT_MIB = 2_100_000, 700
#: Scores a file under a bound on memory, as the command does.
CHILD = """
import json, resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_DATA, (int(sys.argv[3]) << 20,) * 2)
sys.path.insert(0, sys.argv[1])
import score
told = score._measured("ours", Path(sys.argv[2]), 0, 0)
sys.stdout.write(json.dumps(told))
"""


def test_every_row_is_scored_and_the_figures_are_named() -> None:
    module = bench.load(house.ROOT / "bench", "score")
    told = module.run({"rows": "3000", "filler": "20"})
    for kind in module.KINDS:
        assert told[kind]["rows_per_cpu_second"] > 0
        assert told[kind]["ratio_to_floor"] > 0
        assert told[kind]["peak_rss_mib"] > 0
    assert told["bar"] == 2_000_000


def test_a_lost_row_or_another_sum_stops_the_bench() -> None:
    module = bench.load(house.ROOT / "bench", "score")
    with pytest.raises(ArithmeticError, match="of 9 rows"):
        module.agree(9, [{"rows": 9, "sum": 1}, {"rows": 8, "sum": 1}])
    with pytest.raises(ArithmeticError, match="differ"):
        module.agree(9, [{"rows": 9, "sum": 1}, {"rows": 9, "sum": 2}])


@pytest.mark.long
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_larger_than_the_memory_allowed_is_scored_to_its_last_row(kind: str, tmp_path: Path) -> None:
    module = bench.load(house.ROOT / "bench", "score")
    path = tmp_path / f"loans.{kind}"
    made = module.make(path, ROWS, 340)
    if kind == "csv":
        assert made["file_mib"] > LIMIT_MIB
    words = [sys.executable, "-c", CHILD, str(house.ROOT / "bench"), str(path), str(LIMIT_MIB)]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-400:]
    told = json.loads(done.stdout)
    assert told["rows"] == ROWS
    assert told["peak_rss_mib"] < LIMIT_MIB
