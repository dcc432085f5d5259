"""授权 on their way from another platform: kept as what they are there, and no consent here (附件 注3; T7).

A file can only assert that a firm consented. So what is moved in stays pending, covers nothing and is read by
no gate. Where the evidence came along (the scan, who signed and when, the risk notice, the terms), a clerk
known by real name may propose it as a written consent, and another one checks it like any paper: that check
gives the consent. Without the evidence the firm is asked anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import transaction
from django.db.models import QuerySet

from rongxin.consent import cases, register, written
from rongxin.consent.errors import ConsentError, NotPossible, UnknownConsent
from rongxin.consent.models import Case, Consent, ImportedConsent, Scan, WrittenProposal
from rongxin.consent.rules import CaseKind
from rongxin.consent.templates import Draft
from rongxin.journal import entries, keyring, windows
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties import institutions, subjects
from rongxin.parties.errors import PartiesError
from rongxin.proof import canonical
from rongxin.vocabulary.actor import Actor
from rongxin.vocabulary.zone import business_day

_NAMESPACE = uuid5(NAMESPACE_URL, "urn:rongxin:imported-consent")
_HANDED_IN = (WrittenProposal.Status.PROPOSED, WrittenProposal.Status.CONFIRMED)
# What a paper must come with, in the words of the one who has to look for it.
_EVIDENCE = {
    "draft": "授权条款",
    "scan": "授权书扫描件",
    "signed_by": "签字人",
    "signed_on": "签署日期",
    "notice_version": "风险告知书版本",
    "notice_sha256": "风险告知书哈希值",
}


@dataclass
class Taken:
    """What came of the rows of one file; `taken` are pending now, `incomplete` of these lack evidence.
    `not_moved`: consents that are over, which have nothing to give here.
    """

    read: int = 0
    taken: int = 0
    already: int = 0
    incomplete: int = 0
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    not_moved: list[tuple[int, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Card:
    """A consent of another platform as it waits here."""

    id: UUID
    subject_id: int
    institution_id: str
    reference: str
    missing: tuple[str, ...]
    proposal: UUID | None
    content: Mapping[str, Any]
    imported_at: datetime
    #: Nobody has handed it in, or what was handed in was rejected.
    waits: bool

    def document(self) -> dict[str, Any]:
        """What a clerk sees, and what is missing in words."""
        return {
            "imported_consent": str(self.id),
            "institution": self.institution_id,
            "uscc": self.content["uscc"],
            "reference": self.reference,
            "imported_at": self.imported_at.isoformat(),
            "signed_by": self.content.get("signed_by"),
            "signed_on": self.content.get("signed_on"),
            "terms": self.content.get("draft"),
            "missing": [{"code": name, "label": _EVIDENCE[name]} for name in self.missing],
            "proposal": str(self.proposal) if self.proposal else None,
        }


def out_of(box_of: Callable[[str, bytes], str]) -> Iterator[dict[str, Any]]:
    """Yield every consent with its artefact and where it stands, in the layout that `take` reads.

    `box_of` puts a scan, given by its digest, where the file keeps it and returns its name there.
    """
    for id in Consent.objects.order_by("granted_at", "id").values_list("id", flat=True):
        grant = register.get(id)
        case, terms = cases.get(grant.case_id), grant.terms
        row: dict[str, Any] = {
            "id": str(id),
            "uscc": terms.subject,
            "institution": grant.institution_id,
            "case_reference": case.reference,
            "case_kind": case.kind.value,
            "form": terms.form.value,
            "status": grant.status.value,
            "artefact": grant.artefact,
            "notice_version": terms.notice_version,
            "notice_sha256": terms.notice_sha256,
            "draft": Draft(
                terms.template.partition("@")[0],
                terms.items,
                terms.modes,
                terms.purpose,
                terms.data_period,
                terms.valid_from,
                terms.valid_until,
                terms.frequency,
                terms.retention_days,
            ).as_json(),
        }
        if terms.scan_sha256:
            scan = Scan.objects.get(pk=terms.scan_sha256)
            paper = {"signed_by": terms.signers[0].name, "media_type": scan.media_type}
            row |= paper | {
                "signed_on": business_day(terms.signers[0].signed_at).isoformat(),
                "scan_sha256": scan.sha256,
                "scan": box_of(scan.sha256, _opened(scan)),
            }
        yield row


def take(
    rows: Iterable[dict[str, Any]],
    *,
    scan_of: Callable[[str], bytes | None],
    actor: Actor,
    as_of: datetime,
) -> Taken:
    """Keep consents of another platform as pending; the caller's transaction is the file's."""
    taken = Taken()
    for number, row in enumerate(rows, 1):
        taken.read += 1
        try:
            with transaction.atomic():
                kept, new = _keep(row, scan_of, actor=actor, as_of=as_of)
        except _Refused as refusal:
            ended = taken.not_moved if isinstance(refusal, _NotMoved) else taken.refused
            ended.append((number, refusal.code, refusal.message))
        except (PartiesError, ConsentError) as error:
            taken.refused.append((number, error.code, str(error)))
        except (KeyError, TypeError, ValueError) as error:
            taken.refused.append((number, "unreadable", f"缺少或不能识别的内容：{error}"))
        else:
            taken.taken += new
            taken.already += not new
            taken.incomplete += new and bool(kept.missing)
    return taken


class _Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code, self.message = code, message


class _NotMoved(_Refused):
    """Nothing is wrong with the row: what is over there begins nothing here."""


def _keep(
    row: Mapping[str, Any], scan_of: Callable[[str], bytes | None], *, actor: Actor, as_of: datetime
) -> tuple[ImportedConsent, bool]:
    status = row.get("status", "active")
    if status != "active":
        raise _NotMoved("not_active", f"该授权在原平台的状态为“{status}”，不迁入")
    subject = subjects.find(str(row["uscc"]))
    if subject is None:
        raise _Refused("unknown_subject", f"平台没有主体 {row['uscc']}：请先迁入主体文件")
    institution = institutions.get(str(row["institution"]))
    content = {name: value for name, value in row.items() if name not in ("scan", "id")}
    CaseKind(row["case_kind"])
    if row.get("draft"):
        Draft.from_json(dict(row["draft"]))
    if row.get("signed_on"):
        date.fromisoformat(str(row["signed_on"]))
    scan = _scan(row, scan_of)
    id = uuid5(_NAMESPACE, canonical.digest(content))
    held = ImportedConsent.objects.filter(pk=id).first()
    if held is not None:
        return held, False
    given = {**row, "scan": scan}
    kept = ImportedConsent.objects.create(
        id=id,
        subject_id=subject.id,
        institution_id=institution.id,
        reference=str(row["case_reference"]),
        content=content,
        scan=scan,
        missing=[name for name in _EVIDENCE if not given.get(name)],
        imported_at=as_of,
    )
    _journal(kept, "moved_in", actor=actor, as_of=as_of)
    return kept, True


def _scan(row: Mapping[str, Any], scan_of: Callable[[str], bytes | None]) -> Scan | None:
    """A scan counts only as the paper whose hash the row gives; the two must come together."""
    name, told = row.get("scan"), row.get("scan_sha256")
    if not name or not told:
        return None
    content = scan_of(str(name))
    if content is None:
        raise _Refused("scan_missing", f"没有扫描件 {name}：请补齐文件，或去掉该行的扫描件")
    digest = written.check_scan(content, str(row.get("media_type")))
    if digest != told:
        raise _Refused("scan_differs", f"扫描件 {name} 与该行所载的哈希值不符")
    return written.keep_scan(digest, str(row["media_type"]), content)


def pending() -> list[Card]:
    """Return what waits, oldest first; a proposal that was rejected waits again."""
    return [_card(row) for row in _pending().order_by("imported_at", "id")]


def part_of(window: Window, *, find: str = "", ready_only: bool = False) -> Part[Card]:
    """Return a part of what waits, oldest first: of firms with this in their name or this code; only what
    lacks no evidence.
    """
    rows = _pending()
    if find:
        rows = rows.filter(subjects.called(find))
    if ready_only:
        rows = rows.filter(missing=[], scan__isnull=False)
    return windows.part(rows, window, "imported_at", "id").of(_card)


def get(imported_id: UUID) -> Card:
    """Return one; raises `UnknownConsent`."""
    row = ImportedConsent.objects.select_related("proposal").filter(pk=imported_id).first()
    if row is None:
        raise _unknown(imported_id)
    return _card(row)


def _pending() -> QuerySet[ImportedConsent]:
    return ImportedConsent.objects.select_related("proposal").exclude(proposal__status__in=_HANDED_IN)


def _unknown(imported_id: UUID) -> UnknownConsent:
    return UnknownConsent(f"没有编号为{imported_id}的迁入授权")


def propose(imported_id: UUID, *, actor: Actor, as_of: datetime) -> UUID:
    """Hand an imported paper in for checking, as `written.propose_written` does; returns the proposal's
    number. Opens the case under the institution's reference where there is none. Raises `NotPossible` where
    evidence is missing.
    """
    with transaction.atomic():
        row = (
            ImportedConsent.objects.select_for_update(no_key=True, of=["self"]).filter(pk=imported_id).first()
        )
        if row is None:
            raise _unknown(imported_id)
        if row.missing or row.scan is None:
            lacking = "、".join(_EVIDENCE[name] for name in row.missing)
            raise NotPossible(f"该授权缺少{lacking}，不能作为书面授权提交；请由企业重新授权")
        content = row.content
        known = Case.objects.filter(institution=row.institution_id, reference=row.reference).first()
        if known is not None and known.subject_id != row.subject_id:
            raise NotPossible(f"业务编号{row.reference}属于另一信息主体，请与接入机构核对")
        case_id = known.id if known else _open(row, actor=actor, as_of=as_of)
        row.proposal_id = written.propose_written(
            case_id,
            Draft.from_json(dict(content["draft"])),
            written.Paper(
                scan=_opened(row.scan),
                media_type=row.scan.media_type,
                signed_by=str(content["signed_by"]),
                signed_on=date.fromisoformat(str(content["signed_on"])),
                notice_version=str(content["notice_version"]),
                notice_sha256=str(content["notice_sha256"]),
            ),
            actor=actor,
            as_of=as_of,
        )
        row.save(update_fields=["proposal"])
        _journal(row, "proposed", actor=actor, as_of=as_of)
    assert row.proposal_id is not None
    return row.proposal_id


def _open(row: ImportedConsent, *, actor: Actor, as_of: datetime) -> UUID:
    kind = CaseKind(row.content["case_kind"])
    return cases.open_case(
        row.institution_id, row.subject_id, row.reference, kind, actor=actor, as_of=as_of
    ).id


def _opened(scan: Scan) -> bytes:
    content = keyring.data_keys().open(bytes(scan.content), place=written.SEALED.place((scan.sha256,)))
    if sha256(content).hexdigest() != scan.sha256:
        raise NotPossible("扫描件与其哈希值不符，请通知安全管理员")
    return content


def _journal(row: ImportedConsent, change: str, *, actor: Actor, as_of: datetime) -> None:
    refs: dict[str, str | int] = {
        "imported_consent": str(row.id),
        "subject": row.subject_id,
        "institution": row.institution_id,
        "change": change,
    }
    commitments = {"content": canonical.digest(row.content)}
    entries.append(Kind.CONSENT_REQUESTED, actor=actor, refs=refs, commitments=commitments, as_of=as_of)


def _card(row: ImportedConsent) -> Card:
    return Card(
        row.id,
        row.subject_id,
        row.institution_id,
        row.reference,
        tuple(row.missing),
        row.proposal_id,
        row.content,
        row.imported_at,
        row.proposal is None or row.proposal.status not in _HANDED_IN,
    )
