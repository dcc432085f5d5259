"""Putting a consent on file: signing, superseding, the journal's entry and the word to the firm, all or
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4

from rongxin.catalogue import loader
from rongxin.consent import artefacts, notifications, register, standing, templates
from rongxin.consent.cases import Card as Case
from rongxin.consent.errors import NotPossible
from rongxin.consent.models import Consent
from rongxin.consent.register import Grant
from rongxin.consent.rules import Act, Form, Signature, Status, Terms, business_day
from rongxin.consent.signing import demands
from rongxin.consent.templates import Draft
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import institutions, subjects
from rongxin.parties.rules.registration import RegistrationStatus
from rongxin.vocabulary.actor import Actor


def check_draft(draft: Draft, *, as_of: datetime) -> str:
    """Return the id of the template that the draft keeps within; refuse unknown items and excess."""
    catalogue = loader.load()
    for item in sorted(draft.items):
        catalogue.item(item)
    return templates.check(draft, on=business_day(as_of)).id


def check_parties(case: Case) -> subjects.Card:
    """Return the case's subject, held until the transaction ends, if it may consent for the case."""
    if case.closed:
        raise NotPossible(f"该融资业务已于{case.closed_on}办结，不能再授权")
    subject = subjects.lock(case.subject_id)
    if subject.status is not RegistrationStatus.REGISTERED or subject.uscc is None:
        raise NotPossible(f"信息主体状态为“{subject.status.label}”，不能授权")
    return subject


def issue(
    draft: Draft,
    case: Case,
    subject: subjects.Card,
    *,
    signers: tuple[Signature, ...],
    form: Form,
    notice: tuple[str, str],
    template: str,
    person_signature: Signature | None = None,
    scan_sha256: str = "",
    supersedes: UUID | None = None,
    answers: Mapping[str, str] | None = None,
    actor: Actor,
    as_of: datetime,
) -> Grant:
    """Sign the terms and put them on file; the caller has checked who signs and holds the transaction.

    Fewer signers than the firm demands are refused here, whichever way they came.

    `answers` names the request or the proposal that the consent comes of, for the journal.
    """
    demands.check_enough(subject.id, signers, as_of=as_of)
    institution = institutions.get(case.institution_id)
    terms = Terms(
        id=uuid4(),
        subject=subject.uscc or "",
        signers=signers,
        institution=institution.id,
        reach=institution.contact,
        items=draft.items,
        modes=draft.modes,
        purpose=draft.purpose,
        case=case.id,
        data_period=draft.data_period,
        valid_from=draft.valid_from,
        valid_until=draft.valid_until,
        frequency=draft.frequency,
        retention_days=draft.retention_days,
        form=form,
        notice_version=notice[0],
        notice_sha256=notice[1],
        template=template,
        granted_at=as_of,
        person_signature=person_signature,
        scan_sha256=scan_sha256,
        supersedes=supersedes,
    )
    if supersedes is not None:
        _supersede(supersedes, case, actor=actor, as_of=as_of)
    row = _file(terms, case, as_of=as_of)
    _tell(row, terms, institution.name, answers or {}, actor=actor, as_of=as_of)
    return register.get(row.id)


def _supersede(consent_id: UUID, case: Case, *, actor: Actor, as_of: datetime) -> None:
    former = register.get(consent_id)
    if former.case_id != case.id:
        raise NotPossible("只能取代同一笔融资业务的授权")
    standing.move(consent_id, Act.SUPERSEDE, why="superseded", actor=actor, as_of=as_of)


def _file(terms: Terms, case: Case, *, as_of: datetime) -> Consent:
    artefact = artefacts.sign(terms)
    return Consent.objects.create(
        id=terms.id,
        subject_id=case.subject_id,
        institution_id=case.institution_id,
        case_id=case.id,
        form=terms.form.value,
        artefact=artefact,
        valid_from=terms.valid_from,
        valid_until=terms.valid_until,
        granted_at=as_of,
        supersedes_id=terms.supersedes,
        status=Status.ACTIVE.value,
        status_at=as_of,
        seal=artefacts.seal(terms.id, Status.ACTIVE, artefact),
    )


def _tell(
    row: Consent,
    terms: Terms,
    institution: str,
    answers: Mapping[str, str],
    *,
    actor: Actor,
    as_of: datetime,
) -> None:
    entries.append(
        Kind.CONSENT_GRANTED,
        actor=actor,
        refs={**standing.refs(row), **answers},
        commitments={"artefact": artefacts.digest(row.artefact)},
        as_of=as_of,
    )
    notifications.tell(
        row.subject_id,
        "consent_granted",
        f"您已{terms.form.label}“{institution}”查询{len(terms.items)}项信息，"
        f"有效期至{terms.valid_until}。若非本意，请立即在“我的授权”中撤回。",
        refs={"consent": str(row.id)},
        as_of=as_of,
    )
