"""Every bench runs to its end, small: one that broke unseen measures nothing when its figure is asked for.

What they measure at these sizes says nothing; what is looked at is that each part of them was done.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.meta import house

SMALL = {
    "api": {"clients": 2, "seconds": 5, "rounds": 1, "firms": 200, "consents": 50,
            "push_firms": 200, "messages": 20},
    "call": {"clients": 2, "seconds": 5, "rounds": 1, "firms": 200, "consents": 50},
    "decision": {"rounds": 2, "times": 5, "real": 20, "firms": 200, "largest": 4_000},
    "evaluate": {"subjects": 2_000, "bucket": 1_000, "sample": 5},
    "fan_out": {"firms": 200, "consents": 50, "rounds": 1},
    "intake": {"rows": 12_000, "firms": 200, "xlsx_rows": 500, "peer": 1},
    "journal": {"writers": 2, "processes": 1, "seconds": 1, "rounds": 1, "entries": 500},
    "pages": {"rounds": 1, "firms": 200, "consents": 50, "looks": 500, "withdrawn": 10},
    "pdf": {"rounds": 1, "warmup": 0},
    "push": {"firms": 500, "rounds": 1},
    "report": {"clients": 2, "seconds": 5, "rounds": 1, "firms": 200, "consents": 50},
    "score": {"rows": 20_000},
    "webhooks": {"messages": 50, "events": 20},
}  # fmt: skip


def test_each_bench_is_run_here() -> None:
    assert set(SMALL) == {each.stem for each in (house.ROOT / "bench").glob("[a-z]*.py")}


@pytest.mark.long
@pytest.mark.parametrize("name", SMALL)
def test_it_runs_to_its_end(name: str, tmp_path: Path) -> None:
    settings = [f"--{key}={value}" for key, value in SMALL[name].items()]
    var = tmp_path / "var"
    var.mkdir()
    without = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    told = subprocess.run(
        [sys.executable, "-m", "rongxin", "bench", name, *settings],
        cwd=house.ROOT,
        env=without | {"RONGXIN_VAR": str(var)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr[-3000:]
    assert json.loads(told.stdout.splitlines()[-1])["bench"] == name
