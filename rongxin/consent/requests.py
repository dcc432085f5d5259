"""An institution asks for consent; the firm accepts by granting, or declines. Nothing happens by silence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from rongxin.catalogue import redaction
from rongxin.consent import cases, issuing, notifications, standing, templates
from rongxin.consent.errors import NotPossible, NotTheirs, UnknownConsent
from rongxin.consent.models import ConsentRequest
from rongxin.consent.rules import Owner, business_day
from rongxin.consent.signing import matters
from rongxin.consent.signing.rules import What
from rongxin.consent.templates import Draft
from rongxin.journal import entries, windows
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties import institutions
from rongxin.vocabulary.actor import Actor

# How long a firm may take to answer (own setting): after a month the question is to be put anew.
ANSWER_DAYS_MAX = 30


@dataclass(frozen=True)
class Card:
    """A request as the firm and the institution see it; `draft` as it was asked for."""

    id: UUID
    case_id: UUID
    draft: Draft
    status: ConsentRequest.Status
    requested_at: datetime
    answered_at: datetime | None
    consent_id: UUID | None
    #: One person of the firm has signed; others have to until this day. Who they are is told to nobody else.
    waits_until: date | None = None

    def awaits_signatures(self, *, on: date) -> bool:
        """Whether more people of the firm have yet to sign the consent."""
        return self.waits_until is not None and on <= self.waits_until

    @property
    def answer_by(self) -> date:
        """The last day on which it can be accepted; then it has lapsed."""
        return min(business_day(self.requested_at) + timedelta(days=ANSWER_DAYS_MAX), self.draft.valid_until)

    def terms_on(self, day: date) -> Draft:
        """Return what the firm would consent to on a day: the draft, from that day on."""
        return (
            templates.starting(self.draft, on=day)
            if self.status is ConsentRequest.Status.OPEN
            else self.draft
        )


def request(case_id: UUID, draft: Draft, *, actor: Actor, as_of: datetime) -> Card:
    """Ask the firm for consent to a draft; only the institution of the case may."""
    with transaction.atomic():
        case = cases.get(case_id)
        if actor.party != f"institution:{case.institution_id}":
            raise NotTheirs("只有该笔融资业务的接入机构可以申请授权")
        cases.check_served(case.institution_id, as_of=as_of)
        issuing.check_parties(case)
        issuing.check_draft(draft, as_of=as_of)
        row = ConsentRequest.objects.create(
            case_id=case_id, draft=draft.as_json(), requested_at=as_of, requested_by=actor.id
        )
        _journal(row, "requested", actor=actor, as_of=as_of)
        name = institutions.get(case.institution_id).name
        notifications.tell(
            case.subject_id,
            "consent_requested",
            f"“{name}”申请您授权查询{len(draft.items)}项信息，请阅读风险告知书后决定同意或拒绝。",
            refs={"request": str(row.id)},
            as_of=as_of,
        )
    return _card(row)


def open_like(case_id: UUID, draft: Draft, *, actor: Actor, as_of: datetime) -> Card | None:
    """Return the institution's own request for the same that can still be answered; None: it has yet to
    ask.
    """
    rows = ConsentRequest.objects.filter(case=case_id, status=ConsentRequest.Status.OPEN)
    row = rows.filter(draft=draft.as_json()).order_by("-requested_at").first()
    if row is None or actor.party != f"institution:{row.case.institution_id}":
        return None
    card = _card(row)
    return card if business_day(as_of) <= card.answer_by else None


def decline(request_id: UUID, *, note: str = "", actor: Actor, as_of: datetime) -> Card:
    """Refuse a request; no reason is needed."""
    with transaction.atomic():
        row = _open(request_id)
        if standing.owner_of(row.case.subject_id, actor=actor, as_of=as_of) is not Owner.SUBJECT:
            raise NotTheirs("只有被申请授权的信息主体可以拒绝")
        row.status, row.answered_at, row.answer_note = (
            ConsentRequest.Status.DECLINED,
            as_of,
            redaction.redact(note)[:500],
        )
        row.save(update_fields=["status", "answered_at", "answer_note"])
        matters.stop(What.CONSENT, request_id, actor=actor, as_of=as_of)
        _journal(row, "declined", actor=actor, as_of=as_of)
    return _card(row)


def hold_open(request_id: UUID, case_id: UUID, *, on: date) -> date:
    """Hold an open request of a case until the transaction ends and return the last day on which it can be
    answered; NotPossible if it is answered or lapsed.
    """
    row = _open(request_id)
    if row.case_id != case_id:
        raise NotPossible("该申请属于另一笔融资业务")
    answer_by = _card(row).answer_by
    if on > answer_by:
        raise NotPossible(f"该申请须在{answer_by}前（含当日）答复，现已失效；如仍需要，请机构重新申请")
    return answer_by


def accept(request_id: UUID, consent_id: UUID, *, as_of: datetime) -> None:
    """Note the consent that answered a request; the grant itself is the journal's entry."""
    row = _open(request_id)
    row.status, row.answered_at, row.consent_id = ConsentRequest.Status.ACCEPTED, as_of, consent_id
    row.save(update_fields=["status", "answered_at", "consent"])


def get(request_id: UUID) -> Card:
    """Return a request; UnknownConsent where there is none."""
    row = ConsentRequest.objects.filter(pk=request_id).first()
    if row is None:
        raise UnknownConsent(f"没有编号为{request_id}的授权申请")
    return _card(row)


def open_of_subject(subject_id: int, *, on: date) -> list[Card]:
    """Return the requests that a subject can still answer on a day, the oldest first; not those lapsed."""
    rows = ConsentRequest.objects.filter(case__subject=subject_id, status=ConsentRequest.Status.OPEN)
    return [card for card in _cards(rows.order_by("requested_at")) if on <= card.answer_by]


def of_case(case_id: UUID) -> list[Card]:
    """Return what was asked for in a case, the newest first."""
    return _cards(ConsentRequest.objects.filter(case=case_id).order_by("-requested_at", "id"))


def newest_of_cases(case_ids: Collection[UUID]) -> dict[UUID, Card]:
    """Return the newest request of each of these cases that has one."""
    rows = ConsentRequest.objects.filter(case__in=case_ids).order_by("case", "-requested_at", "id")
    return {card.case_id: card for card in _cards(rows.distinct("case"))}


def of_institution(institution_id: str, window: Window) -> Part[Card]:
    """Return a part of what an institution asked for, answered or not, the newest first."""
    rows = ConsentRequest.objects.filter(case__institution=institution_id)
    part = windows.part(rows, window, "-requested_at", "id")
    return Part(_cards(part.rows), part.last)


def _open(request_id: UUID) -> ConsentRequest:
    row = (
        ConsentRequest.objects.select_related("case")
        .select_for_update(of=["self"], no_key=True)
        .filter(pk=request_id)
        .first()
    )
    if row is None:
        raise UnknownConsent(f"没有编号为{request_id}的授权申请")
    if row.status != ConsentRequest.Status.OPEN:
        raise NotPossible(f"该申请{ConsentRequest.Status(row.status).label}，不能再答复")
    return row


def _journal(row: ConsentRequest, change: str, *, actor: Actor, as_of: datetime) -> None:
    refs: dict[str, str | int] = {
        "request": str(row.id),
        "case": str(row.case_id),
        "subject": row.case.subject_id,
        "institution": row.case.institution_id,
        "change": change,
    }
    entries.append(Kind.CONSENT_REQUESTED, actor=actor, refs=refs, as_of=as_of)


def _cards(rows: Iterable[ConsentRequest]) -> list[Card]:
    found = list(rows)
    waits = matters.waiting_until(row.id for row in found if row.status == ConsentRequest.Status.OPEN)
    return [_card(row, waits) for row in found]


def _card(row: ConsentRequest, waits: Mapping[UUID, date] | None = None) -> Card:
    if waits is None:
        waits = matters.waiting_until([row.id])
    return Card(
        id=row.id,
        case_id=row.case_id,
        draft=Draft.from_json(row.draft),
        status=ConsentRequest.Status(row.status),
        requested_at=row.requested_at,
        answered_at=row.answered_at,
        consent_id=row.consent_id,
        waits_until=waits.get(row.id),
    )
