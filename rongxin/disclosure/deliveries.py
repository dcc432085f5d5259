"""Files for a department: the set path over a list of codes, one intent and one outcome a subject ((五)(九)).

The same door as a single question, in the same order. Intents are committed before a row is read; the file is
written beside its place and appears there only once every outcome and the delivery's digest are committed. So
each firm finds the delivery among who looked, with what left about it, and a revoked mandate stops it whole.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

from django.db import transaction

from rongxin.catalogue import loader, redaction
from rongxin.catalogue.schema import Item
from rongxin.consent.rules import business_day
from rongxin.disclosure import delivery_files, marking, official_duty, plan, register, rules, sets
from rongxin.disclosure.errors import DeliveryInTheWay, MissingReference, NumberGiven, TooManyCodes
from rongxin.disclosure.left import Left, left_with
from rongxin.disclosure.models import Intent
from rongxin.disclosure.release import (
    Recipient,
    Refusal,
    Release,
    ReleasedField,
    ReleasedRow,
    Request,
    SubjectCard,
)
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import departments, duty_mandates, subjects
from rongxin.records import reading
from rongxin.sharing.aggregation import sources
from rongxin.vocabulary import uscc as codes
from rongxin.vocabulary.actor import SYSTEM, Actor
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.sharing_mode import SharingMode

#: How many firms one delivery may name; and how many are read at a time.
CODES_MAX = 20_000
_AT_A_TIME = 500


@dataclass(frozen=True)
class Order:
    """What a department asks for as a file."""

    department: str
    mandate: UUID
    person: str
    reference: str
    codes: tuple[str, ...]
    items: tuple[str, ...]
    form: delivery_files.Form = delivery_files.Form.JSON_LINES


@dataclass(frozen=True)
class Delivery:
    """What was handed over."""

    id: UUID
    directory: Path
    delivered: int
    refused: int
    unknown: int
    records: int
    entry: UUID


@dataclass(frozen=True)
class _Open:
    """An intent that waits for its outcome; of a release only what its outcome says is kept."""

    intent: Intent
    digest: str
    left: Left


def deliver(order: Order, into: Path, *, actor: Actor, as_of: datetime) -> Delivery | Refusal:
    """Write the delivery as the directory `into`, or refuse it whole with a reason that is journalled.

    A code that is unknown here or lies outside the mandate is refused by itself; `codes.csv` says so. Raises
    `DeliveryInTheWay`, `MissingReference`, `NumberGiven`, `TooManyCodes`, UnknownParty and
    catalogue.UnknownItem.
    """
    if not order.reference.strip():
        raise MissingReference
    if redaction.holds_number(order.reference) or redaction.holds_number(order.person):
        raise NumberGiven
    if into.exists():
        raise DeliveryInTheWay(str(into))
    asked = tuple(dict.fromkeys(codes.clean(code) for code in order.codes))
    if not 0 < len(asked) <= CODES_MAX:
        raise TooManyCodes(len(asked), CODES_MAX)
    items = tuple(loader.load().item(name) for name in dict.fromkeys(order.items))
    delivery = uuid4()
    draft = _request(order, "", items)
    with transaction.atomic(durable=True):
        refused = _admitted(draft, len(asked), actor=actor, as_of=as_of)
        if refused is not None:
            entry = register.miss(draft, refused, actor=actor, as_of=as_of)
            return Refusal(entry, refused, as_of, entry)
    part = into.with_name(f".{into.name}.{delivery}.part")
    try:
        with delivery_files.written(part, order.form, items) as files:
            opened: list[_Open] = []
            for first in range(0, len(asked), _AT_A_TIME):
                some = asked[first : first + _AT_A_TIME]
                opened += _read(order, some, items, files, actor=actor, as_of=as_of)
        entry_or_reason = _conclude(draft, delivery, opened, files, part, actor=actor, as_of=as_of)
        if isinstance(entry_or_reason, Reason):
            entry = register.miss(draft, entry_or_reason, actor=actor, as_of=as_of)
            return Refusal(delivery, entry_or_reason, as_of, entry)
        part.rename(into)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    counts = files.counts
    return Delivery(
        delivery, into, counts.delivered, counts.refused, counts.unknown, counts.records, entry_or_reason
    )


def _request(order: Order, uscc: str, items: Sequence[Item]) -> Request:
    department = departments.get(order.department)
    return Request(
        recipient=Recipient(rules.RecipientKind.DEPARTMENT, department.id, department.name, order.person),
        uscc=uscc,
        items=tuple(item.item for item in items),
        purpose=Purpose.OFFICIAL_DUTY,
        reference=order.reference,
        mandate_id=order.mandate,
    )


def _admitted(request: Request, subjects_asked: int, *, actor: Actor, as_of: datetime) -> Reason | None:
    """Whether the list may be answered at all; the operator hands files over, so it may act here too."""
    own = actor.party == f"department:{request.recipient.id}"
    if actor != SYSTEM and not own and not actor.is_operator:
        return Reason.RECIPIENT_MISMATCH
    refused = official_duty.standing(request, as_of=as_of)
    if refused is not None:
        return refused
    mandate = official_duty.look(request)
    assert mandate is not None
    return duty_mandates.take(mandate, business_day(as_of), count=subjects_asked)


def _read(
    order: Order,
    some: Sequence[str],
    items: Sequence[Item],
    files: delivery_files.Files,
    *,
    actor: Actor,
    as_of: datetime,
) -> Iterator[_Open]:
    with transaction.atomic(durable=True):
        intended = list(_intend(order, some, items, files, actor=actor, as_of=as_of))
    if not intended:
        return
    mandate = duty_mandates.get(order.mandate)
    for release, intent in releases(intended, items, official_duty.carries(mandate), as_of=as_of):
        files.add(release)
        yield _Open(intent, release.digest, left_with(release.items))


def _intend(
    order: Order,
    some: Sequence[str],
    items: Sequence[Item],
    files: delivery_files.Files,
    *,
    actor: Actor,
    as_of: datetime,
) -> Iterator[tuple[Request, SubjectCard, Intent]]:
    """Write one intent a subject; those outside the mandate get their refusal at once."""
    mandate = official_duty.look(_request(order, "", items))
    blank = _request(order, "", items)
    for code in some:
        request = replace(blank, uscc=code)
        subject = subjects.find(code)
        if subject is None:
            register.miss(request, None, actor=actor, as_of=as_of)
            files.refuse(code, None, "unknown_subject")
            continue
        refused = official_duty.standing(request, as_of=as_of) or official_duty.outside(mandate, subject)
        intent = register.intend(request, subject_id=subject.id, consent=None, actor=actor, as_of=as_of)
        if refused is not None:
            register.refuse(intent, refused, actor=actor, as_of=as_of)
            files.refuse(code, intent.id, refused.value)
            continue
        card = SubjectCard(subject.id, code, subject.name, subject.kind, subject.region, subject.status.label)
        yield request, card, intent


def releases(
    intended: Sequence[tuple[Request, SubjectCard, Intent]],
    items: Sequence[Item],
    carries: official_duty.Carries,
    *,
    as_of: datetime,
) -> Iterator[tuple[Release, Intent]]:
    """Yield what leaves of each subject by the set path: the same release as a single question's."""
    day, connected = business_day(as_of), sources.filed_items()
    source = sets.Source(reading.PAYLOAD, reading.KIND)
    decided = {
        item.item: (
            [
                sets.decision(item, name, recipient=_DEPARTMENT, consented=carries(item), source=source)
                for name in _fields(item)
            ],
            sets.published(item, recipient=_DEPARTMENT, day=day, source=source),
        )
        for item in items
        if item.aggregation is not None
    }
    found: dict[UUID, dict[str, list[ReleasedRow]]] = {}
    by_name = {item.item: item for item in items}
    kinds = {intent.id: card.kind.value for _, card, intent in intended}
    for one in reading.of_set(kinds, decided):
        rows = found.setdefault(one.intent, {}).setdefault(one.row.item, [])
        rows.append(_row(by_name[one.row.item], one))
    standing = marking.of([card.id for _, card, _ in intended])
    for request, card, intent in intended:
        plans = plan.make(
            items, carries, recipient=_DEPARTMENT, subject_kind=card.kind, is_signers=lambda number: False
        )
        rows_of = found.get(intent.id, {})
        answer = Release(
            id=intent.id,
            recipient=request.recipient,
            subject=card,
            purpose=request.purpose,
            case_id=None,
            consent_id=None,
            reference=request.reference,
            released_at=as_of,
            items=marking.beside(
                [
                    plan.released(
                        entry,
                        rows_of.get(entry.item.item, []) if entry.reads_store else [],
                        [],
                        connected=entry.item.item in connected,
                    )
                    for entry in plans
                ],
                standing.get(card.id, ()),
            ),
            intent_entry=intent.entry,
            mandate_id=request.mandate_id,
        )
        yield replace(answer, digest=answer.compute_digest()), intent


_DEPARTMENT = rules.RecipientKind.DEPARTMENT


def _fields(item: Item) -> list[str]:
    return [field.name for field in item.fields]


def _row(item: Item, one: reading.Decided) -> ReleasedRow:
    decisions = dict(zip(_fields(item), map(sets.parse, one.decisions), strict=True))
    fields = {}
    for name, value in one.row.payload.items():
        decision = decisions.get(name)
        if decision is not None and decision.leaves:
            value = rules.apply(decision, item.field(name), value)
            fields[name] = ReleasedField(decision.verdict, value, decision.reason)
    return ReleasedRow(
        record_id=one.row.id,
        observed_on=one.row.observed_on,
        received_at=one.row.received_at,
        provider=one.row.provider,
        mode=SharingMode.PHYSICAL_AGGREGATION,
        fields=fields,
    )


def _conclude(
    request: Request,
    delivery: UUID,
    opened: Sequence[_Open],
    files: delivery_files.Files,
    part: Path,
    *,
    actor: Actor,
    as_of: datetime,
) -> UUID | Reason:
    """Look at the mandate once more, then commit every outcome and the delivery; bytes leave after that."""
    with transaction.atomic(durable=True):
        refused = official_duty.standing(request, as_of=as_of)
        for one in opened:
            if refused is not None:
                register.refuse(one.intent, refused, actor=actor, as_of=as_of)
            else:
                register.conclude(one.intent, one.digest, one.left, actor=actor, as_of=as_of)
        if refused is not None:
            return refused
        mandate = official_duty.look(request)
        assert mandate is not None
        manifest = delivery_files.sign(part, delivery, request, mandate, files, as_of=as_of)
        entry = entries.append(
            Kind.DISCLOSURE_DELIVERED,
            actor=actor,
            refs={
                "delivery": str(delivery),
                "department": request.recipient.id,
                "mandate": str(request.mandate_id),
            },
            commitments={"manifest": manifest},
            as_of=as_of,
        )
    return entry.id
