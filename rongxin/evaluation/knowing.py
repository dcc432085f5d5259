"""Which sources have answered about a subject, and are fresh enough: the bits of `known` ((七)).

With the bit of a source and no row of its item a subject is *observed, none*; without it, *missing*.
"""

from __future__ import annotations

from pathlib import Path

from rongxin.evaluation.compiling import Program, Source
from rongxin.evaluation.spans import Span
from rongxin.records import lake_files
from rongxin.vocabulary.sharing_mode import SharingMode


def subjects(program: Program, folder: Path, span: Span) -> str:
    """Select a bucket's subjects, each with `known`.

    An item that is handed in is answered for everybody, by its newest batch; one kept by agreement for those
    whose provider was asked about them.
    """
    everybody = _bits(program, SharingMode.PHYSICAL_AGGREGATION)
    asked = _bits(program, SharingMode.INTERFACE_CALL)
    answered = f"read_parquet({lake_files.literal(folder / 'answered.parquet')})"
    shared = f"(SELECT coalesce(bit_or({everybody}), 0) FROM {answered} WHERE _subject IS NULL)"  # noqa: S608
    return (
        f"SELECT s._subject, s.kind, s.region, s.industry, s.size_class,"  # noqa: S608
        f" CAST({shared} | coalesce(own.bits, 0) AS BIGINT) AS known"
        f" FROM read_parquet({lake_files.literal(folder / 'subjects.parquet')}) s"
        f" LEFT JOIN (SELECT _subject, bit_or({asked}) AS bits FROM {answered}"
        f" WHERE _subject BETWEEN {span.first} AND {span.last} GROUP BY _subject) own"
        f" ON own._subject = s._subject WHERE s._subject BETWEEN {span.first} AND {span.last}"
    )


def _bits(program: Program, mode: SharingMode) -> str:
    """Write the bit of the source that an answer is of, 0 where the answer is too old or none of these."""
    ways = [
        _way(program, source) for source in program.sources if source.channel is mode and not source.consent
    ]
    return f"CAST(CASE {' '.join(ways)} ELSE 0 END AS BIGINT)" if ways else "CAST(0 AS BIGINT)"


def _way(program: Program, source: Source) -> str:
    oldest = f"DATE '{program.as_of}' - INTERVAL {source.freshness_days} DAY"
    return f"WHEN item = '{source.item}' AND answered_on >= {oldest} THEN {1 << source.bit}"
