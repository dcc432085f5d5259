"""A small city for the tests of runs: registered firms, rows filed for them, sources that have answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import polars as pl
from django.db import transaction

from rongxin.catalogue import loader
from rongxin.evaluation import runs
from rongxin.evaluation.runs import Outcome
from rongxin.journal import entries, sequencer
from rongxin.journal.rules import Kind
from rongxin.parties.models import Provider, Subject
from rongxin.proof import canonical
from rongxin.records import filing
from rongxin.records.rules import EndedWhy
from rongxin.sharing.models import Batch
from rongxin.vocabulary import uscc
from rongxin.vocabulary.actor import SYSTEM

NOW = datetime(2026, 4, 1, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
VERSION = "2026-01-01"
PENALTY = "administrative_penalty"
_SCHEMA = {
    "line": pl.Int64,
    "subject_id": pl.Int64,
    **dict.fromkeys(("record_key", "observed_on", "digest", "payload", "source"), pl.Utf8),
}


def quiet(what: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""


class City:
    """Opens subjects and files for them; the clock goes on by an hour with everything done."""

    def __init__(self) -> None:
        self.now = NOW
        self._provider = Provider.objects.create(id="bureau", name="虚构单位")

    def firm(self, kind: str = "company", **more: Any) -> Subject:
        number = Subject.objects.count() + 1
        head = {"company": "91", "individual_business": "92", "farmer_cooperative": "93"}[kind]
        return Subject.objects.create(
            kind=kind,
            uscc=uscc.compose(head, "330106", f"MA{number:06d}"),
            name=f"云州第{number}商贸有限公司",
            canonical_name=f"云州{number}|",
            registration_status="registered",
            region="330106",
            industry="F5100",
            size_class="small",
            established_on=date(2015, 3, 1),
            opened_at=NOW,
            **more,
        )

    def files(self, item: str, *rows: tuple[Subject, str, Mapping[str, Any]]) -> UUID:
        """File a batch as an intake does: rows, batch, journal entry."""
        self.now += timedelta(hours=1)
        made = loader.load().item(item)
        lot = filing.Lot(uuid4(), item, made.version, "bureau", self.now, False)
        staged = [
            _row(line, firm.id, key, content, made.observed_on)
            for line, (firm, key, content) in enumerate(rows, 2)
        ]
        with transaction.atomic():
            staging = filing.stage(lot, as_of=self.now)
            staging.write(pl.DataFrame(staged, schema=_SCHEMA))
            staging.file()
            self._batch(lot.batch_id, item)
        return lot.batch_id

    def connects(self, *items: str) -> None:
        """Let a source have answered that it has nothing new: its item is known of everybody."""
        self.now += timedelta(hours=1)
        for item in items:
            self._batch(uuid4(), item)

    def _batch(self, batch: UUID, item: str) -> None:
        entry = entries.append(
            Kind.BATCH_FILED,
            actor=SYSTEM,
            refs={"batch": str(batch), "item": item, "provider": "bureau"},
            as_of=self.now,
        )
        Batch.objects.create(
            id=batch,
            item=item,
            provider=self._provider,
            sha256=batch.hex * 2,
            file_name="虚构.csv",
            size_bytes=1,
            status="filed",
            received_at=self.now,
            finished_at=self.now,
            actor_kind="system",
            actor_id="system",
            receipt={},
            journal_entry=entry.id,
        )

    def repairs(self, firm: Subject, record: int) -> None:
        self.now += timedelta(hours=1)
        filing.end(
            [record], EndedWhy.REPAIRED, subject_id=firm.id, ended_by="repair:1", actor=SYSTEM, as_of=self.now
        )

    def run(self, **more: Any) -> Outcome:
        self.now += timedelta(hours=1)
        given: dict[str, Any] = {"day": self.now.date(), "version": VERSION, "progress": quiet} | more
        return runs.full(**given, actor=SYSTEM, as_of=self.now)

    def hears(self) -> None:
        """Put what was journalled into the tree, so that it is news."""
        sequencer.integrate()


def _row(line: int, subject: int, key: str, content: Mapping[str, Any], on: str | None) -> dict[str, Any]:
    return {
        "line": line,
        "subject_id": subject,
        "record_key": key,
        "observed_on": content.get(on) if on else None,
        "digest": canonical.digest(content),
        "payload": canonical.dumps(content).decode(),
        "source": "{}",
    }


def penalty(decided_on: str = "2026-02-01", fine: str = "50000.00") -> dict[str, Any]:
    return {
        "violation_facts": "虚构",
        "violation_type": "虚构",
        "fine_cny": fine,
        "decided_on": decided_on,
        "decision_number": decided_on,
    }
