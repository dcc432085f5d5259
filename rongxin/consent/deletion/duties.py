"""删除义务: what each recipient owes once a consent has ended (个人信息保护法 art. 47; notice （九）（十）).

Only a consent under which something was released owes: the register of disclosures, a room above, knows and
calls `owe`. A superseded consent owes for what its successor no longer names; the rest passes on to that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from rongxin.consent import notifications, register
from rongxin.consent.deletion import policy, rules
from rongxin.consent.deletion.rules import Act, State
from rongxin.consent.errors import UnknownConsent
from rongxin.consent.models import Consent, DeletionDuty, DeletionReceipt
from rongxin.consent.rules import Status, business_day
from rongxin.journal import entries, windows
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties import institutions, subjects
from rongxin.vocabulary.actor import SYSTEM

_ENDED = frozenset({Status.WITHDRAWN, Status.EXPIRED, Status.SUPERSEDED, Status.ENDED})


@dataclass(frozen=True)
class Receipt:
    """A receipt that was taken: what it says, in whose signature, and the signed token itself."""

    id: UUID
    act: Act
    signed_by: str
    account: int
    deleted_on: date | None
    until: date | None
    law: str
    received_at: datetime
    after_due: bool
    token: str
    entry: UUID

    def document(self) -> dict[str, Any]:
        """What people see of it, JSON-ready."""
        return {
            "receipt": str(self.id),
            "statement": "deleted" if self.act is Act.DELETE else "restricted",
            "deleted_on": self.deleted_on.isoformat() if self.deleted_on else None,
            "until": self.until.isoformat() if self.until else None,
            "law": policy.law_name(self.law) if self.law else None,
            "signed_by": self.signed_by,
            "signed_by_label": str(DeletionReceipt.SignedBy(self.signed_by).label),
            "received_at": self.received_at.isoformat(),
            "after_due": self.after_due,
            "token": self.token,
            "journal_entry": str(self.entry),
        }


@dataclass(frozen=True)
class Card:
    """A duty as it stands, with the receipts so far, the oldest first."""

    duty: rules.Duty
    subject_id: int
    items: tuple[str, ...]
    law: str
    receipts: tuple[Receipt, ...]

    def document(self, *, on: date) -> dict[str, Any]:
        """What people see of it on a day, JSON-ready; whose consent it was, the consent's number tells."""
        duty = self.duty
        return {
            "consent": str(duty.consent),
            "institution": duty.institution,
            "items": list(self.items),
            "state": duty.state.value,
            "state_label": duty.state.label,
            "since": duty.since.isoformat(),
            "due_on": duty.due_on.isoformat() if duty.state in rules.OPEN else None,
            "overdue": rules.overdue(duty, on),
            "until": duty.until.isoformat() if duty.state is State.RESTRICTED and duty.until else None,
            "law": policy.law_name(self.law) if duty.state is State.RESTRICTED else None,
            "receipts": [one.document() for one in self.receipts],
        }


def owe(consent_id: UUID, *, as_of: datetime) -> bool:
    """Write down what is owed for an ended consent; False where nothing is, or it stands there already."""
    grant = register.get(consent_id)
    if grant.status not in _ENDED:
        return False
    items = grant.terms.items
    if grant.status is Status.SUPERSEDED:
        successor = Consent.objects.get(supersedes=consent_id)
        items = items - rules.passes_on(grant.terms, register.get(successor.id).terms)
    if not items:
        return False
    today = business_day(as_of)
    due_on = rules.due_on(
        grant.terms,
        grant.status,
        ended=business_day(grant.status_at),
        told=today,
        receipt_days=policy.on(today).receipt_days,
    )
    with transaction.atomic():
        row, new = DeletionDuty.objects.get_or_create(
            consent_id=consent_id,
            defaults={
                "institution_id": grant.institution_id,
                "subject_id": grant.subject_id,
                "items": sorted(items),
                "since": grant.status_at,
                "due_on": due_on,
            },
        )
        if new:
            name = institutions.get(grant.institution_id).name
            _journal(Kind.DELETION_OWED, row, as_of=as_of)
            tell(row, "deletion_owed", f"授权已终止，“{name}”应于{due_on}前交回删除回执。", as_of=as_of)
    return new


def lapse_due(*, as_of: datetime) -> int:
    """Where the time of keeping has passed, deletion is owed now; returns how many."""
    today = business_day(as_of)
    over = DeletionDuty.objects.filter(state=State.RESTRICTED.value, until__lt=today)
    return sum(_lapse(id, as_of=as_of) for id in list(over.values_list("pk", flat=True)[:1000]))


def _lapse(consent_id: UUID, *, as_of: datetime) -> bool:
    today = business_day(as_of)
    with transaction.atomic():
        row = locked(consent_id)
        if not rules.lapsed(card(row).duty, today):
            return False
        row.state = rules.TRANSITIONS[State(row.state)][Act.LAPSE].value
        row.since = as_of
        row.due_on = date.fromordinal(today.toordinal() + policy.on(today).receipt_days)
        row.save(update_fields=["state", "since", "due_on"])
        _journal(Kind.DELETION_LAPSED, row, as_of=as_of)
        told = f"机构依法保存您信息的期限已过，应于{row.due_on}前删除并交回回执。"
        tell(row, "deletion_lapsed", told, as_of=as_of)
    return True


def note_overdue(*, as_of: datetime) -> int:
    """Write one journal entry for each receipt that did not come in time; the alarm follows the journal."""
    late = DeletionDuty.objects.filter(state__in=rules.OPEN, due_on__lt=business_day(as_of))
    fresh = late.exclude(missed_on=F("due_on")).order_by("due_on").values_list("pk", flat=True)
    return sum(_miss(id, as_of=as_of) for id in list(fresh[:1000]))


def _miss(consent_id: UUID, *, as_of: datetime) -> bool:
    with transaction.atomic():
        row = locked(consent_id)
        if row.missed_on == row.due_on or not rules.overdue(card(row).duty, business_day(as_of)):
            return False
        row.missed_on = row.due_on
        row.save(update_fields=["missed_on"])
        _journal(Kind.DELETION_OVERDUE, row, as_of=as_of)
        told = f"机构未在{row.due_on}前交回删除回执，平台已记录并督促。"
        tell(row, "deletion_overdue", told, as_of=as_of)
    return True


def follow(*, as_of: datetime) -> int:
    """Do what a day brings: end restrictions that are over, note receipts that are late."""
    return lapse_due(as_of=as_of) + note_overdue(as_of=as_of)


def get(consent_id: UUID) -> Card:
    """Return the duty of a consent; UnknownConsent where nothing is owed for it."""
    found = _cards(DeletionDuty.objects.filter(pk=consent_id))
    if not found:
        raise UnknownConsent(f"授权{consent_id}没有应交的删除回执")
    return found[0]


def of_consent(consent_id: UUID) -> list[Card]:
    """Return the duty of a consent as a list of none or one."""
    return _cards(DeletionDuty.objects.filter(pk=consent_id))


def of_subject(subject_id: int) -> list[Card]:
    """Return what institutions owe for a subject's consents, the earliest due day first."""
    return _cards(DeletionDuty.objects.filter(subject=subject_id))


def owed_count(institution_id: str) -> int:
    """Return how many receipts an institution owes."""
    return _open(DeletionDuty.objects.filter(institution=institution_id), owed_only=True).count()


def every(*, owed_only: bool, overdue_on: date | None = None) -> list[Card]:
    """Return all duties for the operator, the earliest due day first; with a day, those overdue on it."""
    rows = _open(DeletionDuty.objects.all(), owed_only or overdue_on is not None)
    return _cards(rows if overdue_on is None else rows.filter(due_on__lt=overdue_on))


#: In what order a list of duties is read; each ends in a column that no two share.
SORTS = {"due": ("due_on", "consent_id"), "newest": ("-since", "consent_id")}


def part_of(
    window: Window,
    *,
    institution: str | None = None,
    owed_only: bool,
    overdue_on: date | None = None,
    find: str = "",
    sort: str = "due",
) -> Part[Card]:
    """Return a part of one institution's duties, or of everybody's: of firms with this in their name or code,
    the earliest due day first.
    """
    rows = _open(DeletionDuty.objects.all(), owed_only or overdue_on is not None)
    rows = rows if institution is None else rows.filter(institution=institution)
    rows = rows if overdue_on is None else rows.filter(due_on__lt=overdue_on)
    if find:
        rows = rows.filter(subjects.called(find))
    part = windows.part(rows, window, *SORTS[sort])
    cards = {
        one.duty.consent: one for one in _cards(DeletionDuty.objects.filter(pk__in=[r.pk for r in part.rows]))
    }
    return part.of(lambda row: cards[row.pk])


def _open(rows: QuerySet[DeletionDuty], owed_only: bool) -> QuerySet[DeletionDuty]:
    return rows.filter(state__in=rules.OPEN) if owed_only else rows


def locked(consent_id: UUID) -> DeletionDuty:
    """Return a duty's row, held until the transaction ends; UnknownConsent where there is none."""
    row = DeletionDuty.objects.select_for_update(no_key=True).filter(pk=consent_id).first()
    if row is None:
        raise UnknownConsent(f"授权{consent_id}没有应交的删除回执")
    return row


def card(row: DeletionDuty) -> Card:
    """Return a row as others see it."""
    duty = rules.Duty(row.pk, row.institution_id, State(row.state), row.since, row.due_on, row.until)
    receipts = sorted(row.receipts.all(), key=lambda one: one.received_at)
    return Card(duty, row.subject_id, tuple(row.items), row.law, tuple(map(_receipt, receipts)))


def refs(row: DeletionDuty) -> dict[str, str | int]:
    """Return what the journal names a duty by."""
    named: dict[str, str | int] = {"consent": str(row.pk), "subject": row.subject_id}
    return named | {"institution": row.institution_id, "due_on": row.due_on.isoformat()}


def tell(row: DeletionDuty, kind: str, text: str, *, as_of: datetime) -> None:
    """Leave word for the firm, in the caller's transaction."""
    notifications.tell(row.subject_id, kind, text, refs={"consent": str(row.pk)}, as_of=as_of)


def _cards(rows: QuerySet[DeletionDuty]) -> list[Card]:
    return [card(row) for row in rows.prefetch_related("receipts").order_by("due_on", "pk")]


def _receipt(row: DeletionReceipt) -> Receipt:
    return Receipt(
        row.id,
        Act(row.act),
        row.signed_by,
        row.account_id,
        row.deleted_on,
        row.until,
        row.law,
        row.received_at,
        row.after_due,
        row.token,
        row.entry,
    )


def _journal(kind: Kind, row: DeletionDuty, *, as_of: datetime) -> None:
    entries.append(kind, actor=SYSTEM, refs=refs(row), as_of=as_of)
