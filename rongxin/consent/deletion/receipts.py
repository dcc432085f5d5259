"""删除回执: what an institution says of the data it received, signed, and bound to one duty.

An institution whose key is registered signs itself (`parties.institution_keys`), and then nothing else is
taken from it: who has stolen an account's key can't say that data was deleted. One without a key states it
through an account of its own; the node signs that, with the account named in it, and the record says so.
"""

from __future__ import annotations

from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from django.db import transaction

from rongxin.consent.deletion import duties, policy, rules
from rongxin.consent.deletion.duties import Card
from rongxin.consent.deletion.rules import Act, Fault, Statement
from rongxin.consent.errors import NotTheirs, ReceiptRefused, UnknownConsent
from rongxin.consent.models import DeletionDuty, DeletionReceipt
from rongxin.consent.rules import business_day
from rongxin.journal import entries, keyring
from rongxin.journal.rules import Kind
from rongxin.parties import institution_keys, institutions, memberships
from rongxin.parties.rules.institution_key import KeyPurpose
from rongxin.parties.rules.membership import STAFF_ROLES, PartyKind
from rongxin.proof import jws
from rongxin.proof.errors import Forged
from rongxin.vocabulary.actor import Actor, ActorKind

_SignedBy = DeletionReceipt.SignedBy


def hand_in(consent_id: UUID, token: str, *, actor: Actor, as_of: datetime) -> Card:
    """Take a receipt signed by the institution (JWS); ReceiptRefused says why it isn't taken."""
    with transaction.atomic():
        row, account = _own(consent_id, actor=actor, as_of=as_of)
        keys = institution_keys.in_force(row.institution_id, KeyPurpose.SIGNATURES, as_of=as_of)
        try:
            statement = rules.decode(jws.verify(token, keys, type=rules.RECEIPT_TYPE))
        except Forged as error:
            raise ReceiptRefused(Fault.SIGNATURE, str(error)) from error
        except ValueError as error:
            raise ReceiptRefused(Fault.NOT_A_RECEIPT, str(error)) from error
        _take(row, statement, token, _SignedBy.INSTITUTION, account, actor=actor, as_of=as_of)
        return duties.card(row)


def state(
    consent_id: UUID,
    act: Act,
    *,
    deleted_on: date | None = None,
    until: date | None = None,
    law: str = "",
    actor: Actor,
    as_of: datetime,
) -> Card:
    """Take the word of an institution without a key, by its account; the node signs what was said."""
    with transaction.atomic():
        row, account = _own(consent_id, actor=actor, as_of=as_of)
        if institution_keys.in_force(row.institution_id, KeyPurpose.SIGNATURES, as_of=as_of):
            raise ReceiptRefused(Fault.KEY_NEEDED)
        statement = Statement(
            consent_id, row.institution_id, act, as_of, deleted_on=deleted_on, until=until, law=law
        )
        said = rules.encode(statement) | {"stated_by": account}
        token = jws.sign(said, keyring.node_key(), type=rules.RECEIPT_TYPE)
        _take(row, statement, token, _SignedBy.NODE, account, actor=actor, as_of=as_of)
        return duties.card(row)


def _own(consent_id: UUID, *, actor: Actor, as_of: datetime) -> tuple[DeletionDuty, int]:
    """Return the duty, held, and the account, which must act for the institution that owes.

    What counts is the account's memberships on the day. To others' staff there is no such duty.
    """
    row = duties.locked(consent_id)
    if actor.kind is not ActorKind.ACCOUNT or not actor.id.isdigit():
        raise NotTheirs("删除回执须由接入机构的账号交回")
    roles = memberships.of_account(int(actor.id), on=business_day(as_of))
    if not any(
        role.party_kind is PartyKind.INSTITUTION
        and role.party == row.institution_id
        and role.role in STAFF_ROLES
        for role in roles
    ):
        raise UnknownConsent(f"授权{consent_id}没有应交的删除回执")
    return row, int(actor.id)


def _take(
    row: DeletionDuty,
    statement: Statement,
    token: str,
    signed_by: DeletionReceipt.SignedBy,
    account: int,
    *,
    actor: Actor,
    as_of: datetime,
) -> None:
    before, today = duties.card(row).duty, business_day(as_of)
    found = rules.fault(statement, before, policy.on(today).limits, now=as_of)
    if found is not None:
        raise ReceiptRefused(found)
    row.state = rules.TRANSITIONS[before.state][statement.act].value
    row.until, row.law = statement.until, statement.law
    row.save(update_fields=["state", "until", "law"])
    entry = entries.append(
        Kind.DELETION_STATED,
        actor=actor,
        refs={**duties.refs(row), "statement": statement.act.value, "signed_by": signed_by.value},
        commitments={"receipt": sha256(token.encode()).hexdigest()},
        as_of=as_of,
    )
    DeletionReceipt.objects.create(
        duty=row,
        act=statement.act.value,
        token=token,
        signed_by=signed_by.value,
        account_id=account,
        deleted_on=statement.deleted_on,
        until=statement.until,
        law=statement.law,
        received_at=as_of,
        after_due=rules.overdue(before, today),
        entry=entry.id,
    )
    duties.tell(row, "deletion_stated", _words(row, statement), as_of=as_of)


def _words(row: DeletionDuty, statement: Statement) -> str:
    name = institutions.get(row.institution_id).name
    if statement.act is Act.DELETE:
        return f"“{name}”回执：已于{statement.deleted_on}删除该授权下取得的信息。"
    return f"“{name}”回执：依据{policy.law_name(statement.law)}限制保存至{statement.until}，到期删除。"
