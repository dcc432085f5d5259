"""A bank with a subscription, firms with records, and a recipient that takes pushes in; all invented."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb

from rongxin.catalogue import loader
from rongxin.catalogue.redaction import MARK
from rongxin.delivery.push import files, runs, subscriptions
from rongxin.delivery.push.errors import UnfitTerms as UnfitTerms
from rongxin.delivery.push.rules import Form as Form
from rongxin.delivery.push.rules import Terms
from rongxin.disclosure import gate
from rongxin.disclosure.release import Recipient, Refusal, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.journal import entries as entries
from rongxin.journal import keyring
from rongxin.proof import push_manifest
from rongxin.sharing.aggregation import sources
from rongxin.vocabulary.actor import Actor, ActorKind
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.subject_kind import SubjectKind as SubjectKind
from rongxin.vocabulary.verdict import Verdict
from rongxin.vocabulary.whose import Whose
from tests.unit.consent import stage
from tests.unit.records.conftest import Bureau, Row

PENALTY, LICENCE, RATING = "administrative_penalty", "business_licence", "taxpayer_credit_rating"
BANK = Actor(ActorKind.ACCOUNT, "7", "institution:bank_a")
OPERATOR = Actor(ActorKind.SYSTEM, "cli-1", "operator")
NUMBER = "11010119900307123X"  # a right check digit; nobody's
TERMS = Terms(items=(PENALTY, LICENCE, RATING), reference="PUSH-2026-1", basis="接入协议第3条")
Held = dict[tuple[str, int], dict[str, Any]]


def later(hours: float = 0) -> datetime:
    """A moment after the bureau's batches (which come a day apart from 1 April 2026)."""
    return datetime.now(tz=stage.NOW.tzinfo) + timedelta(hours=hours)


def subscription(bank: str = "bank_a", **changes: Any) -> UUID:
    sources.forget()
    card = subscriptions.subscribe(bank, replace(TERMS, **changes), actor=BANK, as_of=stage.NOW)
    return card.id


def confirm(subscription: UUID, version: int = 1) -> None:
    subscriptions.confirm(subscription, version, why="协议已核", actor=OPERATOR, as_of=stage.NOW)


def penalty(firm: stage.Firm, fine: str = "1000.00", **more: Any) -> dict[str, Any]:
    return {
        "name": "云州蓝鲸物流有限公司",
        "uscc": firm.uscc,
        "legal_representative": "张建国",
        "legal_representative_id_number": NUMBER,
        "document_title": "=HYPERLINK(1)",
        "violation_facts": f"当事人{NUMBER}未按规定操作",
        "fine_cny": fine,
        "decided_on": "2026-02-01",
        **more,
    }


def fine(bureau: Bureau, firm: stage.Firm, key: str = "一号", amount: str = "1000.00", **more: Any) -> UUID:
    row = Row(2, firm.id, key, penalty(firm, amount, **more), date(2026, 2, 1))
    return bureau.files(row)[0]


def run(subscription: UUID, *, hours: float = 0) -> runs.Card:
    return runs.make(subscription, actor=OPERATOR, as_of=later(hours))


def acknowledged(subscription: UUID, held: Held) -> runs.Card:
    """Make a run, verify, acknowledge, and take it in."""
    made = run(subscription)
    folder = files.directory(made.id)
    manifest = push_manifest.verify(folder, keyring.verifying_keys())
    runs.acknowledge(made.id, made.manifest, institution=made.institution, actor=BANK, as_of=later())
    take_in(folder, manifest, held)
    return made


def take_in(folder: Path, manifest: dict[str, Any], held: Held) -> None:
    """Do what a recipient does with a push: a full one replaces, removals go, rows are put in."""
    if manifest["kind"] == "full":
        held.clear()
    for name, file in manifest["files"].items():
        for row in rows_of(folder / name):
            if file["role"] == "removals":
                del held[row["item"], row["_record"]]  # a row that it never had is an error
    for name, file in manifest["files"].items():
        for row in rows_of(folder / name) if file["role"] == "rows" else []:
            held[file["item"], row["_record"]] = row


def rows_of(path: Path) -> list[dict[str, Any]]:
    with duckdb.connect() as duck:
        found = duck.execute(f"SELECT * FROM '{path}'")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def told(held: Held) -> Counter[tuple[Any, ...]]:
    """What a recipient holds, as values to compare: item, firm, and the fields that are there."""
    own = {"_record", "_uscc", "_observed_on", "_filed_on", "_provider", "_marks"}
    return Counter(
        (
            item,
            row["_uscc"],
            frozenset((k, _same(v)) for k, v in row.items() if k not in own and v is not None),
        )
        for (item, _), row in held.items()
    )


def by_the_gate(firms: list[stage.Firm], items: tuple[str, ...] = TERMS.items) -> Counter[tuple[Any, ...]]:
    """What the gate answers the same bank about each firm, less what a push never carries."""
    return Counter(row for firm in firms for row in _answered(firm, items))


def _answered(firm: stage.Firm, items: tuple[str, ...]) -> list[tuple[Any, ...]]:
    request = Request(
        recipient=Recipient(RecipientKind.INSTITUTION, "bank_a", "银行", "clerk-1"),
        uscc=firm.uscc,
        items=items,
        purpose=Purpose.FINANCING_SUPPORT,
        reference="PUSH-2026-1",
    )
    answer = gate.release(request, actor=BANK, as_of=later())
    assert not isinstance(answer, Refusal), answer
    return [
        (item.item, firm.uscc, fields)
        for item in answer.items
        for row in item.rows
        if (
            fields := frozenset((k, _same(f.value)) for k, f in row.fields.items() if _clear(item.item, k, f))
        )
    ]


def _clear(item: str, name: str, field: Any) -> bool:
    known = loader.load().item(item).field(name)
    if field.value is None or known.field_type.sensitive or known.whose is Whose.THIRD_PERSON:
        return False
    if MARK in str(field.value):
        return False  # a text in which a number hides lies sealed, and no push carries that (0008)
    return field.verdict is Verdict.REVEAL or known.type == "free_text"


def _same(value: Any) -> str:
    """Typed or as text, equal values read the same (1000.00 and 1000.000000, a date and its letters)."""
    try:
        return str(float(value))
    except (TypeError, ValueError):
        return str(value)
