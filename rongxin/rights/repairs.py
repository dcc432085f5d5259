"""信用修复: taken in with its materials, and forwarded to the one national window (令第36号).

谁认定谁修复: the platform never decides, it follows (`window_decisions`). Granted, the record ends:
publication, sharing and use stop at once in every report, push and score, and whoever received it is told.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from rongxin.catalogue import loader
from rongxin.consent.rules import business_day
from rongxin.journal import keyring, windows
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties import subjects
from rongxin.proof import canonical, jws
from rongxin.records import marks, whereabouts
from rongxin.records.rules import MarkKind
from rongxin.records.whereabouts import Place
from rongxin.rights import objections, papers, policy
from rongxin.rights import repair_cards as cards
from rongxin.rights.errors import RepairNotPossible, RepairRefused, WindowSilent
from rongxin.rights.models import Repair
from rongxin.rights.repair_cards import Card
from rongxin.rights.rules import repair as rules
from rongxin.rights.rules.repair import Act, Severity, State
from rongxin.rights.windows import way
from rongxin.rights.windows.window import Package
from rongxin.sharing import errands
from rongxin.vocabulary.actor import SYSTEM, Actor

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wish:
    """What the subject asks: which record is to be repaired, of which class, and with which materials."""

    record: int
    severity: Severity
    statement: str
    materials: tuple[papers.File, ...]


def request(subject_id: int, wish: Wish, *, actor: Actor, as_of: datetime) -> Card:
    """Take in a request as a person of the subject's; a worker forwards it. The record bears a mark.

    Raises RepairRefused, RepairNotPossible, PaperRefused and records.UnknownRecord.
    """
    objections.speaks_for(subject_id, actor=actor, as_of=as_of)
    edition = policy.repairs_on(business_day(as_of))
    statement = _checked(wish, edition)
    place = _place(subject_id, wish.record, edition, actor=actor, as_of=as_of)
    id = uuid4()
    with transaction.atomic():
        subjects.lock(subject_id)
        rows = Repair.objects.filter(subject=subject_id, state__in=cards.values(rules.OPEN))
        if rows.filter(record_id=wish.record).exists():
            raise RepairNotPossible("该记录的信用修复申请正在办理，请等待决定，或撤回后重新申请")
        row = Repair(
            id=id,
            subject_id=subject_id,
            item=place.item,
            record_id=wish.record,
            provider=place.provider,
            observed_on=place.observed_on,
            severity=wish.severity.value,
            state=State.REQUESTED.value,
            statement=keyring.data_keys().seal(statement.encode(), place=cards.SEALED.place((id,))),
            requested_at=as_of,
            requested_by=str(actor),
        )
        said = canonical.digest({"statement": statement, "materials": papers.digests(wish.materials)})
        row.entry = cards.journal(
            Kind.REPAIR_REQUESTED, row, actor=actor, as_of=as_of, commitments={"said": said}
        )
        row.save(force_insert=True)
        papers.keep(id, wish.materials, as_of=as_of)
        marks.put(
            subject_id,
            place.item,
            wish.record,
            (),
            kind=MarkKind.REPAIR,
            act=id,
            actor=actor,
            as_of=as_of,
        )
    return cards.card(row)


def withdraw(repair_id: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Take a request back as a person of the subject's; what the window may still decide is not followed."""
    with transaction.atomic():
        row = cards.locked(repair_id)
        objections.speaks_for(row.subject_id, actor=actor, as_of=as_of)
        cards.may(row, Act.WITHDRAW)
        cards.close(row, Act.WITHDRAW, actor=actor, as_of=as_of)
        cards.journal(Kind.REPAIR_WITHDRAWN, row, actor=actor, as_of=as_of)
    return cards.card(row)


def forward_waiting(*, as_of: datetime) -> int:
    """Hand requests that wait to the window; one that it doesn't take waits on. Returns how many went."""
    window, gone = way.connected(), 0
    waiting = Repair.objects.filter(state=State.REQUESTED.value).order_by("requested_at", "id")
    for id in list(waiting.values_list("id", flat=True)[:100]):
        try:
            reference = window.hand_over(_package(id))
        except WindowSilent as error:
            _log.warning("repair %s is not forwarded: %s", id, error)
            break
        with transaction.atomic():
            row = cards.locked(id)
            if Act.FORWARD not in rules.TRANSITIONS[State(row.state)]:
                continue  # withdrawn meanwhile: the window may know it, nothing follows from that
            row.state = rules.TRANSITIONS[State(row.state)][Act.FORWARD].value
            row.forwarded_at, row.window, row.window_reference = as_of, window.name[:200], reference
            row.save(update_fields=["state", "forwarded_at", "window", "window_reference"])
            cards.journal(Kind.REPAIR_FORWARDED, row, actor=SYSTEM, as_of=as_of)
            cards.tell(row, "repair_forwarded", "您的信用修复申请已转送全国受理窗口。", as_of=as_of)
        gone += 1
    return gone


def note_silence(*, as_of: datetime) -> int:
    """Write one entry for each request of which nothing was heard for long; the alarm follows the journal."""
    today = business_day(as_of)
    before = as_of - timedelta(days=policy.repairs_on(today).silent_days)
    late = Repair.objects.filter(
        state__in=cards.values(rules.OPEN), requested_at__lt=before, silent_on=None
    ).order_by("requested_at", "id")
    done = 0
    for id in list(late.values_list("id", flat=True)[:1000]):
        with transaction.atomic():
            row = cards.locked(id)
            if row.silent_on is None and State(row.state) in rules.OPEN:
                row.silent_on = today
                row.save(update_fields=["silent_on"])
                cards.journal(Kind.REPAIR_SILENT, row, actor=SYSTEM, as_of=as_of)
                done += 1
    return done


def repairable(subject_id: int, record: int, *, actor: Actor, as_of: datetime) -> Place:
    """Return which record a request would be about, so that nobody fills in a form in vain.

    Raises RepairRefused where it needs no repair or another body repairs it, and records.UnknownRecord.
    """
    return _place(subject_id, record, policy.repairs_on(business_day(as_of)), actor=actor, as_of=as_of)


def period_of(observed_on: date | None, severity: Severity, *, on: date) -> rules.Period | None:
    """Return from when an entry of a class may be repaired and when its publication ends by itself."""
    if observed_on is None:
        return None
    months = policy.repairs_on(on).severities[severity]
    return rules.period(observed_on, months.months_min, months.months_max)


def get(repair_id: UUID) -> Card:
    """Return a request; raises `UnknownRepair`."""
    return cards.card(cards.found(repair_id))


def statement_of(repair_id: UUID) -> str:
    """Return what the subject said."""
    row = cards.found(repair_id)
    return keyring.data_keys().open(bytes(row.statement), place=cards.SEALED.place((row.id,))).decode()


def of_subject(subject_id: int, window: Window) -> Part[Card]:
    """Return a part of a subject's requests, the newest first."""
    return windows.part(Repair.objects.filter(subject=subject_id), window, "-requested_at", "id").of(
        cards.card
    )


#: By what the queue can be put in order.
SORTS: Mapping[str, tuple[str, ...]] = {"oldest": ("requested_at", "id"), "newest": ("-requested_at", "id")}


def queue(
    window: Window,
    *,
    provider: str | None = None,
    open_only: bool = True,
    find: str = "",
    sort: str = "oldest",
) -> Part[Card]:
    """Return a part of everybody's requests, or of those about a provider's records, the oldest first;
    `find`: of firms with this code or this in their name.
    """
    rows = Repair.objects.all() if provider is None else Repair.objects.filter(provider=provider)
    rows = rows.filter(state__in=cards.values(rules.OPEN)) if open_only else rows
    rows = rows.filter(subjects.called(find)) if find else rows
    return windows.part(rows, window, *SORTS[sort]).of(cards.card)


def _checked(wish: Wish, edition: policy.Repairs) -> str:
    statement = wish.statement.strip()
    if not statement or len(statement) > edition.statement_characters_max:
        raise RepairRefused(f"请写明义务履行情况，不超过{edition.statement_characters_max}字")
    there = {file.purpose for file in wish.materials}
    lacking = [material.label for material in edition.materials if material.value not in there]
    if lacking:
        raise RepairRefused(f"缺少{'、'.join(lacking)}，请补齐后提交")
    papers.check(wish.materials, files_max=edition.files_max, file_bytes_max=edition.file_bytes_max)
    return statement


def _place(subject_id: int, record: int, edition: policy.Repairs, *, actor: Actor, as_of: datetime) -> Place:
    """Return where the record is; refuse what is over, or what another body than the window repairs."""
    given: dict[str, Any] = {"subject": subject_id, "record": record, "actor": actor, "as_of": as_of}
    place = whereabouts.read(errands.ask("record.find", **given))
    if place.ended_at is not None:
        raise RepairRefused(f"记录{record}已不再使用，无须修复")
    if place.item not in edition.items:
        label = loader.load().item(place.item).label
        raise RepairRefused(
            edition.elsewhere.get(place.item, f"“{label}”不属于信用修复的范围；认为有误的，请提出异议申诉")
        )
    return place


def _package(repair_id: UUID) -> Package:
    row = cards.found(repair_id)
    held = [papers.read(row.id, card.id) for card in papers.of(row.id)]
    subject = subjects.get(row.subject_id)
    told = {
        "repair": str(row.id),
        "node": keyring.origin(),
        "subject": {"uscc": subject.uscc or "", "name": subject.name},
        "item": row.item,
        "record": row.record_id,
        "observed_on": row.observed_on.isoformat() if row.observed_on else None,
        "severity": row.severity,
        "statement": statement_of(row.id),
        "requested_at": canonical.instant(row.requested_at),
        "materials": [card.document() for card, _ in held],
    }
    token = jws.sign(told, keyring.node_key(), type=rules.REQUEST_TYPE)
    return Package(str(row.id), token, [(card.name, card.media_type, content) for card, content in held])
