"""Rows into one line of facts a subject, as SQL: an aggregation an item or for several, and a join each.

Small items are put together into *gatherings*: a UNION ALL of narrow rows, aggregated by subject once. DuckDB
makes and adds up the states of a whole gathering for each of its items, so that only those share one of which
little is asked (docs/decisions/0041). That there is a row, and each class of one, are bits of one number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from rongxin.catalogue import loader
from rongxin.evaluation import consistency, sql_measures
from rongxin.evaluation.loading import Specification
from rongxin.evaluation.schema import Formula, Measure
from rongxin.evaluation.sql_measures import quoted

#: So much a gathering of several items has at most: of states, in the size of a count's, and of bits.
STATES, BITS = 4, 60
_SUBJECT = ("_subject", "kind", "industry", "size_class", "known")
_CONFIRMED, _CLAIMED = '"_verified"', '("_verified" IS NULL OR NOT "_verified")'


@dataclass
class _Asked:
    """What is asked of an item's rows: by the SQL that says it, with the column of the measure (or day)."""

    seen: tuple[str, ...]
    classes: dict[tuple[str, str], tuple[str, Measure]] = field(default_factory=dict)
    others: dict[tuple[str, str], tuple[str, Measure | None]] = field(default_factory=dict)

    @property
    def states(self) -> int:
        return sum(1 if function == "COUNT" else 3 for function, _ in self.others)

    @property
    def bits(self) -> int:
        return len(self.seen) + sum(len(_values(measure)) for _, measure in self.classes.values())


class _Gathering:
    """Items that are aggregated together, and how what is asked of them is read from the aggregates."""

    def __init__(self, place: int, items: Mapping[str, _Asked], *, as_of: date) -> None:
        self.place, self.word, self._items = place, f"s{place}", items
        self.seen: dict[tuple[str, str], str] = {}  # item, test → above 0 where there is such a row
        self.measures: dict[str, str] = {}  # column of a measure → how it is read
        self._bits: dict[str, list[str]] = {item: [] for item in items}
        bit = 0
        for item, asked in items.items():
            for test in asked.seen:
                self._bits[item].append(
                    f"CASE WHEN {test} THEN {1 << bit} ELSE 0 END" if test else str(1 << bit)
                )
                self.seen[item, test] = f"({self.word} & {1 << bit})"
                bit += 1
            for column, measure in asked.classes.values():
                marks = {value: 1 << (bit + place) for place, value in enumerate(_values(measure))}
                self._bits[item].append(sql_measures.marked(measure, marks, as_of=as_of))
                self.measures[column] = self._class(measure, marks)
                bit += len(marks)
            for column, other in asked.others.values():
                self.measures[column] = sql_measures.normalised(other, column) if other else column

    def _class(self, measure: Measure, marks: Mapping[int, int]) -> str:
        """Read the highest or lowest class that a row had."""
        ordered = sorted(marks, reverse=measure.aggregate == "max")
        ways = " ".join(f"WHEN ({self.word} & {marks[value]}) > 0 THEN {value}" for value in ordered)
        return f"CASE {ways} END"

    def sql(self, spec: Specification, *, as_of: date) -> str:
        """Write the gathering as a common table."""
        others = [(f, column) for one in self._items.values() for (f, _), (column, _) in one.others.items()]
        made = [f"BIT_OR({self.word}) AS {self.word}"]
        made += [f"{function}({column}) AS {column}" for function, column in others]
        rows = " UNION ALL ".join(
            self._narrow(item, [column for _, column in others], spec, as_of) for item in self._items
        )
        return f"g{self.place} AS (SELECT _subject, {', '.join(made)} FROM ({rows}) AS r GROUP BY _subject)"  # noqa: S608

    def _narrow(self, item: str, columns: list[str], spec: Specification, as_of: date) -> str:
        """Write an item's rows with the columns of the gathering."""
        rules = spec.relief.counts_while.get(item, ())
        tests = sql_measures.counts_while(loader.load().item(item), rules, as_of=as_of)
        where = f" WHERE {' AND '.join(tests)}" if tests else ""
        own = {column: row for (_, row), (column, _) in self._items[item].others.items()}
        cells = ["_subject", f"CAST({' + '.join(self._bits[item])} AS BIGINT) AS {self.word}"]
        cells += [f"{own.get(column, 'NULL')} AS {column}" for column in columns]
        return f"SELECT {', '.join(cells)} FROM {quoted(item)}{where}"  # noqa: S608


class Facts:
    """What the formulas of a program ask of rows, and the statement that answers it."""

    def __init__(
        self,
        spec: Specification,
        chosen: Iterable[Formula],
        dated: Mapping[str, str],
        *,
        as_of: date,
    ) -> None:
        self._spec, self._dated, self._as_of = spec, dated, as_of
        self._columns = 0
        self._asked: dict[str, _Asked] = {}
        for formula in chosen:
            for measure in formula.measures.values():
                self.column(measure)
        for item in dated:
            self.newest(item)
        self._gatherings = tuple(
            _Gathering(place, items, as_of=as_of) for place, items in enumerate(self._put_together())
        )
        self._seen = {key: read for one in self._gatherings for key, read in one.seen.items()}

    def column(self, measure: Measure) -> str:
        """Return the column of a measure."""
        asked = self._of(measure.item)
        made = sql_measures.aggregated(measure, as_of=self._as_of)
        if measure.classes and measure.aggregate in ("max", "min"):
            return asked.classes.setdefault(made, (self._fresh(), measure))[0]
        return asked.others.setdefault(made, (self._fresh(), measure))[0]

    def newest(self, item: str) -> str:
        """Return the column of an item's newest day."""
        made = ("MAX", quoted(self._dated[item]))
        return self._of(item).others.setdefault(made, (self._fresh(), None))[0]

    def _of(self, item: str) -> _Asked:
        seen = (_CONFIRMED, _CLAIMED) if verified_only(item) else ("",)
        return self._asked.setdefault(item, _Asked(seen))

    def _fresh(self) -> str:
        self._columns += 1
        return f"m{self._columns}"

    def seen(self, item: str) -> str:
        """Write what is above 0 where there is a row that counts, else 0."""
        return self._seen[item, _CONFIRMED if verified_only(item) else ""]

    def claimed(self, item: str) -> str:
        """Write what is above 0 where the subject claimed what its provider didn't confirm, else 0."""
        return self._seen[item, _CLAIMED]

    @property
    def words(self) -> tuple[str, ...]:
        """The columns of bits, which `seen` and `claimed` read."""
        return tuple(one.word for one in self._gatherings)

    def steps(self) -> Iterator[str]:
        """Write the common tables, the last being `facts`: a row a subject, measures as whole numbers."""
        taken = [f"s.{name}" for name in _SUBJECT]
        joins = []
        for one in self._gatherings:
            yield one.sql(self._spec, as_of=self._as_of)
            taken.append(f"COALESCE({one.word}, 0) AS {one.word}")
            taken += [f"{read} AS {column}" for column, read in one.measures.items()]
            joins.append(f"LEFT JOIN g{one.place} ON g{one.place}._subject = s._subject")
        yield f"facts AS (SELECT {', '.join(taken)} FROM subject AS s {' '.join(joins)})"  # noqa: S608

    def _put_together(self) -> Iterator[dict[str, _Asked]]:
        """Put items together, those of which least is asked first, as many as fit."""
        items: dict[str, _Asked] = {}
        states, bits = 0, 0
        for item, asked in sorted(self._asked.items(), key=lambda pair: (pair[1].states, pair[0])):
            if items and (states + asked.states > STATES or bits + asked.bits > BITS):
                yield items
                items, states, bits = {}, 0, 0
            items[item] = asked
            states, bits = states + asked.states, bits + asked.bits
        yield items


def verified_only(item: str) -> bool:
    """Return whether an item's rows count only where its provider confirmed them."""
    return consistency.is_verified_only(loader.load().item(item))


def _values(measure: Measure) -> list[int]:
    return sorted({one.value for one in measure.classes})
