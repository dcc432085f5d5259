"""The door: the one way by which information about a subject leaves the platform (国办发〔2021〕52号
(六)(九)(十)).

Two short transactions with the reading between them. The first decides on a fresh look at standing and
consent and commits the intent; only then is anything read or called. The second takes the consent's shared
lock, looks again, and commits the outcome with the answer's digest; only then do bytes leave. A withdrawal
takes the exclusive lock, so it waits for releases under way and no later one passes. An intent without an
outcome is harmless; a release without an intent is impossible.

`release` goes through it at once. `disclosure.deferred` has another process do the reading, where providers
are slow: the same three steps, `intend`, `fetch` and `conclude`, with a seal in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from rongxin.catalogue import loader, redaction
from rongxin.catalogue.schema import Item
from rongxin.consent import locks
from rongxin.consent.rules import business_day
from rongxin.disclosure import (
    emergency,
    kept,
    look,
    official_duty,
    own_card,
    plan,
    probing,
    reach,
    register,
    repeating,
    rules,
    scored,
)
from rongxin.disclosure.errors import MissingPerson, MissingReference, NumberGiven, UnknownSubject
from rongxin.disclosure.models import Intent
from rongxin.disclosure.release import Refusal, Release, ReleasedItem, Request, SubjectCard
from rongxin.evaluation.scores import Stored
from rongxin.parties import duty_mandates, institutions, memberships, quotas, subjects
from rongxin.parties.quotas import Taken
from rongxin.parties.rules import quota as quota_rules
from rongxin.sharing import call_register, calls
from rongxin.vocabulary.actor import SYSTEM, Actor
from rongxin.vocabulary.reason import Reason


@dataclass(frozen=True)
class Intended:
    """What the first transaction settled."""

    intent: Intent
    subject: SubjectCard
    plans: tuple[plan.ItemPlan, ...]
    consent: look.Look | None
    quota: Taken | None


@dataclass(frozen=True)
class Fetched:
    """What was read and called by an intent, and leaves if standing and consent carry it then as well.

    `carried` names what the consent covered; `kept` is for `kept.keep`; `seen` made a score (`own_card`).
    """

    items: tuple[ReleasedItem, ...]
    carried: tuple[str, ...]
    uses_consent: bool
    kept: Mapping[str, Any] | None
    #: The score by consent that is among the items, with what it was computed from.
    score: Stored | None = None
    seen: tuple[ReleasedItem, ...] = ()


def release(request: Request, *, actor: Actor, as_of: datetime) -> Release | Refusal:
    """Answer `request` with a Release, or with a Refusal whose reason stands in the journal.

    Raises UnknownSubject, MissingReference, NumberGiven and catalogue.UnknownItem for what never was a
    request.
    """
    request = own_card.with_items(request)
    intended = intend(request, actor=actor, as_of=as_of)
    if isinstance(intended, Refusal):
        return intended
    found = fetch(request, intended, as_of=as_of)
    if found is None:
        with transaction.atomic(durable=True):
            return _refuse(intended.intent, Reason.ANSWERS_NOT_KEPT, actor=actor, as_of=as_of)
    fetched, answers = found
    draft = drafted(request, intended, fetched, as_of=as_of)
    with transaction.atomic(durable=True):
        calls = note(intended.intent, answers, actor=actor, as_of=as_of)
        return conclude(
            request, intended.intent, intended.consent, fetched, draft, calls=calls, actor=actor, as_of=as_of
        )


def intend(
    request: Request,
    *,
    actor: Actor,
    as_of: datetime,
    beside: Callable[[Intended], None] | None = None,
) -> Intended | Refusal:
    """Decide whether the request may be answered, and commit the intent, with what is to be written `beside`
    it; raises as `release` does.
    """
    if not request.reference.strip():
        raise MissingReference
    recipient = request.recipient
    if recipient.kind is rules.RecipientKind.INSTITUTION and not quota_rules.named(recipient.person):
        raise MissingPerson
    asked_by = (request.reference, request.recipient.person, request.recipient.branch)
    if any(map(redaction.holds_number, asked_by)):
        raise NumberGiven
    with transaction.atomic(durable=True):
        intended = _intend(request, items_of(request.items), actor=actor, as_of=as_of)
        if beside is not None and isinstance(intended, Intended):
            beside(intended)
    if intended is None:
        raise UnknownSubject(request.uscc)
    return intended


def resume(
    request: Request, intent: Intent, consent: look.Look | None, *, as_of: datetime
) -> Intended | Reason:
    """Decide anew on a request whose intent was committed before: its plan, or why nothing carries it now."""
    items, subject = items_of(request.items), subjects.get(intent.subject_id)
    named = request.case_id or request.consent_id
    refused = _standing(request, as_of) or (_carries_nothing(consent, request, items) if named else None)
    if refused is not None:
        return refused
    plans = _plans(request, items, subject, consent, None)
    return Intended(intent, card_of(subject, request.uscc), plans, consent, None)


def items_of(names: Iterable[str]) -> tuple[Item, ...]:
    """Return the items of these names; asked twice is asked once: an item costs its provider one call."""
    catalogue = loader.load()
    return tuple(catalogue.item(name) for name in dict.fromkeys(names))


def fetch(
    request: Request, intended: Intended, *, as_of: datetime, patience_seconds: float = reach.PATIENCE_SECONDS
) -> tuple[Fetched, tuple[calls.Answer, ...]] | None:
    """Read and call what the plan permits, outside any transaction; None where what is kept is gone."""
    collected = _collect(request, intended, as_of, patience_seconds)
    if collected is None:
        return None
    pairs = list(zip(intended.plans, collected.items, strict=True))
    fetched = Fetched(
        items=collected.items,
        carried=tuple(entry.item.item for entry, _ in pairs if entry.context.consented.covers),
        uses_consent=any(entry.used_consent(item) for entry, item in pairs),
        kept=kept.content(collected.by_item, collected.items, day=business_day(as_of)),
        score=collected.score,
    )
    if request.card is not None:
        left = own_card.instead(request, collected.items, intended.subject, as_of=as_of)
        fetched = replace(fetched, items=left, kept=None, score=None, seen=fetched.items)
    return fetched, collected.answers


def note(intent: Intent, answers: Sequence[calls.Answer], *, actor: Actor, as_of: datetime) -> str | None:
    """Write down what providers were asked; return what the outcome commits to."""
    commitment = call_register.keep(intent.id, answers)
    probing.note(intent, answers, actor=actor, as_of=as_of)
    return commitment


def drafted(request: Request, intended: Intended, fetched: Fetched, *, as_of: datetime) -> Release:
    """Return the answer as it will leave, with its digest."""
    draft = Release(
        id=intended.intent.id,
        recipient=request.recipient,
        subject=intended.subject,
        purpose=request.purpose,
        case_id=intended.consent.case_id if intended.consent else None,
        consent_id=intended.consent.id if intended.consent else None,
        reference=request.reference,
        released_at=as_of,
        items=fetched.items,
        intent_entry=intended.intent.entry,
        mandate_id=request.mandate_id,
        quota=intended.quota,
        repeats=request.repeats,
    )
    return replace(draft, digest=draft.compute_digest())


def conclude(
    request: Request,
    intent: Intent,
    consent: look.Look | None,
    fetched: Fetched,
    draft: Release,
    *,
    calls: str | None,
    actor: Actor,
    as_of: datetime,
) -> Release | Refusal:
    """Look at standing and consent once more, then write the outcome; the bytes leave after its commit."""
    changed = _standing(request, as_of)
    if changed is None and consent is not None:
        changed = _changed(request, fetched, consent)
    if changed is not None:
        return _refuse(intent, changed, actor=actor, as_of=as_of, calls=calls)
    used = (*fetched.seen, *draft.items)
    outcome = register.release(intent, draft.digest, used, actor=actor, as_of=as_of, calls=calls)
    if consent is not None:
        scored.keep(draft, consent, fetched.kept, fetched.score, as_of=as_of)
    return replace(draft, outcome_entry=outcome.entry)


def _collect(
    request: Request, intended: Intended, as_of: datetime, patience_seconds: float
) -> reach.Collected | None:
    """Read and call what the plan permits, or read again what is kept; None where that is gone meanwhile."""
    intent = intended.intent.id
    if request.repeats is None:
        return reach.collect(
            intent,
            request,
            intended.plans,
            intended.subject,
            intended.consent,
            as_of=as_of,
            patience_seconds=patience_seconds,
        )
    answers = kept.read(request.repeats, as_of=as_of)
    if answers is None:
        return None
    return reach.again(intent, intended.plans, intended.subject, answers, as_of=as_of)


def _intend(
    request: Request, items: tuple[Item, ...], *, actor: Actor, as_of: datetime
) -> Intended | Refusal | None:
    """Settle whether the request may be answered and write the intent; None where nobody has the code.

    Standing and quota come before the look-up, and a failed look-up is journalled too: nobody tries out codes
    unseen or for nothing.
    """
    subject = subjects.find(request.uscc)
    mandate = official_duty.look(request)
    refused = (
        rules.admit(request.purpose, request.recipient.kind)
        or _speaks_for(request, subject, actor=actor, as_of=as_of)
        or _standing(request, as_of)
        or official_duty.outside(mandate, subject)
        or emergency.outside(request, subject)
    )
    if subject is None:
        refused, quota = _quota(request, None, refused, as_of=as_of)
        entry = register.miss(request, refused, actor=actor, as_of=as_of)
        return None if refused is None else Refusal(entry, refused, as_of, entry, quota)
    consent: look.Look | None = None
    plans: tuple[plan.ItemPlan, ...] = ()
    request, carries_nothing = repeating.beside(request, subject.id)
    named = mandate is None and carries_nothing is None and (request.case_id or request.consent_id)
    if refused is None and named:
        consent = look.at(request, subject.id, items, as_of=as_of)
        carries_nothing = _carries_nothing(consent, request, items) or repeating.gone(request, as_of=as_of)
    elif request.card is not None:
        carries_nothing = carries_nothing or Reason.CASE_MISSING
    if refused is None and carries_nothing is None:
        plans = _plans(request, items, subject, consent, mandate)
    # The day's quota is one row for which all of an institution's requests wait: it is locked last, for the
    # writing alone.
    refused, quota = _quota(request, subject.id, refused, as_of=as_of)
    refused = refused or carries_nothing
    intent = register.intend(
        request, subject_id=subject.id, consent=consent.id if consent else None, actor=actor, as_of=as_of
    )
    if refused is not None:
        return _refuse(intent, refused, actor=actor, as_of=as_of, quota=quota)
    return Intended(intent, card_of(subject, request.uscc), plans, consent, quota)


def card_of(subject: subjects.Card, uscc: str) -> SubjectCard:
    """Return the subject as the head of an answer names it."""
    return SubjectCard(subject.id, uscc, subject.name, subject.kind, subject.region, subject.status.label)


def _plans(
    request: Request,
    items: tuple[Item, ...],
    subject: subjects.Card,
    consent: look.Look | None,
    mandate: duty_mandates.Card | None,
) -> tuple[plan.ItemPlan, ...]:
    carries = official_duty.carries(mandate) if mandate else emergency.carries(request)
    return plan.make(
        items,
        carries or (lambda item: _consented(consent, request, item)),
        recipient=request.recipient.kind,
        subject_kind=subject.kind,
        is_signers=consent.is_signers if consent else _nobodys,
        claims=request.claims,
    )


def _nobodys(number: str) -> bool:
    """Without a consent no number is a signer's."""
    return False


def _speaks_for(
    request: Request, subject: subjects.Card | None, *, actor: Actor, as_of: datetime
) -> Reason | None:
    """The recipient is not whom the request names but whom the actor may act for."""
    recipient = request.recipient
    if recipient.kind is not rules.RecipientKind.SUBJECT:
        if recipient.kind is rules.RecipientKind.OPERATOR:
            return None if actor.is_operator and actor.id == recipient.id else Reason.RECIPIENT_MISMATCH
        known = actor == SYSTEM or actor.party == f"{recipient.kind.value}:{recipient.id}"
        return None if known else Reason.RECIPIENT_MISMATCH
    if subject is None or recipient.id != str(subject.id) or not actor.id.isdigit():
        return Reason.MANDATE_MISSING
    role = memberships.role_in_subject(int(actor.id), subject.id, on=business_day(as_of))
    return Reason.MANDATE_MISSING if role is None else None


def _standing(request: Request, as_of: datetime) -> Reason | None:
    """Assessed and not suspended ((十)), or by a mandate in force; a subject asking for its own data needs
    no standing.
    """
    if request.recipient.kind is rules.RecipientKind.SUBJECT:
        return None
    if request.recipient.kind is rules.RecipientKind.DEPARTMENT:
        return official_duty.standing(request, as_of=as_of)
    if request.recipient.kind is rules.RecipientKind.OPERATOR:
        return emergency.standing(request, as_of=as_of)
    names_case = request.case_id is not None or request.consent_id is not None
    standing = institutions.standing(request.recipient.id, names_case=names_case, as_of=as_of)
    return None if standing.admitted else standing.reason


def _quota(
    request: Request, subject_id: int | None, refused: Reason | None, *, as_of: datetime
) -> tuple[Reason | None, Taken | None]:
    """Count the request, unless it is refused already or nobody's quota: one's own, or an emergency's."""
    recipient = request.recipient
    uncounted = (rules.RecipientKind.SUBJECT, rules.RecipientKind.OPERATOR)
    if refused is not None or recipient.kind in uncounted:
        return refused, None
    if recipient.kind is rules.RecipientKind.DEPARTMENT:
        return official_duty.take(request, business_day(as_of)), None
    asker = quotas.Asker(recipient.id, recipient.branch, recipient.person, request.export)
    taken = quotas.take(asker, subject_id, as_of=as_of)
    return taken.reason, taken


def _carries_nothing(consent: look.Look | None, request: Request, items: tuple[Item, ...]) -> Reason | None:
    """A request that names a consent or a case and is carried by it in nothing is refused whole, with the
    reason.
    """
    if consent is None:
        return Reason.CONSENT_MISSING
    reasons = [consent.consented(request, item).reason for item in items]
    return None if Reason.CONSENTED in reasons else reasons[0]


def _consented(consent: look.Look | None, request: Request, item: Item) -> rules.Consented:
    return consent.consented(request, item) if consent else rules.Consented(Reason.CONSENT_MISSING)


def _changed(request: Request, fetched: Fetched, consent: look.Look) -> Reason | None:
    locks.shared(consent.id)
    now = look.again(consent, request)
    for item in items_of(fetched.carried):
        coverage = now.consented(request, item)
        if not coverage.covers:
            return coverage.reason
    if request.repeats:
        # No further use: what is given was given before and counted then, from answers that nobody was asked
        # for again. The institution's quota of the day counts it like every question.
        return None
    return Reason.FREQUENCY_EXHAUSTED if fetched.uses_consent and not now.count_use() else None


def _refuse(
    intent: Intent,
    reason: Reason,
    *,
    actor: Actor,
    as_of: datetime,
    calls: str | None = None,
    quota: Taken | None = None,
) -> Refusal:
    outcome = register.refuse(intent, reason, actor=actor, as_of=as_of, calls=calls)
    return Refusal(intent.id, reason, as_of, outcome.entry, quota)
