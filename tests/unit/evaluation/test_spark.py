"""Spark says what DuckDB says over the same files, to the last bit （（七））; left out without Java."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from rongxin.evaluation import compiling
from rongxin.evaluation.tiers import Tier
from tests.unit.evaluation import invented
from tests.unit.evaluation.invented import AS_OF


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    sql = pytest.importorskip("pyspark.sql", reason="pyspark is not installed: rongxin[spark]")
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        pytest.skip("Java is absent: the same score on Spark was not checked")
    session = (
        sql.SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.autoBroadcastJoinThreshold", "-1")
        # Put together, the steps of a score become one expression that takes minutes to plan.
        .config(
            "spark.sql.optimizer.excludedRules", "org.apache.spark.sql.catalyst.optimizer.CollapseProject"
        )
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.mark.long
def test_spark_scores_the_public_tier_as_duckdb_does(tmp_path: Path, spark: Any) -> None:
    subjects = {number: invented.facts(number) for number in range(60)}
    ours = compiling.program(None, Tier.PUBLIC, as_of=AS_OF)
    theirs = compiling.program(None, Tier.PUBLIC, as_of=AS_OF, dialect="spark")
    assert theirs.columns == ours.columns
    with duckdb.connect() as duck:
        files = invented.lay(duck, tmp_path, subjects)
        expected = invented.run(duck, ours)
    for name, path in files.items():
        spark.read.parquet(str(path)).createOrReplaceTempView(name)
    found = [row.asDict() for row in spark.sql(theirs.sql).orderBy("_subject").collect()]
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        differs = {key: (one[key], other[key]) for key in other if one[key] != other[key]}
        assert not differs, other["_subject"]
