"""融资业务: the case for which a firm's information is needed; without one nothing that needs consent
leaves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from rongxin.catalogue import redaction
from rongxin.consent import locks
from rongxin.consent.errors import NotPossible, NotServed, UnknownCase
from rongxin.consent.models import Case, Consent
from rongxin.consent.rules import CaseKind
from rongxin.journal import entries, windows
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties import institutions, subjects
from rongxin.vocabulary.actor import Actor


@dataclass(frozen=True)
class Card:
    """A case as others see it; `reference` is the institution's own number."""

    id: UUID
    subject_id: int
    institution_id: str
    reference: str
    kind: CaseKind
    opened_on: date
    closed_on: date | None

    @property
    def closed(self) -> bool:
        return self.closed_on is not None


def open_case(
    institution_id: str, subject_id: int, reference: str, kind: CaseKind, *, actor: Actor, as_of: datetime
) -> Card:
    """Open a case under the institution's own reference, which it can use once."""
    if not reference.strip():
        raise NotPossible("请填写机构自己的业务编号，以便核对每一次查询")
    if redaction.holds_number(reference):
        raise NotPossible("业务编号中似有个人证件号码、手机号或银行卡号，请换用不含个人信息的编号")
    check_served(institution_id, as_of=as_of)
    with transaction.atomic():
        if subjects.lock(subject_id).deregistered:
            raise NotPossible("信息主体已注销，不能办理新的融资业务")
        try:
            with transaction.atomic():
                row = Case.objects.create(
                    subject_id=subject_id,
                    institution_id=institution_id,
                    reference=reference.strip(),
                    kind=kind.value,
                    opened_on=timezone.localdate(as_of),
                )
        except IntegrityError as error:
            raise NotPossible(f"业务编号{reference}已使用过，请核对或换一个编号") from error
        _journal(Kind.CASE_OPENED, row, actor=actor, as_of=as_of)
    return _card(row)


def check_served(institution_id: str, *, as_of: datetime) -> None:
    """Refuse an institution that is suspended, closed or without an assessment in force (（十）)."""
    standing = institutions.standing(institution_id, as_of=as_of)
    if not standing.admitted:
        raise NotServed(standing.message)


def close_case(case_id: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Close a case: from now on no consent given for it carries a request.

    Like a withdrawal it waits for releases under way, so that what they keep is there to be deleted.
    """
    with transaction.atomic():
        row = _lock(case_id, to_close=True)
        if row is None:
            raise UnknownCase(case_id)
        if row.closed_on is not None:
            raise NotPossible(f"该融资业务已于{row.closed_on}办结")
        row.closed_on = timezone.localdate(as_of)
        row.save(update_fields=["closed_on"])
        _journal(Kind.CASE_CLOSED, row, actor=actor, as_of=as_of)
    return _card(row)


def _hold_consents(case_id: UUID, *, but: frozenset[UUID] = frozenset()) -> frozenset[UUID]:
    """Hold the consents given for a case alone until the transaction ends; return which."""
    given = Consent.objects.filter(case=case_id).exclude(pk__in=but).order_by("id")
    ids = list(given.values_list("id", flat=True))
    for consent in ids:
        locks.exclusive(consent)
    return frozenset(ids)


def get(case_id: UUID) -> Card:
    """Return a case by its number; UnknownCase where there is none."""
    row = Case.objects.filter(pk=case_id).first()
    if row is None:
        raise UnknownCase(case_id)
    return _card(row)


def lock(case_id: UUID, *, to_close: bool = False) -> Card | None:
    """Return a case and hold it until the transaction ends; None where there is none.

    Who may close it in the same transaction says so now: consents are held before their case, by everybody.
    """
    row = _lock(case_id, to_close=to_close)
    return None if row is None else _card(row)


def _lock(case_id: UUID, *, to_close: bool) -> Case | None:
    if not to_close:
        return Case.objects.select_for_update(no_key=True).filter(pk=case_id).first()
    held = _hold_consents(case_id)
    # Not `no_key`: while this is held, no consent is issued for the case.
    row = Case.objects.select_for_update().filter(pk=case_id).first()
    _hold_consents(case_id, but=held)
    return row


def many(ids: Collection[UUID]) -> dict[UUID, Card]:
    """Return the cases of these numbers."""
    return {row.pk: _card(row) for row in Case.objects.filter(pk__in=ids)}


def of_consents(ids: Collection[UUID]) -> dict[UUID, Card]:
    """Return the case of each of these consents."""
    rows = Consent.objects.filter(pk__in=ids).select_related("case")
    return {row.pk: _card(row.case) for row in rows}


def numbers_of(institution_id: str, references: Collection[str]) -> dict[str, UUID]:
    """Return the cases that an institution opened under these references of its own."""
    rows = Case.objects.filter(institution=institution_id, reference__in=references)
    return dict(rows.values_list("reference", "id"))


def of_subject(subject_id: int) -> list[Card]:
    """Return a subject's cases, the newest first."""
    return [_card(row) for row in Case.objects.filter(subject=subject_id).order_by("-opened_on", "id")]


#: By what an institution's cases can be put in order.
SORTS: Mapping[str, tuple[str, ...]] = {"newest": ("-opened_on", "id"), "oldest": ("opened_on", "id")}


def of_institution(
    institution_id: str,
    window: Window,
    *,
    find: str = "",
    kind: CaseKind | None = None,
    closed: bool | None = None,
    sort: str = "newest",
) -> Part[Card]:
    """Return a part of an institution's cases: of those with this in their reference or their firm's name, of
    one kind, open or closed.
    """
    rows = Case.objects.filter(institution=institution_id)
    if find:
        rows = rows.filter(Q(reference__icontains=find) | subjects.called(find))
    if kind is not None:
        rows = rows.filter(kind=kind.value)
    if closed is not None:
        rows = rows.filter(closed_on__isnull=not closed)
    return windows.part(rows, window, *SORTS[sort]).of(_card)


def ends_of_institution(
    institution_id: str, *, told: Mapping[UUID, date] | None = None
) -> dict[int, date | None]:
    """Return each subject with which an institution ever had a case, and on which day the last of them was
    closed, or over by what is `told` of the open ones; None while one is open.
    """
    ends: dict[int, date | None] = {}
    rows = Case.objects.filter(institution=institution_id).order_by("subject_id")
    for number, subject, closed_on in rows.values_list("id", "subject_id", "closed_on"):
        over_on = closed_on or (told or {}).get(number)
        earlier = ends.get(subject, date.min)
        ends[subject] = None if over_on is None or earlier is None else max(earlier, over_on)
    return ends


def _journal(kind: Kind, row: Case, *, actor: Actor, as_of: datetime) -> None:
    refs: dict[str, str | int] = {
        "case": str(row.id),
        "subject": row.subject_id,
        "institution": row.institution_id,
    }
    entries.append(kind, actor=actor, refs=refs, as_of=as_of)


def _card(row: Case) -> Card:
    return Card(
        id=row.id,
        subject_id=row.subject_id,
        institution_id=row.institution_id,
        reference=row.reference,
        kind=CaseKind(row.kind),
        opened_on=row.opened_on,
        closed_on=row.closed_on,
    )
