"""跳转授权: an institution sends its customer here to decide, and fetches the result itself ((九), 附件 注3).

The institution pushes what it asks for by its own key and gets a link (RFC 9126). The firm's person comes
with the link, is known by the identity provider's word, sees what is asked for, grants or refuses, and is
sent back with a code that is good for a minute, once, for that client alone, with the PKCE verifier.

Request and consent are the same as everywhere: the firm may as well answer in its portal.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import QuerySet

from rongxin.consent import cases, grants, requests
from rongxin.consent.models import ConsentRequest, PushedRequest
from rongxin.consent.redirection import addresses, rules
from rongxin.consent.redirection.errors import CodeRefused, LinkUnusable, NotPushable
from rongxin.consent.redirection.rules import Answer
from rongxin.consent.templates import Draft
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties.rules.identity import Assertion
from rongxin.vocabulary.actor import Actor


@dataclass(frozen=True)
class Wish:
    """What a client pushes beside the draft: where the person is to be sent back, with which state."""

    client: str
    redirect_uri: str
    state: str
    challenge: str


@dataclass(frozen=True)
class Link:
    """A pushed request as the page needs it."""

    id: UUID
    request: requests.Card
    case: cases.Card
    redirect_uri: str
    state: str
    expires_at: datetime


def push(case_id: UUID, draft: Draft, wish: Wish, *, actor: Actor, as_of: datetime) -> str:
    """Take a request in; return the `request_uri` by which the person's browser brings it."""
    case = cases.get(case_id)
    cases.check_served(case.institution_id, as_of=as_of)
    _check(wish, case.institution_id)
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        # The same wish, pushed again because the person came back, is one question to the firm, not two.
        card = requests.open_like(case_id, draft, actor=actor, as_of=as_of) or requests.request(
            case_id, draft, actor=actor, as_of=as_of
        )
        row = PushedRequest.objects.create(
            id=uuid4(),
            request_id=card.id,
            client=wish.client,
            redirect_uri=wish.redirect_uri,
            state=wish.state,
            challenge=wish.challenge,
            link=_hash(secret),
            pushed_at=as_of,
            expires_at=as_of + rules.REQUEST_LIFE,
        )
        _journal(row, case, "pushed", actor=actor, as_of=as_of)
    return rules.REQUEST_URI + secret


def opened(request_uri: str, *, client: str, as_of: datetime) -> Link:
    """Return what a link stands for; LinkUnusable where it is over, answered, or another client's."""
    return _link(_by_link(PushedRequest.objects.select_related("request"), request_uri, client, as_of))


def grant(
    request_uri: str,
    *,
    client: str,
    assertion: Assertion,
    notice: tuple[str, str],
    person_agrees: bool,
    shown: str = "",
    numbers: Mapping[str, str] | None = None,
    actor: Actor,
    as_of: datetime,
) -> tuple[Link, str]:
    """Give the consent that is asked for, as the firm's person; return the code for the client, or ""
    where more people have to sign: the link stays open to them as long as it lives, and the portal does.
    """
    code = secrets.token_urlsafe(32)
    with transaction.atomic():
        row = _hold(request_uri, client, as_of)
        link = _link(row)
        given = grants.grant_online(
            link.case.id,
            link.request.draft,
            grants.Signing(
                assertion=assertion,
                notice_version=notice[0],
                notice_sha256=notice[1],
                person_assertion=assertion if person_agrees else None,
                shown=shown,
                numbers=numbers or {},
            ),
            request_id=link.request.id,
            actor=actor,
            as_of=as_of,
        )
        if not isinstance(given, grants.Grant):
            return link, ""
        row.code, row.code_until = _hash(code), as_of + rules.CODE_LIFE
        _answer(row, Answer.GRANTED, as_of)
    return link, code


def refuse(request_uri: str, *, client: str, actor: Actor, as_of: datetime) -> Link:
    """Refuse what is asked for, as the firm's person."""
    with transaction.atomic():
        row = _hold(request_uri, client, as_of)
        link = _link(row)
        grants.decline(link.request.id, actor=actor, as_of=as_of)
        _answer(row, Answer.REFUSED, as_of)
    return link


def redeem(
    code: str, *, client: str, redirect_uri: str, verifier: str, actor: Actor, as_of: datetime
) -> grants.Grant:
    """Give the consent that a code stands for to the client that pushed for it, once; raises CodeRefused."""
    with transaction.atomic():
        rows = PushedRequest.objects.select_for_update(of=("self",)).select_related("request")
        row = rows.filter(code=_hash(code), client=client).first()
        if row is None or row.code_until is None or as_of > row.code_until:
            raise CodeRefused("the code is unknown, over, or another client's")
        if row.redeemed_at is not None:
            raise CodeRefused("the code was used before")
        if row.redirect_uri != redirect_uri or not rules.proves(verifier, row.challenge):
            raise CodeRefused("redirect_uri or code_verifier isn't that of the request")
        row.redeemed_at = as_of
        row.save(update_fields=["redeemed_at"])
        consent = row.request.consent_id
        assert consent is not None
        _journal(row, cases.get(row.request.case_id), "redeemed", actor=actor, as_of=as_of)
    return grants.get(consent)


def forget(*, as_of: datetime) -> int:
    """Delete what was pushed and is over for a day; the requests and consents themselves stay."""
    over = PushedRequest.objects.filter(expires_at__lt=as_of - timedelta(days=1))
    return int(over.delete()[0])


def _check(wish: Wish, institution: str) -> None:
    if not addresses.in_force(institution, wish.redirect_uri):
        raise NotPushable("invalid_request", "redirect_uri is not registered, to the letter, and confirmed")
    if not wish.state or len(wish.state) > rules.STATE_LENGTH_MAX or not wish.state.isprintable():
        raise NotPushable("invalid_request", f"state must be 1 to {rules.STATE_LENGTH_MAX} characters")
    if not rules.is_challenge(wish.challenge):
        raise NotPushable("invalid_request", "code_challenge must be that of S256: 43 characters")


def _by_link(rows: QuerySet[PushedRequest], request_uri: str, client: str, as_of: datetime) -> PushedRequest:
    secret = request_uri.removeprefix(rules.REQUEST_URI)
    row = rows.filter(link=_hash(secret), client=client, answer="").first()
    if row is None or secret == request_uri or as_of > row.expires_at:
        raise LinkUnusable
    return row


def _hold(request_uri: str, client: str, as_of: datetime) -> PushedRequest:
    rows = PushedRequest.objects.select_for_update(of=("self",)).select_related("request")
    return _by_link(rows, request_uri, client, as_of)


def _answer(row: PushedRequest, answer: Answer, as_of: datetime) -> None:
    row.answer, row.answered_at = answer.value, as_of
    row.save(update_fields=["answer", "answered_at", "code", "code_until"])


def _link(row: PushedRequest) -> Link:
    request: ConsentRequest = row.request
    card = requests.get(request.id)
    return Link(row.id, card, cases.get(card.case_id), row.redirect_uri, row.state, row.expires_at)


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _journal(row: PushedRequest, case: cases.Card, change: str, *, actor: Actor, as_of: datetime) -> None:
    refs: dict[str, str | int] = {
        "request": str(row.request_id),
        "case": str(case.id),
        "subject": case.subject_id,
        "institution": case.institution_id,
        "change": change,
    }
    entries.append(Kind.CONSENT_REQUESTED, actor=actor, refs=refs, as_of=as_of)
