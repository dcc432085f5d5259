"""The set path over the lake: what leaves to an institution without consent, of many subjects ((六)).

The decision table is the row path's (`rules.table`), compiled to SQL of DuckDB; a test holds what a push
gives equal to what the gate answers. A set carries what leaves *in clear*: fields that would leave masked,
what lies sealed (0008) and what concerns natural persons are no part of it: masks can be laid side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import UUID

import duckdb
from django.db import connection

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Channel, Field, Item
from rongxin.disclosure import rules
from rongxin.disclosure.errors import NotIntended
from rongxin.journal import entries
from rongxin.journal.errors import UnknownEntry
from rongxin.journal.rules import Kind
from rongxin.parties import populations
from rongxin.parties.populations import Population
from rongxin.records import endings, lake, lake_columns, lake_files, marks
from rongxin.records.rules import EndedWhy
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.subject_kind import SubjectKind
from rongxin.vocabulary.verdict import Verdict
from rongxin.vocabulary.whose import Whose

#: What every row has beside its item's fields: whose it is and whence. `_subject` is the node's own number
#: and leaves in no file.
OWN = ("_record", "_subject", "_uscc", "_observed_on", "_filed_on", "_provider", "_marks")
_NO_CONSENT = rules.Consented(Reason.CONSENT_MISSING)
# Its mask is what the lake has done to all words: numbers of persons taken out.
_REDACTED = "free_text"


@dataclass(frozen=True)
class Sets:
    """Open sets of one moment: for each item a view of what leaves, named by `view_of`."""

    duck: duckdb.DuckDBPyConnection
    items: tuple[Item, ...]
    day: date

    def fit_until(self) -> date | None:
        """Return the last day on which all of it may be published; None where no day is set."""
        days = []
        for item in self.items:
            if item.published_until is not None:
                found = self.duck.execute(
                    f'SELECT min(rows."{item.published_until}") FROM "{item.item}" rows'  # noqa: S608
                    " SEMI JOIN population ON population.id = rows._subject"
                    f" WHERE {_published(item, self.day)}"
                ).fetchone()
                days += [found[0]] if found and found[0] is not None else []
        return min(days, default=None)

    def published_over(self, item: Item, removed: str) -> list[int]:
        """Return which rows of the table `removed` are still live but no longer published."""
        if item.published_until is None:
            return []
        found = self.duck.execute(
            f'SELECT _id FROM "{item.item}" rows JOIN {removed} gone ON gone.record = rows._id'  # noqa: S608
            f" WHERE NOT {_published(item, self.day)}"
        ).fetchall()
        return [record for (record,) in found]


def view_of(item: Item) -> str:
    """Name the view of an item's leaving rows, quoted."""
    return f'"push {item.item}"'


def columns(item: Item) -> tuple[str, ...]:
    """Return the fields of an item that leave in clear for some kind of subject, in the item's order."""
    seen = {column.name for column in lake_columns.of(item)}
    filters = {channel.where.field for channel in item.channels if channel.where is not None}
    if item.aggregation is None or not filters <= seen:
        return ()  # where the lake can't tell which channel a row goes by, nothing is said of it
    return tuple(
        field.name
        for field in item.fields
        if not field.field_type.sensitive and any(_clear(item, field, kind) for kind in SubjectKind)
    )


@contextmanager
def opened(intent: UUID, items: Sequence[str], population: Population, *, day: date) -> Iterator[Sets]:
    """Open what leaves of these items about a population, as things stand now.

    `intent` is the journal's entry that says so, committed before; raises `NotIntended` without it,
    catalogue.UnknownItem and records.LakeDamaged. Needs to be called outside of a transaction.
    """
    _intended(intent)
    wanted = tuple(loader.load().item(name) for name in items)

    def population_of(duck: duckdb.DuckDBPyConnection, own: Path) -> None:
        drawn = own / "population.csv"
        with drawn.open("wb") as file:
            file.writelines(populations.draw(population))
        duck.execute(
            "CREATE TEMP TABLE population AS SELECT * FROM read_csv("  # noqa: S608
            f"{lake_files.literal(drawn)}, header = false, auto_detect = false,"
            " columns = {'id': 'BIGINT', 'uscc': 'VARCHAR', 'kind': 'VARCHAR'})"
        )
        drawn.unlink()
        duck.execute("CREATE TEMP TABLE marks (item VARCHAR, record BIGINT, field VARCHAR, kind VARCHAR)")
        if standing := marks.of_items([item.item for item in wanted]):
            duck.executemany("INSERT INTO marks VALUES (?, ?, ?, ?)", standing)

    with lake.opened(*(item.item for item in wanted), beside=population_of) as duck:
        for item in wanted:
            duck.execute(f"CREATE TEMP VIEW {view_of(item)} AS {_select(item, population.kinds, day)}")
        yield Sets(duck, wanted, day)


def ended(rows: Sequence[tuple[int, int]]) -> dict[int, EndedWhy]:
    """Return why rows (subject, record) that were given out have ended; those that live are left out."""
    return endings.why(rows)


def _intended(intent: UUID) -> None:
    """Intent first: the entry is there, says what it must, and no rollback can take it away."""
    try:
        entry = entries.get(intent)
    except UnknownEntry as error:
        raise NotIntended(intent) from error
    if entry.kind is not Kind.PUSH_INTENDED or connection.in_atomic_block:
        raise NotIntended(intent)


def _select(item: Item, kinds: Sequence[SubjectKind], day: date) -> str:
    applicable = [kind for kind in kinds if kind not in item.not_applicable_to]
    names = columns(item)
    cells = ", ".join(f'{_cell(item, item.field(name), applicable)} AS "{name}"' for name in names)
    some = " OR ".join(f'"{name}" IS NOT NULL' for name in names)
    listed = ", ".join(f"'{kind.value}'" for kind in applicable)
    inside = f"population.kind IN ({listed})" if listed else "false"
    return (
        "SELECT * FROM (SELECT rows._id AS _record, rows._subject, population.uscc AS _uscc,"  # noqa: S608
        f" rows._observed_on, rows._filed_on, rows._provider, marked.said AS _marks, {cells}"
        f' FROM "{item.item}" rows JOIN population ON population.id = rows._subject'
        f" LEFT JOIN ({_marks(item)}) AS marked ON marked.record = rows._id"
        f" WHERE {inside} AND {_published(item, day)}) AS leaving WHERE {some}"
    )


def _marks(item: Item) -> str:
    """The marks in force by record: `objection` for all of it, `objection:fine_cny` for a leaving field."""
    told = ", ".join(f"'{name}'" for name in ("", *columns(item)))
    return (
        "SELECT record, string_agg(kind || CASE field WHEN '' THEN '' ELSE ':' || field END, ';'"  # noqa: S608
        f" ORDER BY kind, field) AS said FROM marks WHERE item = '{item.item}' AND field IN ({told})"
        " GROUP BY record"
    )


def _cell(item: Item, field: Field, kinds: Sequence[SubjectKind]) -> str:
    by_kind = {kind: _by_channel(item, field, kind) for kind in kinds}
    if len(set(by_kind.values())) == 1:
        return next(iter(by_kind.values()))
    branches = " ".join(f"WHEN '{kind.value}' THEN {cell}" for kind, cell in by_kind.items())
    return f"CASE population.kind {branches} END" if branches else "NULL"


def _by_channel(item: Item, field: Field, kind: SubjectKind) -> str:
    """The field's value by the first channel that carries the row, as `rules.decide_by` has it."""
    branches = [
        (_carries(entry.channel), f'rows."{field.name}"' if _leaves(field, entry, kind) else "NULL")
        for entry in _table(item, kind)
        if field.name in entry.fields
    ]
    if branches and branches[0][0] == "true":
        return branches[0][1]
    cases = " ".join(f"WHEN {carries} THEN {cell}" for carries, cell in branches)
    return f"CASE {cases} END" if cases else "NULL"


def _clear(item: Item, field: Field, kind: SubjectKind) -> bool:
    return any(_leaves(field, entry, kind) for entry in _table(item, kind) if field.name in entry.fields)


def _leaves(field: Field, entry: rules.ChannelDecision, kind: SubjectKind) -> bool:
    if field.whose is Whose.THIRD_PERSON:
        return False
    decided = entry.fields[field.name].verdict
    return decided is Verdict.REVEAL or (decided is Verdict.MASK and field.type == _REDACTED)


def _table(item: Item, kind: SubjectKind) -> tuple[rules.ChannelDecision, ...]:
    return rules.table(item, rules.Context(rules.RecipientKind.INSTITUTION, kind, _NO_CONSENT))


def _carries(channel: Channel) -> str:
    if channel.where is None:
        return "true"
    name, equals = channel.where.field, channel.where.equals
    value = str(equals).lower() if isinstance(equals, bool | int) else "'" + equals.replace("'", "''") + "'"
    return f'rows."{name}" IS NOT DISTINCT FROM {value}'


def _published(item: Item, day: date) -> str:
    if item.published_until is None:
        return "true"
    value = f'rows."{item.published_until}"'
    return f"({value} IS NULL OR {value} >= DATE '{day.isoformat()}')"
