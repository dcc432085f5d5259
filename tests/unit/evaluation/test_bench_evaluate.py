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
    assert told["peer_ratio"] > 0
    assert {name: told["parts"]["peer"][name] for name in module.TOTALS} == {
        name: ours[name] for name in module.TOTALS
    }


def test_a_subject_dropped_or_scored_otherwise_by_the_peer_stops_the_bench(tmp_path: Path) -> None:
    module = bench.load(house.ROOT / "bench", "evaluate")
    for part in (module.data.make, module.data.compact, module.ours, module.peer):
        part(tmp_path, "authorised", [(0, 40)])
    ours = module.totals(tmp_path, "ours")
    module.agree(40, ours, module.totals(tmp_path, "peer"))
    score = module.data.path(tmp_path, "peer", 0, "score")
    for change in ("* REPLACE (coverage + 1 AS coverage) FROM t", "* FROM t LIMIT 39"):
        with duckdb.connect() as duck:
            duck.execute(f"CREATE TABLE t AS FROM read_parquet('{score}')")
            duck.execute(f"COPY (SELECT {change}) TO '{score}' (FORMAT parquet)")
        with pytest.raises(ArithmeticError, match="the peer's"):
            module.agree(40, ours, module.totals(tmp_path, "peer"))
    with pytest.raises(ArithmeticError, match="of 41 subjects"):
        module.agree(41, ours, ours)


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
