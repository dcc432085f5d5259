"""推送订阅: set up by the institution, stopped by the operator; every version is kept ((六)(十))."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from rongxin.catalogue import loader, redaction
from rongxin.delivery.push import policy, rules
from rongxin.delivery.push.errors import NotPossible, NotServed, TooMany, UnfitTerms, UnknownSubscription
from rongxin.delivery.push.models import PushSubscription, PushTerms
from rongxin.delivery.push.rules import Act, Status, Terms
from rongxin.disclosure import public_sets
from rongxin.disclosure.errors import NumberGiven
from rongxin.journal import entries, windows
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties import institutions
from rongxin.proof import canonical
from rongxin.vocabulary.actor import Actor


@dataclass(frozen=True)
class Card:
    """A subscription with its terms in force."""

    id: UUID
    institution: str
    version: int
    terms: Terms
    status: Status
    why: str
    requested_at: datetime | None
    wants_full: bool
    created_at: datetime

    def document(self) -> dict[str, Any]:
        """Return the subscription as plain values for JSON."""
        return {
            "subscription": str(self.id),
            "institution": self.institution,
            "version": self.version,
            "status": self.status.value,
            "status_label": self.status.label,
            "why": self.why,
            "terms": self.terms.document(),
            "created_at": self.created_at.isoformat(),
        }


def subscribe(institution: str, terms: Terms, *, actor: Actor, as_of: datetime) -> Card:
    """Set up a push to an institution that is served; raises `UnfitTerms`, `NotServed`, `TooMany`,
    NumberGiven and catalogue.UnknownItem. What the operator has to confirm waits for it.
    """
    terms = _checked(terms, as_of=as_of)
    served(institution, as_of=as_of)
    row = PushSubscription(institution_id=institution, version=1, created_at=as_of)
    with transaction.atomic():
        _check_room(institution, as_of=as_of)
        row.status = _standing(row, terms).value
        row.save(force_insert=True)
        _set(row, terms, "subscribed", actor=actor, as_of=as_of)
    return _card(row, terms)


def change(subscription: UUID, terms: Terms, *, institution: str, actor: Actor, as_of: datetime) -> Card:
    """Give a subscription new terms; the next run takes back what no longer belongs to them."""
    terms = _checked(terms, as_of=as_of)
    served(institution, as_of=as_of)
    with transaction.atomic():
        row = _locked(subscription, institution)
        if Status(row.status) is Status.ENDED:
            raise NotPossible("订阅已终止，请另行订阅 the subscription has ended: make another")
        row.version += 1
        if Status(row.status) in (Status.ACTIVE, Status.WAITING):
            row.status = _standing(row, terms).value
        row.save(update_fields=["version", "status"])
        _set(row, terms, "changed", actor=actor, as_of=as_of)
    return _card(row, terms)


def move(
    subscription: UUID, act: Act, *, institution: str | None, why: str = "", actor: Actor, as_of: datetime
) -> Card:
    """Stop or resume a subscription (the operator, `institution` None) or end it (its institution).

    What was to be confirmed and never was waits again after it is resumed.
    """
    if redaction.holds_number(why):
        raise NumberGiven
    with transaction.atomic():
        row = _locked(subscription, institution)
        here = Status(row.status)
        if act not in rules.TRANSITIONS[here]:
            raise NotPossible(f"订阅现为“{here.label}”，不能进行此操作 not possible while {here.label_en}")
        to = rules.TRANSITIONS[here][act]
        if act is Act.CONFIRM:
            row.confirmed_version = row.version
        elif act is Act.RESUME:
            to = _standing(row, _terms(row))
        row.status, row.why = to.value, why
        row.save(update_fields=["status", "why", "confirmed_version"])
        _journal(row, "confirmed" if act is Act.CONFIRM else row.status, None, actor=actor, as_of=as_of)
    return get(row.id)


def confirm(subscription: UUID, version: int, *, why: str, actor: Actor, as_of: datetime) -> Card:
    """Confirm as the operator that terms about individual businesses have a basis: this version of them."""
    with transaction.atomic():
        row = _locked(subscription, None)
        if row.version != version:
            raise NotPossible(
                f"条款现为第{row.version}版，请查看后再确认 look at version {row.version} first"
            )
        return move(subscription, Act.CONFIRM, institution=None, why=why, actor=actor, as_of=as_of)


def request(subscription: UUID, *, institution: str, full: bool, actor: Actor, as_of: datetime) -> Card:
    """Ask for a run out of turn, anew from the beginning where `full`; the worker makes it."""
    served(institution, as_of=as_of)
    with transaction.atomic():
        row = _locked(subscription, institution)
        if Status(row.status) is not Status.ACTIVE:
            raise NotServed(None, f"订阅现为“{Status(row.status).label}” the subscription is not active")
        row.requested_at, row.wants_full = as_of, row.wants_full or full
        row.save(update_fields=["requested_at", "wants_full"])
        _journal(row, "requested", None, actor=actor, as_of=as_of)
    return get(row.id)


def get(subscription: UUID, *, institution: str | None = None) -> Card:
    """Return a subscription, of this institution where one is named; raises `UnknownSubscription`."""
    rows = PushSubscription.objects.filter(id=subscription)
    row = (rows if institution is None else rows.filter(institution=institution)).first()
    if row is None:
        raise UnknownSubscription(subscription)
    return _card(row, _terms(row))


def listed(institution: str | None = None) -> Sequence[Card]:
    """Return the subscriptions of an institution, or all, the newest first."""
    rows = PushSubscription.objects.order_by("-created_at", "id")
    found = rows if institution is None else rows.filter(institution=institution)
    return [_card(row, _terms(row)) for row in found]


def part_of(window: Window, institution: str | None = None) -> Part[Card]:
    """Return a part of the subscriptions of an institution, or of all, the newest first."""
    rows = PushSubscription.objects.all()
    found = rows if institution is None else rows.filter(institution=institution)
    return windows.part(found, window, "-created_at", "id").of(lambda row: _card(row, _terms(row)))


def served(institution: str, *, as_of: datetime) -> None:
    """Refuse an institution that isn't served now ((十)); raises `NotServed` and UnknownParty."""
    standing = institutions.standing(institution, names_case=False, as_of=as_of)
    if not standing.admitted:
        raise NotServed(standing.reason, standing.message)


def _standing(row: PushSubscription, terms: Terms) -> Status:
    confirmed = not terms.to_be_confirmed or row.confirmed_version == row.version
    return Status.ACTIVE if confirmed else Status.WAITING


def _check_room(institution: str, *, as_of: datetime) -> None:
    """Order the subscriptions of one institution, so that none slips past the limit."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"push:{institution}"])
    most = policy.in_force(timezone.localdate(as_of)).subscriptions_max
    there = PushSubscription.objects.filter(institution=institution).exclude(status=Status.ENDED.value)
    if there.count() >= most:
        raise TooMany(f"最多可有 {most} 个订阅，请先终止不用的 end one of your {most} subscriptions first")


def _checked(terms: Terms, *, as_of: datetime) -> Terms:
    """Return terms that will do, with the platform's word on industries where they choose by them."""
    basis = policy.in_force(timezone.localdate(as_of)).industries_basis if terms.names_industries else ""
    terms = replace(terms, industries_basis=basis)
    texts = (terms.reference, terms.basis, terms.individuals_basis)
    if any(redaction.holds_number(text) for text in texts):
        raise NumberGiven
    found = rules.faults(terms)
    found += [
        f"{name}：没有可批量推送的公开内容 nothing of it is public and collected here"
        for name in terms.items
        if not public_sets.columns(loader.load().item(name))
    ]
    if found:
        raise UnfitTerms(found)
    return terms


def _set(row: PushSubscription, terms: Terms, act: str, *, actor: Actor, as_of: datetime) -> None:
    document = terms.document()
    PushTerms.objects.create(
        subscription=row, version=row.version, terms=document, set_by=actor.id, set_at=as_of
    )
    _journal(row, act, canonical.digest(document), actor=actor, as_of=as_of)


def _journal(row: PushSubscription, act: str, terms: str | None, *, actor: Actor, as_of: datetime) -> None:
    refs: dict[str, str | int] = {
        "subscription": str(row.id),
        "institution": row.institution_id,
        "version": row.version,
        "change": act,
    }
    commitments = {"terms": terms} if terms else None
    entries.append(Kind.PUSH_CHANGED, actor=actor, refs=refs, commitments=commitments, as_of=as_of)


def _locked(subscription: UUID, institution: str | None) -> PushSubscription:
    rows = PushSubscription.objects.select_for_update(no_key=True, of=("self",)).filter(id=subscription)
    row = (rows if institution is None else rows.filter(institution=institution)).first()
    if row is None:
        raise UnknownSubscription(subscription)
    return row


def _terms(row: PushSubscription) -> Terms:
    return rules.read(PushTerms.objects.get(subscription=row, version=row.version).terms)


def _card(row: PushSubscription, terms: Terms) -> Card:
    return Card(
        id=row.id,
        institution=row.institution_id,
        version=row.version,
        terms=terms,
        status=Status(row.status),
        why=row.why,
        requested_at=row.requested_at,
        wants_full=row.wants_full,
        created_at=row.created_at,
    )
