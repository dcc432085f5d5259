"""A firm, the department that handed in what is held of it, and a bank that asks; all invented."""

from __future__ import annotations

import csv
import itertools
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from rongxin.catalogue import loader
from rongxin.delivery import report
from rongxin.disclosure import gate
from rongxin.disclosure.release import Recipient, Release, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.parties import seed
from rongxin.records.models import Record
from rongxin.rights import objections
from rongxin.rights.objections import Complaint
from rongxin.sharing.aggregation import batches, sources
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.purpose import Purpose
from tests.unit.consent import stage

NOW = stage.NOW
PENALTY, COURT_LIST = "administrative_penalty", "dishonest_judgment_debtor"
BUREAU = "development_reform_commission"
HEAD = ("企业名称", "统一社会信用代码", "行政处罚决定书文号", "罚款金额", "行政处罚决定日期", "说明")
PDF = b"%PDF-1.7 the receipt of the fine"
_numbers = itertools.count(1)


@dataclass
class Scene:
    """What a test of rights plays with; `days` pass as batches come."""

    directory: Path
    firm: stage.Firm = field(default_factory=stage.firm)
    bank: str = ""
    days: int = 0

    @property
    def now(self) -> datetime:
        return NOW + timedelta(days=self.days)

    @property
    def owner(self) -> Actor:
        return Actor(ActorKind.ACCOUNT, str(self.firm.owner.account), f"subject:{self.firm.id}")

    @property
    def clerk(self) -> Actor:
        return Actor(ActorKind.ACCOUNT, "91", f"provider:{BUREAU}")

    def fined(
        self, document: str = "云罚〔2026〕1号", fine: str = "5000.00", *, firm: Any = None, by: str = BUREAU
    ) -> int:
        """Have the bureau hand in a fine; return the record that now counts."""
        self.days += 1
        whom = firm or self.firm
        path = self.directory / f"{next(_numbers)}.csv"
        with path.open("w", newline="", encoding="utf-8-sig") as file:
            csv.writer(file).writerows(
                [HEAD, ("云州蓝鲸物流有限公司", whom.uscc, document, fine, "2026-02-01", "虚构")]
            )
        clerk = replace(self.clerk, party=f"provider:{by}")
        got = batches.submit(path, item=PENALTY, provider=by, actor=clerk, as_of=self.now)
        assert got.counts.accepted == 1, got.document()
        sources.forget()
        return self.live(firm=whom)[-1]

    def live(self, *, firm: Any = None) -> list[int]:
        rows = Record.objects.filter(subject_id=(firm or self.firm).id, ended_at=None)
        return list(rows.order_by("id").values_list("id", flat=True))

    def asks(self, *items: str, own: bool = False, bank: str = "") -> dict[str, Any]:
        """Return the report that the bank (or the firm itself) gets, as JSON."""
        answer = self.releases(*items, own=own, bank=bank)
        return report.build(answer, loader.load(), node="云州")

    def releases(self, *items: str, own: bool = False, bank: str = "") -> Release:
        kind = RecipientKind.SUBJECT if own else RecipientKind.INSTITUTION
        who = str(self.firm.id) if own else bank or self.bank
        request = Request(
            recipient=Recipient(kind, who, "查询人", "clerk-7"),
            uscc=self.firm.uscc,
            items=items or (PENALTY,),
            purpose=Purpose.SELF_ACCESS if own else Purpose.FINANCING_SUPPORT,
            reference="DK-1",
        )
        actor = self.owner if own else Actor(ActorKind.ACCOUNT, "7", f"institution:{who}")
        answer = gate.release(request, actor=actor, as_of=self.now)
        assert isinstance(answer, Release), answer
        return answer

    def objects(self, record: int | None, *fields: str, **changes: Any) -> UUID:
        complaint = {"item": PENALTY, "record": record, "fields": fields, "statement": "罚款已更正为一千元"}
        return self.lodges(Complaint(**(complaint | changes)))

    def lodges(self, complaint: Complaint) -> UUID:
        return objections.lodge(self.firm.id, complaint, actor=self.owner, as_of=self.now).id


def opened(directory: Path) -> Scene:
    """Set the stage: providers of the catalogue, a firm with its owner, a bank that may ask."""
    seed.seed(loader.load(), actor=SYSTEM, as_of=NOW)
    sources.forget()
    scene = Scene(directory)
    scene.bank = stage.bank(f"bank_r{next(_numbers)}")
    return scene


def rows_of(document: dict[str, Any], item: str = PENALTY) -> list[dict[str, Any]]:
    """Return an item's rows in a report."""
    found = {one["item"]: one for section in document["sections"] for one in section["items"]}
    rows: list[dict[str, Any]] = found[item]["rows"]
    return rows
