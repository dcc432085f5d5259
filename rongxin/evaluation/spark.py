"""The same program on Spark, where one machine is outgrown: the same files in, the same bytes out."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from pyspark import SparkConf
from pyspark.sql import SparkSession

from rongxin.evaluation import facts, lines
from rongxin.evaluation.compiling import Program
from rongxin.evaluation.lines import Scored
from rongxin.evaluation.spans import Span

# Nothing is broadcast, so that memory is bounded. Put together into one expression, or with what holds of
# each column worked out, the steps of a score take minutes to plan.
_SETTINGS = {
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    "spark.sql.constraintPropagation.enabled": "false",
    "spark.sql.optimizer.excludedRules": "org.apache.spark.sql.catalyst.optimizer.CollapseProject",
    "spark.sql.session.timeZone": "Asia/Shanghai",
    "spark.sql.shuffle.partitions": "16",
    "spark.ui.enabled": "false",
}


@contextmanager
def opened(program: Program, folder: Path) -> Iterator[_Spark]:
    """Have a session that is stopped at the end: of the cluster that Spark's own settings name, or local.

    What Spark's own settings say goes before ours.
    """
    settings = SparkConf()
    for name, value in _SETTINGS.items():
        settings.setIfMissing(name, value)
    session = SparkSession.builder.appName("rongxin evaluate").config(conf=settings).getOrCreate()
    try:
        yield _Spark(session, program, folder)
    finally:
        session.stop()


class _Spark:
    def __init__(self, session: SparkSession, program: Program, folder: Path) -> None:
        self._session, self._program, self._folder = session, program, folder

    def score(self, span: Span) -> Scored:
        """Score a bucket; its lines are written as DuckDB writes them."""
        for view, file in facts.sources(self._folder, self._program, span).items():
            self._session.read.parquet(str(file)).createOrReplaceTempView(view)
        inputs = lines.told(self._program, quote="`")
        listed = ", ".join(f"{one} AS `i{place}`" for place, one in enumerate(inputs))
        result = ", ".join(f"scored.`{name}`" for name in lines.RESULT)
        rows = self._session.sql(
            f"SELECT scored._subject, {result}, {listed} FROM {lines.beside(self._program)}"  # noqa: S608
            " ORDER BY scored._subject"
        )
        path = self._folder / f"scored-{span.number}.csv"
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            for row in rows.toLocalIterator():
                own, inputs = row[: 1 + len(lines.RESULT)], row[1 + len(lines.RESULT) :]
                kept = json.dumps(list(inputs), ensure_ascii=False, separators=(",", ":"))
                writer.writerow([*own, kept, sha256(kept.encode()).hexdigest()])
        return Scored(path)
