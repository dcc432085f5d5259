"""Which subjects a set is about: by region, size, kind and industry, drawn from the registration record.

What the record does not say is `unknown`: such a firm is meant only where `unknown` is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection
from psycopg import sql

from rongxin.vocabulary import region as regions
from rongxin.vocabulary.region import RegionLevel
from rongxin.vocabulary.subject_kind import SubjectKind

UNKNOWN = "unknown"
_BLOCK = 4 << 20
_KEPT = {RegionLevel.NATION: 0, RegionLevel.PROVINCE: 2, RegionLevel.PREFECTURE: 4, RegionLevel.COUNTY: 6}


@dataclass(frozen=True)
class Population:
    """Subjects of these kinds, in one of the regions, of one of the sizes and industries; empty stands for
    all, save of `kinds`.
    """

    kinds: tuple[SubjectKind, ...]
    regions: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()


# An industry is written with its letter or without (C1310, 1310); both are meant by either.
_DRAW = """
COPY (
    SELECT id, uscc, kind FROM parties_subject subject
    WHERE uscc IS NOT NULL AND kind = ANY ({kinds})
      AND ({no_regions} OR region ~ '^[1-9][0-9]{{5}}$' AND EXISTS (
          SELECT FROM unnest({regions}::text[]) AS outer_region (prefix)
          WHERE starts_with(subject.region, prefix)))
      AND ({no_sizes} OR size_class = ANY ({sizes}::text[]))
      AND ({no_industries} OR EXISTS (
          SELECT FROM unnest({industries}::text[]) AS wanted (code)
          WHERE CASE WHEN code = 'unknown' THEN industry = ''
                     ELSE starts_with(industry, code)
                          OR starts_with(regexp_replace(industry, '^[A-T]', ''),
                                         regexp_replace(code, '^[A-T](?=.)', '')) END))
) TO STDOUT WITH (FORMAT csv)
"""


def draw(population: Population) -> Iterator[bytes]:
    """Yield id, code and kind of every subject meant, as CSV without a header, in blocks of whole rows."""
    statement = sql.SQL(_DRAW).format(
        kinds=sql.Literal([kind.value for kind in population.kinds]),
        no_regions=sql.Literal(not population.regions),
        regions=sql.Literal([code[: _KEPT[regions.level(code)]] for code in population.regions]),
        no_sizes=sql.Literal(not population.sizes),
        sizes=sql.Literal(list(population.sizes)),
        no_industries=sql.Literal(not population.industries),
        industries=sql.Literal(list(population.industries)),
    )
    yield from _blocks(statement)


_REGISTERED = """
COPY (
    SELECT id, kind, region, industry, size_class, registration_status, established_on
    FROM parties_subject
    WHERE uscc IS NOT NULL AND registration_status <> 'unregistered'
      AND ({everybody} OR id = ANY ({only}::bigint[]))
) TO STDOUT WITH (FORMAT csv)
"""


def registered(only: Sequence[int] | None) -> Iterator[bytes]:
    """Yield the registration of every subject whose record has been seen, or of `only` these, as CSV: number,
    kind, region, industry, size, status, since when.
    """
    yield from _blocks(
        sql.SQL(_REGISTERED).format(everybody=sql.Literal(only is None), only=sql.Literal(list(only or ())))
    )


def _blocks(statement: sql.Composed) -> Iterator[bytes]:
    """Yield what COPY sends in blocks of whole rows."""
    block = bytearray()
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in copy:
            block += row
            if len(block) >= _BLOCK:
                yield bytes(block)
                block.clear()
    if block:
        yield bytes(block)
