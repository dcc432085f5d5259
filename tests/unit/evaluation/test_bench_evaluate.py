"""`rongxin bench evaluate` runs whole and drops nobody; a score unlike the single path's stops it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from rongxin.entrypoints.cli import bench
from tests.meta import house

SUBJECTS, PER_BUCKET = 120, 50


def test_everybody_is_scored_in_every_bucket_and_the_figures_are_named() -> None:
    module = bench.load(house.ROOT / "bench", "evaluate")
    told = module.run({"subjects": str(SUBJECTS), "bucket": str(PER_BUCKET), "sample": str(PER_BUCKET)})
    ours = told["parts"]["ours"]
    assert ours["subjects"] == sum(ours["grades"].values()) == SUBJECTS
    assert told["parts"]["check"] == {"checked": PER_BUCKET}
    assert told["cpu_seconds_per_million"] > 0
    assert told["ratio_to_scan"] > 0
    assert told["peak_rss_gib"] > 0


def test_every_subject_has_the_same_number_of_events_and_a_wrong_score_is_found(tmp_path: Path) -> None:
    module = bench.load(house.ROOT / "bench", "evaluate")
    ranges = [(0, 40)]
    for part in (module.data.make, module.data.compact, module.ours):
        part(tmp_path, "public", ranges)
    files = [
        f"'{module.data.path(tmp_path, 'sorted', 0, item)}'" for item in module.data.program("public").items
    ]
    with duckdb.connect() as duck:
        rows = " UNION ALL ".join(f"SELECT _subject FROM read_parquet({file})" for file in files)
        counts = duck.execute(f"SELECT DISTINCT COUNT(*) FROM ({rows}) GROUP BY _subject").fetchall()
        assert counts == [(module.data.EVENTS,)]
        module.check(tmp_path, "public", 40)
        score = module.data.path(tmp_path, "ours", 0, "score")
        duck.execute(
            f"CREATE TABLE t AS SELECT * REPLACE (coverage + 1 AS coverage) FROM read_parquet('{score}');"
            f" COPY t TO '{score}' (FORMAT parquet)"
        )
    with pytest.raises(ArithmeticError, match="single path"):
        module.check(tmp_path, "public", 40)
