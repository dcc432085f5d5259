"""Releases to render: made by the gate's own rules from the catalogue and invented rows, without a
database.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from rongxin.catalogue import example, loader
from rongxin.catalogue.schema import Item
from rongxin.delivery import report
from rongxin.delivery.rendering import presentation
from rongxin.disclosure import plan, rules
from rongxin.disclosure.release import Recipient, Release, ReleasedItem, SubjectCard
from rongxin.disclosure.rules import RecipientKind
from rongxin.exchange.question import Match
from rongxin.exchange.receipt import Decided
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.period import Period
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.subject_kind import SubjectKind

AT = datetime(2026, 3, 2, 1, 30, 0, 123_456, tzinfo=UTC)
NODE = "云州市融资信用服务平台"
COMPANY = SubjectCard(
    7, "91990100MA0000000X", "云州晨星精密机械有限公司", SubjectKind.COMPANY, "990101", "已实名注册"
)
SHOP = SubjectCard(
    8, "92990100MA00000001", "云州市老王面馆", SubjectKind.INDIVIDUAL_BUSINESS, "990102", "未注册"
)
BANK = Recipient(RecipientKind.INSTITUTION, "bank_a", "云州农村商业银行", "客户经理 李四")


@dataclass(frozen=True)
class Row:
    """A stored row and a provider's answer in one: what `plan.answer` reads of either."""

    payload: Mapping[str, Any]
    id: int = 1
    provider: str = "development_reform_commission"
    observed_on: date | None = date(2025, 6, 1)
    received_at: datetime = AT


@dataclass(frozen=True)
class Answer:
    availability: Availability
    rows: Sequence[Mapping[str, Any]]
    provider: str = "tax_bureau"
    answered_at: datetime = AT
    reason: Reason | None = None
    sealed: bytes = b""
    results: Mapping[str, Match] = field(default_factory=dict)
    narrowed: Decided = field(default_factory=dict)

    def limits(self, row: int) -> Decided:
        return self.narrowed


def release(
    *,
    subject: SubjectCard = COMPANY,
    consent: rules.Consented | None = None,
    rows: int = 1,
    seed: int = 1,
    items: Sequence[str] | None = None,
    connected: Callable[[Item], bool] = lambda item: True,
    answers: Availability = Availability.RECORDS,
    change: Callable[[str, dict[str, Any]], dict[str, Any]] = lambda item, row: row,
) -> Release:
    """Carry out the plan of a request with `rows` invented rows for each item that may be read or called."""
    rng = random.Random(seed)
    consented = consent or rules.Consented(Reason.CONSENT_MISSING)
    chosen = [loader.load().item(name) for name in items or loader.load().items]
    plans = plan.make(
        chosen,
        lambda item: consented,
        recipient=BANK.kind,
        subject_kind=subject.kind,
        is_signers=lambda number: False,
    )

    def invent(item: Item) -> list[dict[str, Any]]:
        return [change(item.item, example.row(item, rng)) for _ in range(rows)]

    released = []
    for entry in plans:
        stored = [
            Row(row, id=n, observed_on=_observed(entry.item, row)) for n, row in enumerate(invent(entry.item))
        ]
        stored = stored if entry.reads_store and connected(entry.item) else []
        replies = [
            Answer(
                answers, invent(entry.item) if answers is Availability.RECORDS else [], call.channel.provider
            )
            for call in entry.calls
        ]
        released.append(plan.answer(entry, stored, replies, connected=connected(entry.item), day=AT.date()))
    draft = Release(
        id=UUID(int=0x0190_0000_0000_7000_8000_0000_0000_0000 + seed),
        recipient=BANK,
        subject=subject,
        purpose=Purpose.PRE_LOAN_REVIEW,
        case_id=UUID(int=11) if consented.covers else None,
        consent_id=UUID(int=12) if consented.covers else None,
        reference="XD-2026-000123",
        released_at=AT,
        items=tuple(released),
        intent_entry=UUID(int=13),
        outcome_entry=UUID(int=14),
    )
    return replace(draft, digest=draft.compute_digest())


def _observed(item: Item, row: Mapping[str, Any]) -> date | None:
    value = str(row.get(item.observed_on, "")) if item.observed_on else ""
    return date.fromisoformat(value) if len(value) == 10 else None


NONE = rules.Consented(Reason.CONSENT_MISSING)
FULL = rules.Consented(Reason.CONSENTED, person=False)
FULL_WITH_PERIOD = rules.Consented(Reason.CONSENTED, period=Period(date(2024, 1, 1), date(2026, 3, 1)))


def document(given: Release) -> dict[str, Any]:
    return report.build(given, loader.load(), node=NODE)


def prepared(given: Release, notice: str | None = None) -> dict[str, Any]:
    return presentation.prepare(document(given), region_label="云州市云溪区", notice=notice)


def without_rows(item: ReleasedItem) -> ReleasedItem:
    return replace(item, rows=(), availability=Availability.NO_RECORD, reason=None)
