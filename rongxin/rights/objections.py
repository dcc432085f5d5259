"""异议申诉: a subject says what is wrong about a record; its provider checks it by the clock and answers
(国办发〔2021〕52号 （九）; 征信业管理条例 art. 25).

While it is open the record bears a mark wherever it goes (`records.marks`). The platform carries it to who
has to check it, and the answer back (`answers`); it never decides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Count, Q

from rongxin.catalogue import loader, redaction
from rongxin.consent.rules import business_day
from rongxin.disclosure import told
from rongxin.journal import keyring, windows
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties import memberships, subjects
from rongxin.proof import canonical
from rongxin.records import marks, whereabouts
from rongxin.records.errors import UnknownRecord
from rongxin.records.rules import MarkKind
from rongxin.rights import objection_cards as cards
from rongxin.rights import papers, policy
from rongxin.rights.errors import ObjectionNotPossible, ObjectionRefused
from rongxin.rights.models import Objection
from rongxin.rights.objection_cards import Card
from rongxin.rights.rules import objection as rules
from rongxin.rights.rules.objection import Act, Owner, Route, State
from rongxin.sharing import errands
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind


@dataclass(frozen=True)
class Complaint:
    """What the subject says of a record (None: the item as a whole) and which of its fields (none: all)."""

    item: str
    record: int | None
    fields: tuple[str, ...]
    statement: str
    evidence: tuple[papers.File, ...] = ()


def lodge(subject_id: int, complaint: Complaint, *, actor: Actor, as_of: datetime) -> Card:
    """Lodge an objection as a person of the subject's; the record bears its mark from the commit on.

    Raises ObjectionRefused, PaperRefused, catalogue.UnknownItem, catalogue.UnknownField and
    records.UnknownRecord.
    """
    speaks_for(subject_id, actor=actor, as_of=as_of)
    today = business_day(as_of)
    edition = policy.objections_on(today)
    statement = _checked(complaint, edition)
    provider, institution = _provider(subject_id, complaint, actor=actor, as_of=as_of)
    route, clock_days, law = edition.way(complaint.item)
    # The institution that told the row has a desk here and answers by itself.
    route = Route.PROVIDER if institution else route
    id = uuid4()
    with transaction.atomic():
        _room_for(subject_id, complaint, edition.open_max)
        row = Objection(
            id=id,
            subject_id=subject_id,
            item=complaint.item,
            record_id=complaint.record,
            fields=sorted(set(complaint.fields)),
            provider=provider,
            institution=institution,
            route=route.value,
            law=law,
            state=State.LODGED.value,
            statement=keyring.data_keys().seal(statement.encode(), place=cards.SEALED.place((id,))),
            lodged_at=as_of,
            lodged_by=str(actor),
            due_on=rules.due_on(today, clock_days),
        )
        said = canonical.digest({"statement": statement, "evidence": papers.digests(complaint.evidence)})
        row.entry = cards.journal(
            Kind.OBJECTION_LODGED, row, actor=actor, as_of=as_of, commitments={"said": said}
        )
        row.save(force_insert=True)
        papers.keep(id, complaint.evidence, as_of=as_of)
        marks.put(
            subject_id,
            complaint.item,
            complaint.record,
            row.fields,
            kind=MarkKind.OBJECTION,
            act=id,
            actor=actor,
            as_of=as_of,
        )
        if route is Route.PROVIDER:
            _forward(row, "", actor=SYSTEM, as_of=as_of)
    return cards.card(row)


def forward(objection_id: UUID, reference: str, *, actor: Actor, as_of: datetime) -> Card:
    """Say as the operator that it was carried to a body without a desk here, and under what number."""
    told = redaction.redact(reference.strip())[:200]
    if not told:
        raise ObjectionRefused("请写明转送的文号或方式")
    with transaction.atomic():
        row = cards.locked(objection_id)
        cards.may(row, Act.FORWARD, cards.owner(row, actor=actor))
        _forward(row, told, actor=actor, as_of=as_of)
    return cards.card(row)


def withdraw(objection_id: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Take it back as a person of the subject's; the mark goes with it."""
    with transaction.atomic():
        row = cards.locked(objection_id)
        speaks_for(row.subject_id, actor=actor, as_of=as_of)
        cards.may(row, Act.WITHDRAW, Owner.SUBJECT)
        cards.close(row, Act.WITHDRAW, actor=actor, as_of=as_of)
        cards.journal(Kind.OBJECTION_WITHDRAWN, row, actor=actor, as_of=as_of)
    return cards.card(row)


def watch(*, as_of: datetime) -> int:
    """Warn of answers that are due, and hand to the operator those that are late; returns how many."""
    today = business_day(as_of)
    days = policy.objections_on(today).warn_days_before
    found = Objection.objects.filter(state__in=_values(rules.OPEN)).order_by("due_on", "id")
    done = 0
    for id in list(found.values_list("id", flat=True)[:1000]):
        done += _watch(id, days, today, as_of=as_of)
    return done


def get(objection_id: UUID) -> Card:
    """Return an objection; raises `UnknownObjection`."""
    return cards.card(cards.found(objection_id))


def statement_of(objection_id: UUID) -> str:
    """Return what the subject said; it is for the subject, who checks it and the operator's desk."""
    row = cards.found(objection_id)
    return keyring.data_keys().open(bytes(row.statement), place=cards.SEALED.place((row.id,))).decode()


def of_subject(subject_id: int, window: Window) -> Part[Card]:
    """Return a part of a subject's objections, those lodged last first."""
    rows = Objection.objects.filter(subject=subject_id)
    return windows.part(rows, window, "-lodged_at", "id").of(cards.card)


#: By what a queue of objections can be put in order.
SORTS: Mapping[str, tuple[str, ...]] = {"due": ("due_on", "id"), "newest": ("-lodged_at", "id")}


def queue(
    window: Window,
    *,
    provider: str | None = None,
    institution: str | None = None,
    open_only: bool = True,
    find: str = "",
    sort: str = "due",
) -> Part[Card]:
    """Return a part of what a provider or institution (None: everybody) has to answer, the earliest due day
    first; `find`: of firms with this code or this in their name.
    """
    rows = Objection.objects.all() if provider is None else Objection.objects.filter(provider=provider)
    rows = rows if institution is None else rows.filter(institution=institution)
    rows = rows.filter(state__in=_values(rules.OPEN)) if open_only else rows
    rows = rows.filter(subjects.called(find)) if find else rows
    return windows.part(rows, window, *SORTS[sort]).of(cards.card)


def counts(provider: str, since: datetime, until: datetime) -> dict[str, tuple[int, int]]:
    """Return of each item how many objections a provider got in a span, and how many of them it upheld."""
    rows = Objection.objects.filter(provider=provider, lodged_at__gte=since, lodged_at__lt=until)
    upheld = Count("id", filter=Q(state=State.UPHELD.value))
    found = rows.values("item").annotate(lodged=Count("id"), upheld=upheld)
    return {one["item"]: (one["lodged"], one["upheld"]) for one in found}


# ---------------------------------------------------------------------- lodging


def _checked(complaint: Complaint, edition: policy.Objections) -> str:
    item = loader.load().item(complaint.item)
    for name in complaint.fields:
        item.field(name)
    statement = complaint.statement.strip()
    if not statement or len(statement) > edition.statement_characters_max:
        raise ObjectionRefused(f"请写明哪里有误、应当如何，不超过{edition.statement_characters_max}字")
    papers.check(complaint.evidence, files_max=edition.files_max, file_bytes_max=edition.file_bytes_max)
    return statement


def _provider(subject_id: int, complaint: Complaint, *, actor: Actor, as_of: datetime) -> tuple[str, str]:
    """Return who has to check it: whoever handed in that very record, or whom the catalogue names; and the
    institution, where it told that very row.
    """
    provider = loader.load().item(complaint.item).channels[0].provider
    if complaint.record is None:
        return provider, ""
    if provider == loader.PLATFORM:
        return provider, _teller(subject_id, complaint.item, complaint.record)
    given: dict[str, Any] = {
        "subject": subject_id,
        "record": complaint.record,
        "actor": actor,
        "as_of": as_of,
    }
    place = whereabouts.read(errands.ask("record.find", **given))
    if place.item != complaint.item:
        raise ObjectionRefused(f"记录{complaint.record}不属于信息项“{complaint.item}”，请核对")
    if place.ended_at is not None:
        raise ObjectionRefused(f"记录{complaint.record}已不再使用，无须提出异议")
    return place.provider, ""


def _teller(subject_id: int, item: str, record: int) -> str:
    if item != told.OUTCOME:
        raise ObjectionRefused(
            "该信息由平台生成或归并，请就信息项整体提出异议，并在陈述中写明哪一条有误；"
            "机构反馈的某一步有误的，请就“融资结果反馈”中的那一条提出"
        )
    behind = told.behind(subject_id, record)
    if behind is None:
        raise UnknownRecord(subject_id, [record])
    if not behind.stands:
        raise ObjectionRefused(f"记录{record}已由反馈机构更正或撤回，无须提出异议")
    return behind.institution


def _room_for(subject_id: int, complaint: Complaint, open_max: int) -> None:
    """Hold the subject's turn, and refuse a second objection to what is being checked."""
    subjects.lock(subject_id)
    rows = Objection.objects.filter(subject=subject_id, state__in=_values(rules.OPEN))
    if rows.filter(item=complaint.item, record_id=complaint.record).exists():
        raise ObjectionNotPossible("该记录的异议正在处理，请等待答复，或撤回后重新提出")
    if rows.count() >= open_max:
        raise ObjectionNotPossible(f"同时处理中的异议已达{open_max}件的上限，请待其中有答复后再提出")


def speaks_for(subject_id: int, *, actor: Actor, as_of: datetime) -> None:
    """Refuse whoever is no person of the subject's; raises `ObjectionNotPossible`."""
    if actor.kind is not ActorKind.ACCOUNT or not actor.id.isdigit():
        raise ObjectionNotPossible("异议申诉须由信息主体的法定代表人（负责人、经营者）或其委托的经办人办理")
    if memberships.role_in_subject(int(actor.id), subject_id, on=business_day(as_of)) is None:
        raise ObjectionNotPossible("该账号无权代表该信息主体")


# ---------------------------------------------------------------------- on the way


def _forward(row: Objection, reference: str, *, actor: Actor, as_of: datetime) -> None:
    row.state = rules.TRANSITIONS[State(row.state)][Act.FORWARD].value
    row.forwarded_at, row.forwarded_reference = as_of, reference
    row.save(update_fields=["state", "forwarded_at", "forwarded_reference"])
    cards.journal(Kind.OBJECTION_FORWARDED, row, actor=actor, as_of=as_of)


def _watch(id: UUID, warn_days: Sequence[int], today: date, *, as_of: datetime) -> int:
    with transaction.atomic():
        row = cards.locked(id)
        state = State(row.state)
        if rules.overdue(state, row.due_on, today):
            if Act.ESCALATE not in rules.TRANSITIONS[state]:
                return 0
            row.state, row.escalated_at = State.ESCALATED.value, as_of
            row.save(update_fields=["state", "escalated_at"])
            cards.journal(Kind.OBJECTION_OVERDUE, row, actor=SYSTEM, as_of=as_of)
            told = f"您的异议未在{row.due_on}前得到答复，平台已督办。"
            cards.tell(row, "objection_overdue", told, as_of=as_of)
            return 1
        due = rules.warnings_due(row.due_on, warn_days, today)
        if state not in rules.OPEN or due <= row.warnings:
            return 0
        row.warnings = due
        row.save(update_fields=["warnings"])
        cards.journal(Kind.OBJECTION_DUE, row, actor=SYSTEM, as_of=as_of)
    return 1


def _values(states: Collection[State]) -> list[str]:
    return sorted(state.value for state in states)
