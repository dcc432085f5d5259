"""A store that a script of acts is played into, and played anew without one batch and what named its rows."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from rongxin.catalogue import loader
from rongxin.disclosure import rules, sets
from rongxin.records import lake, lake_columns, lake_keeping, lake_verification
from rongxin.records.errors import RecordsError
from rongxin.records.models import Record
from rongxin.sharing.aggregation import (
    batches,
    corrected_row,
    desk,
    holding,
    outcomes,
    row_changes,
    withdrawal,
)
from rongxin.sharing.errors import DecisionOver, Held, NotFiled, NotWaiting, Refused, UnknownRow
from rongxin.sharing.rules import Mode, RowOutcome
from rongxin.vocabulary.actor import Actor, ActorKind
from rongxin.vocabulary.reason import Reason
from tests.unit.records import stored

from .conftest import NOW, Bureau, code
from .desk_stage import FIRST, SECOND, firm, old_code

TABLES = (
    "sharing_batch, parties_subject, records_record, records_withdrawal, records_unmatching, records_source,"
    " records_lake_manifest, records_lake_mark, records_lake_ending"
)
TURNED_AWAY = (Refused, RecordsError, NotFiled, NotWaiting, UnknownRow, DecisionOver)


@dataclass(frozen=True)
class Subject:
    """What is handed in: an item, by its header, with a row's cells from (key, name, code)."""

    item: str
    provider: str
    header: tuple[str, ...]
    keys: tuple[str, ...]
    lists: bool = False
    waits: bool = False

    def cells(self, key: int, name: str, number: str) -> tuple[str, ...]:
        given = {"企业名称": name, "发布时间": "2026-03-01", "纳税信用等级": "A"}
        given |= dict.fromkeys(CODES, number)
        return tuple(given.get(label, self.keys[key]) for label in self.header)


CODES = ("统一社会信用代码", "身份证号码/统一社会信用代码")
DEBTORS = Subject(
    "dishonest_judgment_debtor",
    "peoples_court",
    ("案号", "企业名称", "身份证号码/统一社会信用代码", "发布时间"),
    ("（2026）云1执1号", "（2026）云1执2号", "（2026）云1执3号"),
    lists=True,
    waits=True,
)
RATINGS = Subject(
    "taxpayer_credit_rating",
    "tax_bureau",
    ("评级年度", "企业名称", "统一社会信用代码", "纳税信用等级"),
    ("2023", "2024", "2025"),
    lists=True,
)
LICENCES = Subject(
    "business_licence", "market_regulation_bureau", ("企业名称", "统一社会信用代码"), ("", "", "")
)


@dataclass(frozen=True)
class Line:
    """A row of a file: of which record, of which firm, or of one that nobody knows yet."""

    key: int
    firm: int
    waits: bool = False


@dataclass(frozen=True)
class Step:
    """An act as it was carried out; `of` and `row` name a row by the act that brought it."""

    place: int
    what: str
    lines: tuple[tuple[int, Line], ...] = ()
    of: int = -1
    row: int = 0
    to: int = 0
    how: str = ""
    key: str = ""


@dataclass
class Store:
    """One provider's filings in a store of their own: whatever was there before is gone."""

    bureau: Bureau
    subject: Subject
    batch: dict[int, UUID] = field(default_factory=dict)
    line: dict[tuple[int, int], int] = field(default_factory=dict)
    card: dict[tuple[int, int], UUID] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {TABLES} CASCADE")
        self.firms = [firm(number, f"云州{number}厂") for number in (0, 1)]
        self.clerk = Actor(ActorKind.ACCOUNT, "clerk", f"provider:{self.subject.provider}")

    def plays(self, step: Step) -> Step | None:
        """Carry an act out; return what of it was taken, None where it was turned away whole."""
        try:
            return getattr(self, f"_{step.what}")(step, NOW + timedelta(days=step.place))  # type: ignore[no-any-return]
        except TURNED_AWAY:
            return None

    def _file(self, step: Step, day: datetime, mode: Mode = Mode.INCREMENT) -> Step | None:
        rows = [
            self.subject.cells(
                line.key,
                f"云州{step.place}之{number}厂",
                old_code(step.place * 10 + number) if line.waits else code(line.firm),
            )
            for number, line in step.lines
        ]
        path = self.bureau.writes(self.subject.header, rows)
        try:
            batch = batches.submit(
                path,
                item=self.subject.item,
                provider=self.subject.provider,
                actor=self.clerk,
                as_of=day,
                mode=mode,
            ).batch
        except Held as held:
            batch = holding.release(held.batch, actor=SECOND, as_of=day).batch
        assert batch is not None
        self.batch[step.place] = batch
        self.line |= {(step.place, number): line for line, (number, _) in enumerate(step.lines, 2)}
        back = [RowOutcome.REJECTED, RowOutcome.DUPLICATE]
        gone = {end.line for end in outcomes.of_batch(batch, back)}
        kept = tuple(one for one in step.lines if self.line[step.place, one[0]] not in gone)
        return replace(step, lines=kept)

    def _list(self, step: Step, day: datetime) -> Step | None:
        return self._file(step, day, Mode.SNAPSHOT)

    def _correct(self, step: Step, day: datetime) -> Step:
        given = {"企业名称": f"云州{step.place}正厂"}
        if step.how == "key" and self.subject.keys[0]:
            given[self.subject.header[0]] = self.subject.keys[step.to % 3]
        elif step.how == "firm":
            given[next(label for label in CODES if label in self.subject.header)] = code(step.to % 2)
        at = self.batch[step.of], self.line[step.of, step.row]
        receipt = row_changes.correct(*at, given, reason="录入有误", actor=self.clerk, as_of=day)
        assert receipt.batch is not None
        self.batch[step.place], self.line[step.place, 0] = receipt.batch, corrected_row.LINE
        return step

    def _end(self, step: Step, day: datetime) -> Step | None:
        """End whatever stands of a record: of a key, or of the firm's first where the act names none yet."""
        standing = Record.objects.filter(
            subject_id=self.firms[step.to % 2], item=self.subject.item, ended_at=None
        ).order_by("record_key")
        if step.key:
            standing = standing.filter(record_key=step.key)
        found = standing.values_list("batch_id", "line", "record_key").first()
        if found is None:
            return None
        row_changes.end(*found[:2], why=step.how, reason="终止", actor=self.clerk, as_of=day)
        return replace(step, key=found[2])

    def _take_back(self, step: Step, day: datetime) -> Step:
        at = self.batch[step.of], self.line[step.of, step.row]
        row_changes.withdraw(*at, reason="误报", actor=self.clerk, as_of=day)
        return step

    def _withdraw(self, step: Step, day: datetime) -> Step:
        withdrawal.withdraw(self.batch[step.of], actor=self.clerk, as_of=day)
        return step

    def _match(self, step: Step, day: datetime) -> Step | None:
        at = self.batch[step.of], self.line[step.of, step.row]
        card = desk.match(*at, code(step.to % 2), actor=FIRST, as_of=day)
        if card.outcome is None:
            card = desk.confirm(card.id, actor=SECOND, as_of=day)
        if card.outcome is not RowOutcome.MATCHED:
            desk.reverse(card.id, reason="未入库", actor=SECOND, as_of=day)
            return None
        self.card[step.of, step.row] = card.id
        return step

    def _unmatch(self, step: Step, day: datetime) -> Step | None:
        card = self.card.pop((step.of, step.row), None)
        if card is None:
            return None
        desk.reverse(card, reason="看错了", actor=SECOND, as_of=day)
        return step

    # ------------------------------------------------------------------ what it shows

    def shows(self, day: datetime) -> tuple[list[Any], list[Any], list[Any]]:
        """Report, lake and set path, the lake brought up to date and held against the table."""
        lake_keeping.catch_up(as_of=day)
        assert not list(lake_verification.files())
        assert lake_verification.contents(self.subject.item) is None
        return self._report(day), self._lake(), self._set_path(day.date())

    def _report(self, day: datetime) -> list[Any]:
        places = {batch: place for place, batch in self.batch.items()}
        return [
            (number, json.dumps(row.payload, sort_keys=True), places[row.batch_id], row.received_at)
            for number, subject in enumerate(self.firms)
            for row in sorted(
                stored.of(subject, [self.subject.item], as_of=day)[self.subject.item],
                key=lambda row: json.dumps(row.payload, sort_keys=True),
            )
        ]

    def _lake(self) -> list[Any]:
        item = loader.load().item(self.subject.item)
        names = ["_subject", "_observed_on", "_provider"]
        names += [column.name for column in lake_columns.of(item) if not column.name.startswith("_")]
        columns = ", ".join(f'"{name}"' for name in names)
        with lake.opened(item.item) as duck:
            rows = duck.execute(f'SELECT {columns} FROM "{item.item}"').fetchall()
        return sorted((self.firms.index(row[0]), *map(str, row[1:])) for row in rows)

    def _set_path(self, day: date) -> list[Any]:
        item = loader.load().item(self.subject.item)
        public = rules.Consented(Reason.CONSENT_MISSING, False, None)
        source = sets.Source(payload=sql.SQL("r.payload"), kind=sql.SQL("s.kind"))
        recipient = rules.RecipientKind.INSTITUTION
        decided = sets.decision(item, "name", recipient=recipient, consented=public, source=source)
        shown = sets.published(item, recipient=recipient, day=day, source=source)
        query = sql.SQL(
            "SELECT s.uscc, r.payload ->> 'name', {} FROM records_record r"
            " JOIN parties_subject s ON s.id = r.subject_id WHERE r.ended_at IS NULL AND {} ORDER BY 1, 2"
        ).format(decided, shown)
        with connection.cursor() as cursor:
            cursor.execute(query.as_string(connection.connection))
            return cursor.fetchall()


def closure(place: int, script: Collection[Step]) -> set[int]:
    """The acts that there would not have been without the batch of this act: those on its rows, in turn."""
    gone = {place}
    for step in script:
        if step.of in gone:
            gone.add(step.place)
    return gone
