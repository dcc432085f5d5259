"""线上授权: by a real-name account of the firm, after the current risk notice was shown (附件 注3)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from rongxin.consent import cases, issuing, notices, requests, templates
from rongxin.consent.errors import SignerRefused
from rongxin.consent.register import Grant
from rongxin.consent.rules import Form, Signature, business_day
from rongxin.consent.templates import Draft
from rongxin.parties import accounts, memberships, subjects
from rongxin.parties.rules import identity
from rongxin.parties.rules.identity import Agreement, Assertion
from rongxin.parties.rules.membership import Role
from rongxin.vocabulary.actor import Actor, ActorKind


def grant_online(
    case_id: UUID,
    draft: Draft,
    *,
    assertion: Assertion,
    notice_version: str,
    notice_sha256: str,
    person_assertion: Assertion | None = None,
    request_id: UUID | None = None,
    supersedes: UUID | None = None,
    actor: Actor,
    as_of: datetime,
) -> Grant:
    """Give consent for a case.

    `actor` is the account of the legal representative (operator of an individual business) or of an agent
    with a mandate; `assertion` is fresh and of the same person. `notice_*` prove which risk notice was
    shown. `person_assertion` adds the legal representative's own consent, for data about that person.
    `request_id` answers an institution's request, whose draft then begins today; `supersedes` names the
    consent that this one replaces.
    """
    today = business_day(as_of)
    with transaction.atomic():
        case = cases.get(case_id)
        subject = issuing.check_parties(case)
        signer = _signer(subject, assertion, actor=actor, as_of=as_of)
        notice = notices.confirm_shown(notice_version, notice_sha256, on=today)
        if request_id is not None:
            requests.hold_open(request_id, case_id, on=today)
            draft = templates.starting(draft, on=today)
        template = issuing.check_draft(draft, as_of=as_of)
        person = None if person_assertion is None else _person(subject, person_assertion, as_of=as_of)
        grant = issuing.issue(
            draft,
            case,
            subject,
            signers=(signer,),
            form=Form.ONLINE,
            notice=(notice.version, notice.sha256),
            template=template,
            person_signature=person,
            supersedes=supersedes,
            answers={} if request_id is None else {"request": str(request_id)},
            actor=actor,
            as_of=as_of,
        )
        if request_id is not None:
            requests.accept(request_id, grant.id, as_of=as_of)
        return grant


def _signer(subject: subjects.Card, assertion: Assertion, *, actor: Actor, as_of: datetime) -> Signature:
    if actor.kind is not ActorKind.ACCOUNT or not actor.id.isdigit():
        raise SignerRefused("线上授权须由实名账号本人办理")
    role = memberships.role_in_subject(int(actor.id), subject.id, on=business_day(as_of))
    if role is None:
        raise SignerRefused("该账号不是法定代表人（负责人、经营者），也没有有效的委托")
    account = accounts.get(int(actor.id))
    if not account.id_commitment or account.id_commitment != assertion.id_commitment:
        raise SignerRefused("实名认证的人与登录账号不是同一人")
    if role is Role.LEGAL_REPRESENTATIVE:
        return _person(subject, assertion, as_of=as_of)
    record = identity.Record(subject.uscc or "", account.real_name, account.id_commitment)
    return _signature(assertion, identity.compare(assertion, record, as_of=as_of))


def _person(subject: subjects.Card, assertion: Assertion, *, as_of: datetime) -> Signature:
    agreement = identity.compare(assertion, subjects.record_of(subject.id), as_of=as_of)
    return _signature(assertion, agreement)


def _signature(assertion: Assertion, agreement: Agreement) -> Signature:
    if agreement is not Agreement.AGREES:
        raise SignerRefused(agreement.message)
    return Signature(
        name=assertion.name,
        commitment=assertion.id_commitment,
        issuer=assertion.issuer,
        assurance=assertion.assurance.value,
        signed_at=assertion.at,
    )
