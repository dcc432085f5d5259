"""A stage for the matching desk: registered firms, rows that wait, clerks of the operator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F

from rongxin.parties import identity, subjects
from rongxin.records.models import Record
from rongxin.sharing.aggregation import desk
from rongxin.sharing.aggregation.decisions import Card
from rongxin.sharing.models import Batch, Outcome
from rongxin.sharing.rules import Mode
from rongxin.vocabulary import uscc
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind

from .conftest import NOW, Bureau, code

DEBTOR = "dishonest_judgment_debtor"
COURT = "peoples_court"
DEBTORS = (
    "案号",
    "企业名称",
    "身份证号码/统一社会信用代码",
    "法定代表人或者负责人姓名",
    "所在地",
    "发布时间",
)
HONOUR = ("企业名称", "统一社会信用代码", "荣誉名称", "表彰日期", "表彰机关名称")
FIRST, SECOND = (Actor(ActorKind.ACCOUNT, name, "operator:node") for name in ("first", "second"))


def old_code(number: int) -> str:
    """The organisation code of before 2015 of a firm that the register doesn't know."""
    body = f"QX{number:06d}"
    return body + uscc.organisation_check_digit(body)


def firm(number: int, name: str, representative: str = "云小满", region: str = "990101") -> int:
    """Register a firm and return its number."""
    card = subjects.register(
        subjects.Registration(
            uscc=code(number),
            name=name,
            region=region,
            legal_representative=representative,
            legal_representative_commitment=identity.commit("11010119900307002X"),
        ),
        actor=SYSTEM,
        as_of=NOW,
    )
    return card.id


@dataclass
class Court:
    """Hands in judgment debtors by old codes, which wait, and honours by name, which are made to wait."""

    bureau: Bureau

    def lists(self, *rows: tuple[str, str, str], mode: Mode = Mode.INCREMENT) -> UUID:
        """Hand in rows of (case, name, code)."""
        lines = [(case, name, number, "云小满", "云溪区", "2026-03-01") for case, name, number in rows]
        path = self.bureau.writes(DEBTORS, lines)
        receipt = self.bureau.submits(path, DEBTOR, COURT, mode=mode)
        assert receipt.batch is not None
        return receipt.batch

    def honours(self, *rows: tuple[str, str, str], day: str = "2026-03-01") -> UUID:
        """Hand in honours of (name, code, honour); rows with the code "?" wait afterwards.

        No item of today's catalogue that speaks well of a firm may come without a code, so the row is handed
        back and then put where a row of such an item would be.
        """
        lines = [(name, number, honour, day, "云州市") for name, number, honour in rows]
        receipt = self.bureau.submits(self.bureau.writes(HONOUR, lines), "honours")
        assert receipt.batch is not None
        waiting = Outcome.objects.filter(batch_id=receipt.batch, rule="uscc_shape")
        count = waiting.update(outcome="pending", rule="name_ambiguous", message="有多个同名主体")
        Batch.objects.filter(pk=receipt.batch).update(
            pending=F("pending") + count, rejected=F("rejected") - count
        )
        return receipt.batch

    def matches(self, batch: UUID, line: int, number: int, actor: Actor = FIRST) -> Card:
        return desk.match(batch, line, code(number), actor=actor, as_of=self.later())

    def later(self) -> datetime:
        self.bureau.today += timedelta(minutes=1)
        return self.bureau.today


def live(subject: int, item: str = "honours") -> list[tuple[UUID, int]]:
    """Which rows of an item count for a subject: batch and line."""
    found = Record.objects.filter(subject_id=subject, item=item, ended_at=None)
    return list(found.order_by("record_key").values_list("batch_id", "line"))


def counts(batch_id: UUID) -> tuple[int, int, int, int]:
    """Accepted, rejected, pending, duplicate."""
    batch = Batch.objects.get(pk=batch_id)
    assert batch.read == batch.accepted + batch.rejected + batch.pending + batch.duplicate
    return batch.accepted, batch.rejected, batch.pending, batch.duplicate
