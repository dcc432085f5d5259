"""书面授权: a signed paper, scanned, proposed by one person and checked by another (附件 注3; threats T7).

The scan is bound by its SHA-256. Proposer and checker are two people, known by their real names, and not
both from the institution that benefits. The firm is told when the paper is handed in and when it takes
effect.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from django.db import IntegrityError, transaction

from rongxin.catalogue import redaction
from rongxin.consent import cases, issuing, notices, notifications, templates
from rongxin.consent.errors import NotPossible, NotTheirs, SignerRefused, UnknownConsent
from rongxin.consent.models import Scan, WrittenProposal
from rongxin.consent.register import Grant
from rongxin.consent.rules import BUSINESS_ZONE, Form, Signature, business_day
from rongxin.consent.signing import demands
from rongxin.consent.templates import Draft
from rongxin.journal import entries, keyring, windows
from rongxin.journal.rules import Kind
from rongxin.journal.sealing import SealedColumn
from rongxin.journal.windows import Part, Window
from rongxin.parties import accounts, memberships, subjects
from rongxin.parties.rules.membership import STAFF_ROLES, PartyKind
from rongxin.proof.errors import ProofError
from rongxin.vocabulary.actor import Actor, ActorKind

SCAN_BYTES_MAX = 10 << 20
_MAGIC = {"application/pdf": b"%PDF-", "image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}


@dataclass(frozen=True)
class Paper:
    """The paper: its scan, who signed it and when, and which risk notice is printed on it."""

    scan: bytes
    media_type: str
    signed_by: str
    signed_on: date
    notice_version: str
    notice_sha256: str


@dataclass(frozen=True)
class Card:
    """A paper handed in, as both sides see it; not its scan."""

    id: UUID
    case_id: UUID
    institution_id: str
    draft: Draft
    status: WrittenProposal.Status
    signed_by: str
    signed_on: date
    scan_sha256: str
    proposed_at: datetime
    proposed_for: str
    checked_at: datetime | None
    consent_id: UUID | None


# A paper shows whole identity cards.
SEALED = SealedColumn(
    "consent_scan",
    "content",
    key=("sha256",),
    first=("",),
    place=lambda row: ("consent_scan", "content", row[0]),
)


def propose_written(case_id: UUID, draft: Draft, paper: Paper, *, actor: Actor, as_of: datetime) -> UUID:
    """Hand in a paper for checking; returns the proposal's number. Nothing is consented to yet."""
    digest = check_scan(paper.scan, paper.media_type)
    with transaction.atomic():
        case = cases.get(case_id)
        subject = issuing.check_parties(case)
        account, party = _staff(actor, case.institution_id, as_of=as_of)
        if paper.signed_on > business_day(as_of):
            raise SignerRefused(f"签署日期{paper.signed_on}在将来")
        _check_signer(subject, paper.signed_by)
        by_paper = _signature(paper.signed_by, paper.signed_on)
        demands.check_enough(subject.id, (by_paper,), as_of=as_of)
        notices.confirm_shown(paper.notice_version, paper.notice_sha256, on=paper.signed_on)
        issuing.check_draft(templates.starting(draft, on=business_day(as_of)), as_of=as_of)
        keep_scan(digest, paper.media_type, paper.scan)
        try:
            with transaction.atomic():
                row = WrittenProposal.objects.create(
                    case_id=case_id,
                    draft=draft.as_json(),
                    scan_id=digest,
                    signed_by=paper.signed_by,
                    signed_on=paper.signed_on,
                    notice_version=paper.notice_version,
                    notice_sha256=paper.notice_sha256,
                    proposed_by_id=account,
                    proposed_for=party,
                    proposed_at=as_of,
                )
        except IntegrityError as error:
            raise NotPossible("这份授权书的扫描件已提交过，正在复核或已生效；另一笔业务须另行签署") from error
        _journal(row, case, "written_proposed", actor=actor, as_of=as_of)
        notifications.tell(
            case.subject_id,
            "written_consent_proposed",
            "有人以您的名义提交了一份书面授权，正在复核。若不是您签署的，请立即与平台联系。",
            refs={"proposal": str(row.id)},
            as_of=as_of,
        )
    return row.id


def check_written(
    proposal_id: UUID, *, confirmed: bool, scan_sha256: str, note: str = "", actor: Actor, as_of: datetime
) -> Grant | None:
    """Confirm or reject a paper after comparing it with the scan; confirming gives the consent.

    `scan_sha256` is the hash of what the checker looked at. Returns the grant, or None when rejected.
    """
    with transaction.atomic():
        row = _proposed(proposal_id)
        case = cases.get(row.case_id)
        account, party = _staff(actor, case.institution_id, as_of=as_of)
        _check_two_persons(row, account, party)
        if scan_sha256 != row.scan_id:
            raise NotPossible("复核所看的扫描件与提交的不是同一份")
        grant = _confirm(row, case, actor=actor, as_of=as_of) if confirmed else None
        row.status = WrittenProposal.Status.CONFIRMED if confirmed else WrittenProposal.Status.REJECTED
        row.checked_by_id, row.checked_for, row.checked_at, row.note = (
            account,
            party,
            as_of,
            redaction.redact(note)[:500],
        )
        row.consent_id = grant.id if grant else None
        row.save()
        if grant is None:
            _journal(row, case, "written_rejected", actor=actor, as_of=as_of)
    return grant


def get(proposal_id: UUID) -> Card:
    """Return a paper; UnknownConsent where there is none."""
    row = WrittenProposal.objects.select_related("case").filter(pk=proposal_id).first()
    if row is None:
        raise UnknownConsent(f"没有编号为{proposal_id}的书面授权")
    return _card(row)


def listed(
    window: Window, *, institution: str | None = None, find: str = "", oldest_first: bool = False
) -> Part[Card]:
    """Return a part of an institution's papers, or of all that wait, those handed in last first; of firms
    with this in their name or this code.
    """
    rows = WrittenProposal.objects.select_related("case")
    if institution is None:
        rows = rows.filter(status=WrittenProposal.Status.PROPOSED)
    else:
        rows = rows.filter(case__institution=institution)
    if find:
        rows = rows.filter(subjects.called(find, "case__subject"))
    return windows.part(rows, window, "proposed_at" if oldest_first else "-proposed_at", "id").of(_card)


def of_case(case_id: UUID) -> list[Card]:
    """Return the papers handed in for a case, those handed in last first."""
    rows = WrittenProposal.objects.select_related("case").filter(case=case_id)
    return [_card(row) for row in rows.order_by("-proposed_at", "id")]


def _card(row: WrittenProposal) -> Card:
    return Card(
        id=row.id,
        case_id=row.case_id,
        institution_id=row.case.institution_id,
        draft=Draft.from_json(row.draft),
        status=WrittenProposal.Status(row.status),
        signed_by=row.signed_by,
        signed_on=row.signed_on,
        scan_sha256=row.scan_id,
        proposed_at=row.proposed_at,
        proposed_for=row.proposed_for,
        checked_at=row.checked_at,
        consent_id=row.consent_id,
    )


def scan_of(proposal_id: UUID) -> tuple[str, bytes]:
    """Return media type and content of a proposal's scan, for the checker to look at."""
    row = WrittenProposal.objects.select_related("scan").filter(pk=proposal_id).first()
    if row is None:
        raise UnknownConsent(f"没有编号为{proposal_id}的书面授权")
    try:
        content = keyring.data_keys().open(bytes(row.scan.content), place=SEALED.place((row.scan_id,)))
    except ProofError as error:
        raise NotPossible(f"扫描件打不开，或与提交时的哈希值不符，请通知安全管理员：{error}") from error
    if sha256(content).hexdigest() != row.scan_id:
        raise NotPossible("扫描件与提交时的哈希值不符，请通知安全管理员")
    return row.scan.media_type, content


def _confirm(row: WrittenProposal, case: cases.Card, *, actor: Actor, as_of: datetime) -> Grant:
    subject = issuing.check_parties(case)
    # The representative may have changed between the two persons.
    _check_signer(subject, row.signed_by)
    scan_of(row.id)
    # The paper was made out on an earlier day: it holds from now on, as far as it reached.
    draft = templates.starting(Draft.from_json(row.draft), on=business_day(as_of))
    template = issuing.check_draft(draft, as_of=as_of)
    return issuing.issue(
        draft,
        case,
        subject,
        signers=(_signature(row.signed_by, row.signed_on),),
        form=Form.WRITTEN,
        notice=(row.notice_version, row.notice_sha256),
        template=template,
        scan_sha256=row.scan_id,
        answers={"proposal": str(row.id)},
        actor=actor,
        as_of=as_of,
    )


def _signature(signed_by: str, signed_on: date) -> Signature:
    """Return the one signature that a paper is: the legal representative's."""
    signed_at = datetime(signed_on.year, signed_on.month, signed_on.day, tzinfo=BUSINESS_ZONE)
    return Signature(signed_by, "", "paper", 1, signed_at)


def keep_scan(digest: str, media_type: str, scan: bytes) -> Scan:
    """Keep a scan, sealed, under its digest, once."""
    sealed = keyring.data_keys().seal(scan, place=SEALED.place((digest,)))
    kept, _ = Scan.objects.get_or_create(
        sha256=digest, defaults={"media_type": media_type, "content": sealed}
    )
    return kept


def check_scan(scan: bytes, media_type: str) -> str:
    """Return the SHA-256 (hex) of a scan that may be one; raises `NotPossible`."""
    if len(scan) > SCAN_BYTES_MAX:
        raise NotPossible(f"扫描件超过{SCAN_BYTES_MAX >> 20}兆，请降低分辨率后重新提交")
    magic = _MAGIC.get(media_type)
    if magic is None or not scan.startswith(magic):
        raise NotPossible("扫描件须为 PDF、JPEG 或 PNG，且内容与格式相符")
    return sha256(scan).hexdigest()


def _check_signer(subject: subjects.Card, signed_by: str) -> None:
    if not subject.legal_representative or signed_by != subject.legal_representative:
        raise SignerRefused("签字人与登记的法定代表人（负责人、经营者）不一致")


def _staff(actor: Actor, institution_id: str, *, as_of: datetime) -> tuple[int, str]:
    """Return the account and the side it is counted to.

    Who has any role in the institution that benefits counts as its own, whatever else they are.
    """
    if actor.kind is not ActorKind.ACCOUNT or not actor.id.isdigit():
        raise NotTheirs("书面授权须由实名的经办人员提交和复核")
    account = accounts.get(int(actor.id))
    if not account.id_commitment:
        raise NotTheirs("请先完成实名注册：书面授权须由两个不同的人办理")
    held = memberships.of_account(account.id, on=business_day(as_of))
    if any(one.party_kind is PartyKind.INSTITUTION and one.party == institution_id for one in held):
        return account.id, f"institution:{institution_id}"
    if any(one.party_kind is PartyKind.OPERATOR and one.role in STAFF_ROLES for one in held):
        return account.id, "operator"
    raise NotTheirs("只有该笔业务的接入机构或平台的经办、复核人员可以办理书面授权")


def _check_two_persons(row: WrittenProposal, account: int, party: str) -> None:
    if account == row.proposed_by_id:
        raise NotTheirs("提交人不能复核自己提交的授权书")
    if party == row.proposed_for != "operator":
        raise NotTheirs("提交人和复核人不能都来自受益的接入机构，请由平台人员复核")


def _proposed(proposal_id: UUID) -> WrittenProposal:
    row = WrittenProposal.objects.select_for_update(no_key=True).filter(pk=proposal_id).first()
    if row is None:
        raise UnknownConsent(f"没有编号为{proposal_id}的书面授权")
    if row.status != WrittenProposal.Status.PROPOSED:
        raise NotPossible(f"该书面授权{WrittenProposal.Status(row.status).label}，不能再次复核")
    return row


def _journal(row: WrittenProposal, case: cases.Card, change: str, *, actor: Actor, as_of: datetime) -> None:
    refs: dict[str, str | int] = {
        "proposal": str(row.id),
        "case": str(case.id),
        "subject": case.subject_id,
        "institution": case.institution_id,
        "change": change,
    }
    entries.append(
        Kind.CONSENT_REQUESTED, actor=actor, refs=refs, commitments={"scan": row.scan_id}, as_of=as_of
    )
