"""What becomes of a consent once given: pause, resume, withdrawal, expiry, the end with its subject.

Every act takes the consent's lock alone: it waits for releases under way, and whatever is asked after it has
committed sees it (promises P4).
"""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID

from django.db import transaction

from rongxin.consent import artefacts, given_numbers, locks, notifications, register
from rongxin.consent.errors import NotPossible, NotTheirs, Tampered
from rongxin.consent.models import Consent
from rongxin.consent.register import Grant
from rongxin.consent.rules import OWNERS, TRANSITIONS, Act, Owner, Status, business_day, successor
from rongxin.journal import entries, news
from rongxin.journal.rules import Kind
from rongxin.parties import memberships, subjects
from rongxin.parties.rules.membership import STAFF_ROLES, PartyKind
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind

_log = logging.getLogger(__name__)

_KINDS = {
    Act.PAUSE: Kind.CONSENT_PAUSED,
    Act.RESUME: Kind.CONSENT_RESUMED,
    Act.WITHDRAW: Kind.CONSENT_WITHDRAWN,
    # To everybody who follows it is a withdrawal; the reference `why` tells whose act it was.
    Act.GIVE_UP: Kind.CONSENT_WITHDRAWN,
    Act.EXPIRE: Kind.CONSENT_EXPIRED,
    Act.SUPERSEDE: Kind.CONSENT_SUPERSEDED,
    # The journal has no kind for the end with the subject; the reference `why` tells it from lapse of time.
    Act.END: Kind.CONSENT_EXPIRED,
}
_WORDS = {
    Act.PAUSE: "授权已暂停，恢复前机构不能查询。",
    Act.RESUME: "授权已恢复，机构可按授权继续查询。",
    Act.WITHDRAW: "授权已撤回，此后的查询一律拒绝；机构须回复信息的删除情况。",
    Act.GIVE_UP: "机构已放弃该授权，此后不能再据以查询；机构须回复信息的删除情况。",
    Act.EXPIRE: "授权已到期。",
    Act.SUPERSEDE: "授权已被新的授权取代。",
    Act.END: "信息主体已注销，授权终止。",
}


def pause(consent_id: UUID, *, actor: Actor, as_of: datetime) -> Grant:
    """Stop all use for the time being."""
    return move(consent_id, Act.PAUSE, why="paused", actor=actor, as_of=as_of)


def resume(consent_id: UUID, *, actor: Actor, as_of: datetime) -> Grant:
    """Let a paused consent be used again; NotPossible once its term is over."""
    return move(consent_id, Act.RESUME, why="resumed", actor=actor, as_of=as_of)


def withdraw(consent_id: UUID, *, why: str = "withdrawn", actor: Actor, as_of: datetime) -> Grant:
    """Take a consent back for good (个人信息保护法 art. 15); no reason is asked for.

    Returns once every release under way has ended; a request made afterwards is refused.
    """
    return move(consent_id, Act.WITHDRAW, why=why, actor=actor, as_of=as_of)


def give_up(consent_id: UUID, *, actor: Actor, as_of: datetime) -> Grant:
    """Let the institution give up a consent that it needs no more; it owes the same as after a withdrawal."""
    return move(consent_id, Act.GIVE_UP, why="given_up", actor=actor, as_of=as_of)


def expire_due(*, as_of: datetime, consents_max: int = 1000) -> int:
    """Write down which consents are past their last day; they stopped covering anything when it ended."""
    due = Consent.objects.filter(status__in=["active", "paused"], valid_until__lt=business_day(as_of))
    ids = list(due.order_by("valid_until").values_list("id", flat=True)[:consents_max])
    return sum(_settle(consent_id, Act.EXPIRE, why="term_over", as_of=as_of) for consent_id in ids)


def end_of_subject(subject_id: int, *, as_of: datetime) -> int:
    """Write down that a deregistered subject's consents have ended; they cover nothing since it was."""
    live = Consent.objects.filter(subject=subject_id, status__in=["active", "paused"])
    ids = list(live.values_list("id", flat=True))
    return sum(_settle(consent_id, Act.END, why="subject_deregistered", as_of=as_of) for consent_id in ids)


def follow_deregistrations(*, as_of: datetime) -> int:
    """React to the journal's news: end the consents of subjects deregistered since last time.

    One whose deregistration was taken back meanwhile is left alone: its consents ended then.
    """
    ended = 0
    with news.read("consent.deregistrations", [Kind.SUBJECT_CHANGED]) as changes:
        for change in changes:
            if change.refs.get("change") != "deregistered":
                continue
            if subjects.get(int(change.refs["subject"])).deregistered:
                ended += end_of_subject(int(change.refs["subject"]), as_of=as_of)
    return ended


def move(consent_id: UUID, act: Act, *, why: str, actor: Actor, as_of: datetime) -> Grant:
    """Do one act of the table on a consent: its owner's alone, from a state that allows it."""
    with transaction.atomic():
        locks.exclusive(consent_id)
        held = register.get(consent_id)
        _check_owner(act, held, actor=actor, as_of=as_of)
        row = Consent.objects.get(pk=consent_id)
        _check_possible(act, held, Status(row.status), as_of=as_of)
        to = successor(Status(row.status), act)
        assert to is not None
        row.status, row.status_at, row.status_why = to.value, as_of, why
        row.seal = artefacts.seal(row.id, to, row.artefact)
        row.save(update_fields=["status", "status_at", "status_why", "seal"])
        if not TRANSITIONS[to]:
            given_numbers.forget(consent=consent_id)
        entries.append(_KINDS[act], actor=actor, refs={**refs(row), "why": act.value}, as_of=as_of)
        notifications.tell(
            row.subject_id, f"consent_{act.value}", _WORDS[act], refs={"consent": str(row.id)}, as_of=as_of
        )
        return register.get(consent_id)


def refs(row: Consent) -> dict[str, str | int]:
    """Return what the journal names a consent by."""
    return {
        "consent": str(row.id),
        "subject": row.subject_id,
        "institution": row.institution_id,
        "case": str(row.case_id),
    }


def owner_of(
    subject_id: int, *, institution: str | None = None, actor: Actor, as_of: datetime
) -> Owner | None:
    """Return in which capacity an actor deals with a subject's consents, or None.

    What counts is the account's memberships on the day, never what the actor says of itself.
    """
    if actor.kind is ActorKind.SYSTEM:
        return Owner.NODE
    if actor.kind is not ActorKind.ACCOUNT or not actor.id.isdigit():
        return None
    today = business_day(as_of)
    if memberships.role_in_subject(int(actor.id), subject_id, on=today) is not None:
        return Owner.SUBJECT
    held = memberships.of_account(int(actor.id), on=today)
    if any(card.party_kind is PartyKind.OPERATOR and card.role in STAFF_ROLES for card in held):
        return Owner.OPERATOR
    own = any(card.party_kind is PartyKind.INSTITUTION and card.party == institution for card in held)
    return Owner.INSTITUTION if own else None


def _check_owner(act: Act, held: Grant, *, actor: Actor, as_of: datetime) -> None:
    owner = owner_of(held.subject_id, institution=held.institution_id, actor=actor, as_of=as_of)
    if owner not in OWNERS[act]:
        raise NotTheirs("只有授权的信息主体可以这样做；撤回和暂停也可书面委托平台办理。")


def _check_possible(act: Act, held: Grant, stored: Status, *, as_of: datetime) -> None:
    # A deregistered subject's consent reads as ENDED before that is written down; END alone looks at what is.
    here = stored if act is Act.END else held.status
    if successor(here, act) is None:
        raise NotPossible(f"授权{here.label}，不能再{_VERBS[act]}。")
    if act is Act.RESUME and held.terms.valid_until < business_day(as_of):
        raise NotPossible("授权期限已过，不能恢复；如需继续，请重新授权。")
    if act is Act.EXPIRE and held.terms.valid_until >= business_day(as_of):
        raise NotPossible(f"授权有效期至{held.terms.valid_until}，尚未到期。")


_VERBS = {
    Act.PAUSE: "暂停",
    Act.RESUME: "恢复",
    Act.WITHDRAW: "撤回",
    Act.GIVE_UP: "放弃",
    Act.EXPIRE: "办理到期",
    Act.SUPERSEDE: "取代",
    Act.END: "终止",
}


def _settle(consent_id: UUID, act: Act, *, why: str, as_of: datetime) -> bool:
    """Do the node's own act; False where somebody else was first (withdrawn meanwhile) or it was edited.

    An edited consent covers nothing anyway; left as it is found, it keeps no other from its end.
    """
    try:
        move(consent_id, act, why=why, actor=SYSTEM, as_of=as_of)
    except NotPossible:
        return False
    except Tampered as error:
        _log.error("consent %s can't be %s: %s", consent_id, successor(Status.ACTIVE, act), error)
        return False
    return True
