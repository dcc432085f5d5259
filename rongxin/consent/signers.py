"""Who signs for a firm: a person whom an identity provider vouches for now, and who may act for it now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from rongxin.consent.errors import SignerRefused
from rongxin.consent.rules import Signature, business_day
from rongxin.parties import accounts, memberships, subjects
from rongxin.parties.rules import identity
from rongxin.parties.rules.identity import Agreement, Assertion
from rongxin.parties.rules.membership import Role
from rongxin.vocabulary.actor import Actor, ActorKind


@dataclass(frozen=True)
class Signer:
    """A person who may sign for the firm, with what the identity provider just said."""

    account: int
    role: Role
    signature: Signature


def recognised(subject: subjects.Card, assertion: Assertion, *, actor: Actor, as_of: datetime) -> Signer:
    """Return who signs: the actor's own account, a role in the firm today, a fresh word about this very
    person.
    """
    if actor.kind is not ActorKind.ACCOUNT or not actor.id.isdigit():
        raise SignerRefused("线上授权须由实名账号本人办理")
    role = memberships.role_in_subject(int(actor.id), subject.id, on=business_day(as_of))
    if role is None:
        raise SignerRefused("该账号不是法定代表人（负责人、经营者），也没有有效的委托")
    account = accounts.get(int(actor.id))
    if not account.id_commitment or account.id_commitment != assertion.id_commitment:
        raise SignerRefused("实名认证的人与登录账号不是同一人")
    if role is Role.LEGAL_REPRESENTATIVE:
        return Signer(account.id, role, representative(subject, assertion, as_of=as_of))
    own = identity.Record(subject.uscc or "", account.real_name, account.id_commitment)
    found = identity.compare(assertion, own, as_of=as_of)
    return Signer(account.id, role, _signature(assertion, found))


def representative(subject: subjects.Card, assertion: Assertion, *, as_of: datetime) -> Signature:
    """Return the legal representative's signature; SignerRefused where the person is another.

    A licence that vouched for this very person at registration stands behind later signatures, too.
    """
    return _signature(assertion, agreement(subject.id, assertion, as_of=as_of))


def agreement(subject_id: int, assertion: Assertion, *, as_of: datetime) -> Agreement:
    """Return whether a person is the one who stands for the firm, or what is in the way."""
    vouched = memberships.vouched_for(subject_id, assertion.id_commitment, as_of=as_of)
    return identity.compare(assertion, subjects.record_of(subject_id), vouched=vouched, as_of=as_of)


def may_sign(subject_id: int, *, on: date) -> dict[str, int]:
    """Return the persons who may sign for a firm on a day, each with their account."""
    found = (accounts.get(card.account) for card in memberships.of_subject(subject_id, on=on))
    return {one.id_commitment: one.id for one in found if one.id_commitment}


def _signature(assertion: Assertion, found: Agreement) -> Signature:
    if found is not Agreement.AGREES:
        raise SignerRefused(found.message)
    return Signature(
        name=assertion.name,
        commitment=assertion.id_commitment,
        issuer=assertion.issuer,
        assurance=assertion.assurance.value,
        signed_at=assertion.at,
    )
