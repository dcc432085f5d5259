"""线上授权: by real-name accounts of the firm, after the current risk notice was shown (附件 注3).

Where the firm demands several signatures, the first begins a matter (`signing.matters`) and the last one
gives the consent; nothing is consented to in between. There is no other way in: portal, API and
redirection all come here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from rongxin.consent import cases, given_numbers, issuing, notices, requests, signers, templates
from rongxin.consent.cases import Card as Case
from rongxin.consent.errors import NotPossible, SignerRefused
from rongxin.consent.register import Grant
from rongxin.consent.rules import Form, Signature, business_day
from rongxin.consent.signing import demands, matters
from rongxin.consent.signing.matters import Card as Matter
from rongxin.consent.signing.rules import ONE, State, What
from rongxin.consent.templates import Draft
from rongxin.parties import subjects
from rongxin.parties.rules.identity import Assertion
from rongxin.vocabulary.actor import Actor


@dataclass(frozen=True)
class Signing:
    """What somebody signs online: a fresh `assertion` of who it is, and which risk notice was shown.

    `person_assertion` adds the representative's own consent. `shown` is the digest of the preview that the
    person saw; who signs after others has to name it. `numbers` are those of meters, by item.
    """

    assertion: Assertion
    notice_version: str
    notice_sha256: str
    person_assertion: Assertion | None = None
    shown: str = ""
    numbers: Mapping[str, str] = field(default_factory=dict)


def grant_online(
    case_id: UUID,
    draft: Draft,
    signing: Signing,
    *,
    request_id: UUID | None = None,
    supersedes: UUID | None = None,
    actor: Actor,
    as_of: datetime,
) -> Grant | Matter:
    """Give consent for a case, or one of several signatures: then the matter that waits comes back.

    `actor` is the account of the legal representative (operator) or of an agent with a mandate, and it is
    that person who signs. `request_id` answers a request, whose draft then begins today; `supersedes` names
    the consent that this one replaces.
    """
    today = business_day(as_of)
    with transaction.atomic():
        case = cases.get(case_id)
        subject = issuing.check_parties(case)
        signer = signers.recognised(subject, signing.assertion, actor=actor, as_of=as_of)
        own = signing.person_assertion
        person = signers.representative(subject, own, as_of=as_of) if own else None
        notice = (signing.notice_version, signing.notice_sha256)
        content, bound = _wanted(case, draft, notice, request_id, supersedes, as_of=as_of)
        about = request_id or case_id
        waits = matters.awaiting(What.CONSENT, about, on=today)
        entered = _entered(signing.numbers, draft, waits, content)
        if waits is None and demands.needed(subject.id, as_of=as_of) == ONE:
            matters.check_shown(signing.shown, content)
            grant = _issue(content, case, subject, (signer.signature,), person, actor=actor, as_of=as_of)
            given_numbers.keep(entered, consent=grant.id)
            return grant
        if person is not None and person.commitment != signer.signature.commitment:
            raise SignerRefused("个人信息须由本人在自己签署时另行同意")
        matter = matters.sign(
            subject,
            What.CONSENT,
            about,
            content,
            signer,
            shown=signing.shown,
            agrees_as_person=person is not None,
            bound=bound,
            actor=actor,
            as_of=as_of,
        )
        given_numbers.keep(entered, matter=matter.id)
        if matter.state is not State.SIGNED:
            return matter
        return _all(matter, case, subject, actor=actor, as_of=as_of)


def _entered(
    numbers: Mapping[str, str], draft: Draft, waits: Matter | None, content: dict[str, Any]
) -> dict[str, str]:
    """Return the numbers that are given, cleaned, and note in what is signed what stands for them.

    Who signs after others gives none: what they signed holds those of the first.
    """
    entered = given_numbers.checked(numbers, draft.items)
    if entered and waits is not None:
        raise NotPossible("户号由第一位签署人填写；要改的，请先撤下已签的内容")
    if entered:
        content["entered"] = given_numbers.shown(entered)
    return entered


def grant_signed(matter_id: UUID, case_id: UUID, *, actor: Actor, as_of: datetime) -> Grant:
    """Give the consent that lies within another matter that all have signed, for the case that came of it."""
    with transaction.atomic():
        matter, case = matters.get(matter_id), cases.get(case_id)
        subject = issuing.check_parties(case)
        if matter.state is not State.SIGNED or matter.subject_id != subject.id:
            raise SignerRefused("该事项尚未签齐，或属于另一企业")
        return _all(matter, case, subject, actor=actor, as_of=as_of)


def _wanted(
    case: Case,
    draft: Draft,
    notice: tuple[str, str],
    request_id: UUID | None,
    supersedes: UUID | None,
    *,
    as_of: datetime,
) -> tuple[dict[str, Any], date]:
    """Return what is to be consented to today, checked, and the last day on which it can be."""
    today = business_day(as_of)
    notices.confirm_shown(*notice, on=today)
    bound = draft.valid_until
    if request_id is not None:
        bound = requests.hold_open(request_id, case.id, on=today)
        draft = templates.starting(draft, on=today)
    issuing.check_draft(draft, as_of=as_of)
    return preview(case, draft, notice, request_id=request_id, supersedes=supersedes), bound


def preview(
    case: Case,
    draft: Draft,
    notice: tuple[str, str],
    *,
    request_id: UUID | None = None,
    supersedes: UUID | None = None,
) -> dict[str, Any]:
    """Return what is shown before a consent is signed; `matters.preview` is its digest."""
    return {
        "what": What.CONSENT.value,
        "institution": case.institution_id,
        "case": str(case.id),
        "request": str(request_id) if request_id else None,
        "supersedes": str(supersedes) if supersedes else None,
        "draft": draft.as_json(),
        "notice": list(notice),
    }


def shown_to(request: requests.Card, case: Case, *, on: date) -> tuple[dict[str, Any], str]:
    """Return what a person of the firm is to see of a request on a day, and its digest: what others signed
    already, to the letter, or what it asks for today.
    """
    waits = matters.awaiting(What.CONSENT, request.id, on=on)
    if waits is not None:
        return dict(waits.content), waits.preview_sha256
    notice = notices.current(on)
    terms = request.terms_on(on)
    content = preview(case, terms, (notice.version, notice.sha256), request_id=request.id)
    return content, matters.preview(content)


def _all(matter: Matter, case: Case, subject: subjects.Card, *, actor: Actor, as_of: datetime) -> Grant:
    on = business_day(as_of)
    # What the others signed on an earlier day holds from now on, as far as it reached; under the notice in
    # force.
    notices.confirm_shown(*matter.content["notice"], on=on)
    signed, person = matter.signatures(on=on), matter.person(on=on)
    grant = _issue(matter.content, case, subject, signed, person, actor=actor, as_of=as_of)
    given_numbers.adopt(matter.id, grant.id)
    return grant


def _issue(
    content: Mapping[str, Any],
    case: Case,
    subject: subjects.Card,
    signed: tuple[Signature, ...],
    person: Signature | None,
    *,
    actor: Actor,
    as_of: datetime,
) -> Grant:
    """Put on file what was shown and signed; accept the request that it answers."""
    request = content.get("request")
    draft = Draft.from_json(content["draft"])
    if signed[1:] or request:
        draft = templates.starting(draft, on=business_day(as_of))
    grant = issuing.issue(
        draft,
        case,
        subject,
        signers=signed,
        form=Form.ONLINE,
        notice=(content["notice"][0], content["notice"][1]),
        template=issuing.check_draft(draft, as_of=as_of),
        person_signature=person,
        supersedes=UUID(content["supersedes"]) if content.get("supersedes") else None,
        answers={"request": request} if request else None,
        actor=actor,
        as_of=as_of,
    )
    if request:
        requests.accept(UUID(request), grant.id, as_of=as_of)
    return grant
