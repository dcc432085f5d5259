"""签名公钥: the public keys by which an institution's own signature is known.

What an institution hands over, a public key or a certificate of it, one person of the operator's enters and
another confirms; before that the key opens nothing. A key that came by a certificate is believed only while
the certificate is (`parties.certificates`), and where that is revoked the node itself stops it. A key has one
purpose: to ask for tokens as one account, or to sign what the institution says. It belongs to one institution
for ever, for a span of days, and one person can stop it at once: of the operator's or the institution's own.
The platform never sees the private half.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import certificates, institutions, second_person
from rongxin.parties.errors import AlreadyKnown, NotAllowed, UnknownParty
from rongxin.parties.models import InstitutionKey, Membership
from rongxin.parties.rules.institution_key import KeyPurpose
from rongxin.proof import signers
from rongxin.proof.certificates import checking
from rongxin.proof.certificates.checking import Certificate
from rongxin.proof.certificates.refusals import FINAL, Why
from rongxin.proof.errors import ProofError
from rongxin.proof.keys import Verifies
from rongxin.vocabulary.actor import SYSTEM, Actor
from rongxin.vocabulary.zone import business_day

#: Characters of what is handed over: a certificate with its intermediates.
PEM_MAX = 16_000


@dataclass(frozen=True)
class Card:
    """A key as it is registered: `key_id` is its RFC 7638 thumbprint, the `kid` of what it signs."""

    id: UUID
    institution_id: str
    key_id: str
    pem: str
    purpose: KeyPurpose
    account: int | None
    valid_from: date
    valid_until: date
    proposed_by: str
    confirmed_at: datetime | None
    confirmed_by: str
    revoked_at: datetime | None
    certificate: str | None = None
    trouble: Why | None = None

    def holds_at(self, moment: datetime) -> bool:
        """Whether what is signed with it is believed at a moment."""
        day = timezone.localdate(moment)
        confirmed = self.confirmed_at is not None and self.confirmed_at <= moment
        revoked = self.revoked_at is not None and self.revoked_at <= moment
        return confirmed and self.valid_from <= day <= self.valid_until and not revoked

    def document(self) -> dict[str, Any]:
        """What people see of it, JSON-ready."""
        return {
            "key": str(self.id),
            "institution": self.institution_id,
            "kid": self.key_id,
            "pem": self.pem,
            "purpose": self.purpose.value,
            "purpose_label": self.purpose.label,
            "account": self.account,
            "valid_from": self.valid_from.isoformat(),
            "valid_until": self.valid_until.isoformat(),
            "proposed_by": self.proposed_by,
            "confirmed_by": self.confirmed_by or None,
            "confirmed_at": self.confirmed_at.isoformat() if self.confirmed_at else None,
            "revoked_at": self.revoked_at.isoformat() if self.revoked_at else None,
            "certificate": checking.read(self.certificate).document() if self.certificate else None,
            "trouble": self.trouble.value if self.trouble else None,
            "trouble_label": self.trouble.label if self.trouble else None,
        }


def propose(
    institution_id: str,
    pem: str,
    *,
    purpose: KeyPurpose,
    account: int | None = None,
    valid_from: date,
    valid_until: date,
    actor: Actor,
    as_of: datetime,
) -> Card:
    """Enter a public key (Ed25519 or SM2) of an institution, or a certificate of one with its intermediates
    behind it, as PEM; another person has to confirm it. It is believed no longer than its certificate.

    A key for tokens names the institution's account that it speaks for; one for signatures names none.
    """
    person = second_person.of_operator(actor=actor, what=_WHAT)
    institutions.get(institution_id)
    if valid_until < max(valid_from, timezone.localdate(as_of)):
        raise NotAllowed(f"公钥有效期止于{valid_until}，早于起始日或今日")
    _check_account(institution_id, purpose, account)
    key, certificate = _read(pem, institution_id, as_of)
    if certificate is not None:
        valid_until = min(valid_until, business_day(certificate.valid_until))
        if valid_until < valid_from:
            raise NotAllowed(f"证书有效期止于{valid_until}，早于起始日")
    row = InstitutionKey(
        institution_id=institution_id,
        key_id=key.id,
        pem=key.pem(),
        purpose=purpose.value,
        account_id=account,
        valid_from=valid_from,
        valid_until=valid_until,
        proposed_by=person,
        certificate=certificate.pem if certificate else None,
    )
    with transaction.atomic():
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError as error:
            raise AlreadyKnown("该公钥已登记过，请换一把") from error
        _journal(row, "proposed", actor=actor, as_of=as_of)
    return _card(row)


def confirm(key: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Put a key in force that another person entered, after comparing it with what the institution gave."""
    person = second_person.of_operator(actor=actor, what=_WHAT)
    with transaction.atomic():
        row = _live(key)
        if row.confirmed_at is not None:
            raise NotAllowed("该公钥已经核准")
        second_person.check_other(person, row.proposed_by, what=_WHAT)
        _read(row.certificate or row.pem, row.institution_id, as_of)
        row.confirmed_at, row.confirmed_by = as_of, person
        row.save(update_fields=["confirmed_at", "confirmed_by"])
        _journal(row, "confirmed", actor=actor, as_of=as_of)
    return _card(row)


def revoke(key: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Stop believing a key at once and for good; what it signed before stays signed. One person is enough."""
    with transaction.atomic():
        row = _live(key)
        if not (actor.is_operator or actor.party == f"institution:{row.institution_id}"):
            raise NotAllowed("机构的签名公钥只能由平台运营机构或该机构停用")
        row.revoked_at = as_of
        row.save(update_fields=["revoked_at"])
        _journal(row, "revoked", actor=actor, as_of=as_of)
    return _card(row)


def judge(*, as_of: datetime) -> int:
    """Look anew at the certificate of each key that is confirmed and not over; returns for how many of them
    that changed what is believed.

    A revoked one ends its key for good. Any other trouble suspends it and goes when its cause does, since
    that may lie with whoever lays the lists down. Each change is journalled with its reason and told.
    """
    keys = InstitutionKey.objects.filter(
        certificate__isnull=False, confirmed_at__isnull=False, revoked_at=None
    )
    lasting = keys.filter(valid_until__gte=timezone.localdate(as_of)).order_by("pk")
    return sum(_judge(key, as_of) for key in lasting.values_list("pk", flat=True))


def of_institution(institution_id: str) -> list[Card]:
    """Return all keys ever registered for an institution, the newest first."""
    rows = InstitutionKey.objects.filter(institution=institution_id)
    return [_card(row) for row in rows.order_by("-valid_from", "pk")]


def in_force(
    institution_id: str, purpose: KeyPurpose, *, account: int | None = None, as_of: datetime
) -> Mapping[str, Verifies]:
    """Return the keys that are believed at a moment for a purpose, by `kid`, as `proof.jws.verify` takes
    them; `account`: whose tokens.
    """
    return {
        card.key_id: signers.read_public(card.pem, institution_id)
        for card in of_institution(institution_id)
        if card.holds_at(as_of) and (card.purpose, card.account) == (purpose, account)
        if card.certificate is None
        or certificates.trouble(card.certificate, institution_id, as_of=as_of) is None
    }


_WHAT = "机构公钥的登记"


def _read(pem: str, institution: str, as_of: datetime) -> tuple[Verifies, Certificate | None]:
    """Return the key of a PEM, and the certificate where it came by one."""
    if len(pem) > PEM_MAX:
        raise NotAllowed(f"PEM 过长：最多{PEM_MAX}个字符，只附中间证书，不附根证书")
    if checking.is_certificate(pem):
        certificate = certificates.check(pem, institution, as_of=as_of)
        return certificate.key, certificate
    if certificates.required():
        raise NotAllowed("本节点只登记带证书的公钥：请提供认证机构签发的签名证书（PEM，BEGIN CERTIFICATE）")
    try:
        return signers.read_public(pem, institution), None
    except ProofError as error:
        raise NotAllowed(f"不是一把 Ed25519 或 SM2 公钥，也不是证书（PEM）：{error}") from error


def _judge(key: UUID, as_of: datetime) -> bool:
    with transaction.atomic():
        rows = InstitutionKey.objects.select_for_update(skip_locked=True, no_key=True)
        row = rows.filter(pk=key, revoked_at=None).first()
        if row is None:  # somebody is at it, or has stopped it
            return False
        found = certificates.trouble(row.certificate or "", row.institution_id, as_of=as_of)
        return _judged(row, found.why if found else None, as_of)


def _judged(row: InstitutionKey, why: Why | None, as_of: datetime) -> bool:
    if row.trouble == (why.value if why else None):
        return False
    row.trouble, change = (why.value, "suspended") if why else (None, "resumed")
    if why in FINAL:
        row.revoked_at, change = as_of, "revoked"
    row.save(update_fields=["trouble", "revoked_at"])
    _journal(row, change, why, actor=SYSTEM, as_of=as_of)
    if why:
        entries.append(Kind.CERTIFICATE_TROUBLE, actor=SYSTEM, refs=_refs(row, change, why), as_of=as_of)
    return True


def _check_account(institution_id: str, purpose: KeyPurpose, account: int | None) -> None:
    if (purpose is KeyPurpose.TOKENS) != (account is not None):
        raise NotAllowed("取得令牌的公钥须指明其代表的账号；签署用的公钥不指明账号")
    theirs = Membership.objects.filter(account=account, institution=institution_id, ended_at=None)
    if account is not None and not theirs.exists():
        raise UnknownParty(f"该机构没有编号为{account}的账号")


def _live(key: UUID) -> InstitutionKey:
    rows = InstitutionKey.objects.select_for_update(no_key=True)
    row = rows.filter(pk=key, revoked_at=None).first()
    if row is None:
        raise UnknownParty(f"没有编号为{key}的有效公钥")
    return row


def _journal(
    row: InstitutionKey, change: str, why: Why | None = None, *, actor: Actor, as_of: datetime
) -> None:
    commitments = {"public_key": sha256(row.pem.encode()).hexdigest()}
    if row.certificate:
        commitments["certificate"] = sha256(row.certificate.encode()).hexdigest()
    refs = _refs(row, change, why)
    entries.append(Kind.KEY_CREATED, actor=actor, refs=refs, commitments=commitments, as_of=as_of)


def _refs(row: InstitutionKey, change: str, why: Why | None) -> dict[str, str | int]:
    refs: dict[str, str | int] = {"institution": row.institution_id, "key": str(row.pk), "change": change}
    return refs | {"purpose": row.purpose} | ({"why": why.value} if why else {})


def _card(row: InstitutionKey) -> Card:
    return Card(
        id=row.id,
        institution_id=row.institution_id,
        key_id=row.key_id,
        pem=row.pem,
        purpose=KeyPurpose(row.purpose),
        account=row.account_id,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        proposed_by=row.proposed_by,
        confirmed_at=row.confirmed_at,
        confirmed_by=row.confirmed_by,
        revoked_at=row.revoked_at,
        certificate=row.certificate,
        trouble=Why(row.trouble) if row.trouble else None,
    )
