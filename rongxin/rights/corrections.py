"""更正通知: every past recipient of a record that was corrected, removed or repaired is told, and answers.

The register of disclosures tells who received that very record, under whatever number it stood then. The
worker follows the journal: an ending is told within seconds, whoever ended the record and by whatever room,
and so is a step of a loan case that the institution corrected or took back which had told it.
The notice is signed, names requests, item and record by their numbers and says nothing of the content.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from rongxin.catalogue import loader, redaction
from rongxin.consent import notifications
from rongxin.consent.rules import business_day
from rongxin.delivery.push import uses as pushes
from rongxin.disclosure import received, told
from rongxin.disclosure.received import Over
from rongxin.journal import entries, keyring, news, windows
from rongxin.journal.entries import Entry
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties import subjects
from rongxin.proof import canonical, jws
from rongxin.records import whereabouts
from rongxin.records.rules import EndedWhy
from rongxin.rights import policy
from rongxin.rights.errors import CorrectionNotPossible, UnknownCorrection
from rongxin.rights.models import Correction
from rongxin.rights.rules import correction as rules
from rongxin.rights.rules.correction import Act, Done, State
from rongxin.vocabulary.actor import SYSTEM, Actor

CONSUMER = "rights.corrections"
# What of a step that an institution told names the one that is over.
_STEPS = {Kind.OUTCOME_CORRECTED: "replaces", Kind.OUTCOME_WITHDRAWN: "outcome"}
_ENDINGS = (Kind.RECORD_ENDED, Kind.BATCH_WITHDRAWN, *_STEPS)
_ENDINGS_AT_ONCE = 50

Requests = list[tuple[UUID, datetime]]


@dataclass(frozen=True)
class Card:
    """A notice to one recipient about one record."""

    id: UUID
    recipient_kind: str
    recipient: str
    subject: int
    item: str
    record: int
    why: EndedWhy
    state: State
    created_at: datetime
    due_on: date
    acknowledged_at: datetime | None
    acknowledged_by: str
    done: Done | None
    note: str
    notice: str
    entry: UUID

    def document(self, *, on: date) -> dict[str, Any]:
        """What people see of it on a day, JSON-ready."""
        return {
            "correction": str(self.id),
            "recipient_kind": self.recipient_kind,
            "recipient": self.recipient,
            "item": self.item,
            "item_label": loader.load().item(self.item).label,
            "record": self.record,
            "why": self.why.value,
            "why_label": self.why.label,
            "state": self.state.value,
            "state_label": self.state.label,
            "told_at": self.created_at.isoformat(),
            "due_on": self.due_on.isoformat(),
            "overdue": rules.overdue(self.state, self.due_on, on),
            "acknowledged_at": self.acknowledged_at.isoformat() if self.acknowledged_at else None,
            "done": self.done.value if self.done else None,
            "done_label": self.done.label if self.done else None,
            "note": self.note or None,
            "journal_entry": str(self.entry),
        }


def follow(*, as_of: datetime) -> int:
    """Tell the past recipients of records whose ending is news; returns how many notices were made."""
    made = 0
    with news.read(CONSUMER, _ENDINGS, entries_max=_ENDINGS_AT_ONCE) as found:
        for entry in found:
            made += _tell(_places(entry), as_of=as_of)
    return made


def acknowledge(correction_id: UUID, done: Done, *, note: str = "", actor: Actor, as_of: datetime) -> Card:
    """Say as the recipient what became of its copy; once. Raises `UnknownCorrection` for another's notice."""
    said = redaction.redact(note.strip())[: policy.corrections_on(business_day(as_of)).note_characters_max]
    with transaction.atomic():
        row = Correction.objects.select_for_update(no_key=True).filter(pk=correction_id).first()
        if row is None or actor.party != f"{row.recipient_kind}:{row.recipient}":
            raise UnknownCorrection(correction_id)
        ways = rules.TRANSITIONS[State(row.state)]
        if Act.ACKNOWLEDGE not in ways:
            raise CorrectionNotPossible("该更正通知已确认，无须再次确认")
        row.state, row.done, row.note = ways[Act.ACKNOWLEDGE].value, done.value, said
        row.acknowledged_at, row.acknowledged_by = as_of, str(actor)
        row.save(update_fields=["state", "done", "note", "acknowledged_at", "acknowledged_by"])
        digest = canonical.digest({"done": done.value, "note": said})
        _journal(Kind.CORRECTION_ACKNOWLEDGED, row, actor=actor, as_of=as_of, commitments={"said": digest})
    return _card(row)


def note_overdue(*, as_of: datetime) -> int:
    """Write one entry for each acknowledgement that did not come in time; the alarm follows the journal."""
    late = Correction.objects.filter(
        state=State.OWED.value, due_on__lt=business_day(as_of), missed_on=None
    ).order_by("due_on", "id")
    done = 0
    for id in list(late.values_list("pk", flat=True)[:1000]):
        with transaction.atomic():
            row = Correction.objects.select_for_update(no_key=True).get(pk=id)
            if row.missed_on is None and row.state == State.OWED:
                row.missed_on = row.due_on
                row.save(update_fields=["missed_on"])
                _journal(Kind.CORRECTION_OVERDUE, row, actor=SYSTEM, as_of=as_of)
                done += 1
    return done


def get(correction_id: UUID) -> Card:
    """Return a notice; raises `UnknownCorrection`."""
    row = Correction.objects.filter(pk=correction_id).first()
    if row is None:
        raise UnknownCorrection(correction_id)
    return _card(row)


def of_subject(subject_id: int, window: Window) -> Part[Card]:
    """Return a part of who was told about a subject's records, the newest first."""
    return windows.part(Correction.objects.filter(subject=subject_id), window, "-created_at", "id").of(_card)


#: By what a recipient's notices can be put in order.
SORTS: Mapping[str, tuple[str, ...]] = {"due": ("due_on", "id"), "newest": ("-created_at", "id")}


def of_recipient(
    kind: str, recipient: str, window: Window, *, owed_only: bool, find: str = "", sort: str = "due"
) -> Part[Card]:
    """Return a part of what a recipient was told, the earliest due day first; `find`: of firms with this code
    or this in their name.
    """
    rows = Correction.objects.filter(recipient_kind=kind, recipient=recipient)
    rows = rows.filter(subjects.called(find)) if find else rows
    return windows.part(_owed(rows, owed_only), window, *SORTS[sort]).of(_card)


def every(window: Window, *, owed_only: bool, find: str = "", sort: str = "due") -> Part[Card]:
    """Return a part of all notices for the operator, the earliest due day first."""
    rows = Correction.objects.filter(subjects.called(find)) if find else Correction.objects.all()
    return windows.part(_owed(rows, owed_only), window, *SORTS[sort]).of(_card)


def _owed(rows: Any, owed_only: bool) -> Any:
    return rows.filter(state=State.OWED.value) if owed_only else rows


# ---------------------------------------------------------------------- from an ending to its notices


def _places(entry: Entry) -> Sequence[Over]:
    """Return the records that an entry says are over, as far as it has to be told."""
    refs = entry.refs
    if entry.kind in _STEPS:
        return told.over(UUID(str(refs[_STEPS[entry.kind]])), at=entry.at)
    if entry.kind is Kind.BATCH_WITHDRAWN:
        return whereabouts.withdrawn_with(UUID(str(refs["batch"])), str(refs["item"]))
    why = EndedWhy(str(refs["why"]))
    if why not in rules.TELLS:
        return []
    subject, record = int(refs["subject"]), int(refs["record"])
    if why in rules.ITSELF_ONLY:
        return [whereabouts.of(subject, record)]
    return [whereabouts.with_versions(subject, record)]


def _tell(places: Sequence[Over], *, as_of: datetime) -> int:
    by_record = {place.record: place for place in places}
    made: dict[int, int] = {}
    for record, recipients in _recipients(places).items():
        place = by_record[record]
        for (kind, recipient), requests in sorted(recipients.items()):
            made[place.subject] = made.get(place.subject, 0) + _owe(
                place, kind, recipient, requests, as_of=as_of
            )
    for subject, count in made.items():
        if count:
            text = f"您的记录已更正、移除或修复，平台已向此前取得该记录的{count}家机构或部门发出更正通知。"
            notifications.tell(subject, "corrections_sent", text, refs={}, as_of=as_of)
    return sum(made.values())


def _recipients(places: Sequence[Over]) -> dict[int, dict[tuple[str, str], Requests]]:
    """Return by record who received it, by question, delivery or push, with the numbers of these."""
    found: dict[int, dict[tuple[str, str], Requests]] = {}
    for one in (*received.of(places), *pushes.received(places)):
        own = found.setdefault(one.record, {}).setdefault((one.recipient_kind, one.recipient), [])
        own.extend(one.requests)
    return found


def _owe(place: Over, kind: str, recipient: str, requests: Requests, *, as_of: datetime) -> int:
    """Make the notice, unless the recipient was told of this record before; returns how many were made."""
    assert place.ended_at is not None
    assert place.ended_why is not None
    today = business_day(as_of)
    due_on = rules.due_on(today, policy.corrections_on(today).acknowledgement_days)
    id = uuid4()
    notice = {
        "notice": str(id),
        "node": keyring.origin(),
        "told_at": canonical.instant(as_of),
        "recipient": {"kind": kind, "id": recipient},
        "subject": subjects.get(place.subject).uscc or "",
        "item": place.item,
        "record": place.record,
        "versions": list(place.versions or (place.record,)),
        "why": place.ended_why.value,
        "why_label": place.ended_why.label,
        "act": place.ended_by or "",
        "ended_at": canonical.instant(place.ended_at),
        "requests": [{"request": str(one), "at": canonical.instant(at)} for one, at in requests],
        "to_do": "请停止使用所取得的该记录，更正或删除留存的副本，并确认处理结果",
        "due_on": due_on.isoformat(),
    }
    row, new = Correction.objects.get_or_create(
        recipient_kind=kind,
        recipient=recipient,
        subject_id=place.subject,
        record_id=place.record,
        defaults={
            "id": id,
            "item": place.item,
            "why": place.ended_why.value,
            "state": State.OWED.value,
            "notice": jws.sign(notice, keyring.node_key(), type=rules.NOTICE_TYPE),
            "created_at": as_of,
            "due_on": due_on,
            "entry": uuid4(),
        },
    )
    if new:
        said = {"notice": canonical.digest(notice)}
        row.entry = _journal(Kind.CORRECTION_OWED, row, actor=SYSTEM, as_of=as_of, commitments=said)
        row.save(update_fields=["entry"])
    return int(new)


def _journal(
    kind: Kind,
    row: Correction,
    *,
    actor: Actor,
    as_of: datetime,
    commitments: Mapping[str, str] | None = None,
) -> UUID:
    refs: dict[str, str | int] = {
        "correction": str(row.id),
        row.recipient_kind: row.recipient,
        "subject": row.subject_id,
        "item": row.item,
        "record": row.record_id,
        "why": row.why,
        "due_on": row.due_on.isoformat(),
    }
    return entries.append(kind, actor=actor, refs=refs, commitments=commitments, as_of=as_of).id


def _card(row: Correction) -> Card:
    return Card(
        id=row.id,
        recipient_kind=row.recipient_kind,
        recipient=row.recipient,
        subject=row.subject_id,
        item=row.item,
        record=row.record_id,
        why=EndedWhy(row.why),
        state=State(row.state),
        created_at=row.created_at,
        due_on=row.due_on,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        done=Done(row.done) if row.done else None,
        note=row.note,
        notice=row.notice,
        entry=row.entry,
    )
