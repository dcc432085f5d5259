"""Moving in: a platform's files, checked as a whole, then taken one by one, each in one transaction ((三)).

A file counts whole or not at all, together with its report and its journal entry; so whoever is killed starts
again and gets the same report. The same file again is answered with the report it had. Rows are idempotent
besides: what is here already is said to be here.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from rongxin.consent import moving as consents
from rongxin.delivery.moving import layout, reconciliation
from rongxin.delivery.moving.errors import KeyNeeded
from rongxin.delivery.moving.layout import Entry, FileKind, Manifest
from rongxin.delivery.moving.reconciliation import FileReport
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import moving as parties
from rongxin.proof import boxes
from rongxin.proof.errors import Forged
from rongxin.proof.profile import INTL
from rongxin.records import moving as records
from rongxin.sharing import arrangements
from rongxin.sharing import moving as sharing
from rongxin.sharing.aggregation import batches, sources
from rongxin.sharing.errors import Held, Refused
from rongxin.vocabulary.actor import Actor

Progress = Callable[[str], None]
_ORDER = list(FileKind)
_NOT_TAKEN = (FileKind.SCAN, FileKind.ARCHIVE)


@dataclass(frozen=True)
class Report:
    """What came of a directory."""

    move: str
    dry_run: bool
    files: tuple[FileReport, ...]

    @property
    def whole(self) -> bool:
        """Whether every file agrees with its manifest and nothing is left that somebody has to act on."""
        return all(one.agrees and not one.refused for one in self.files)

    def document(self) -> dict[str, Any]:
        return {
            "move": self.move,
            "dry_run": self.dry_run,
            "whole": self.whole,
            "files": [one.document() for one in self.files],
        }


_BY_AGREEMENT = (
    "该项只凭提供单位对本节点的书面同意留存，不随平台迁移：请登记批量调用约定后重新调用 "
    "kept by a written agreement with one node alone: register the agreement here, and it is called anew"
)


class _TakenBack(Exception):
    """Ends the transaction of a dry run."""


@dataclass(frozen=True)
class _Mover:
    directory: Path
    manifest: Manifest
    secret: bytes | None
    dry_run: bool
    actor: Actor
    as_of: datetime

    def open_box(self, box: str, place: tuple[str, ...]) -> bytes:
        return self.open_octets(base64.b64decode(box), place)

    def open_octets(self, box: bytes, place: tuple[str, ...]) -> bytes:
        if self.secret is None:
            raise KeyNeeded("文件中有密封内容，而清单没有载明其密钥：请重新取得清单")
        return INTL.open(self.secret, box, place=json.dumps(place).encode())

    def scan(self, name: str) -> bytes | None:
        known = {entry.name for entry in self.manifest.files if entry.kind is FileKind.SCAN}
        if name not in known:
            return None
        content = (self.directory / name).read_bytes()
        if not name.endswith(".box"):
            return content
        return self.open_octets(content, ("scan", Path(name).stem))


def take(
    directory: Path,
    *,
    opener: boxes.PrivateKey | None = None,
    dry_run: bool = False,
    actor: Actor,
    as_of: datetime,
    progress: Progress = lambda name: None,
) -> Report:
    """Take a directory in and return its report; raises `Unreadable`, `Altered`, `KeyNeeded`.

    A dry run goes the whole way and takes everything back.
    """
    manifest = layout.read(directory)
    layout.check(directory, manifest)
    mover = _Mover(directory, manifest, _secret(manifest, opener), dry_run, actor, as_of)
    wanted = [entry for entry in manifest.files if entry.kind not in _NOT_TAKEN]
    reports: list[FileReport] = []
    try:
        if dry_run:
            with transaction.atomic():
                reports = _each(mover, wanted, progress)
                raise _TakenBack
        reports = _each(mover, wanted, progress)
    except _TakenBack:
        pass
    finally:
        sources.forget()
    return Report(manifest.move, dry_run, tuple(reports))


def _secret(manifest: Manifest, opener: boxes.PrivateKey | None) -> bytes | None:
    if manifest.sealing is None:
        return None
    if opener is None:
        raise KeyNeeded("文件中有密封内容：请以 --key 指定私钥（其公钥即导出时 --to 所用）")
    if boxes.fingerprint(opener.public_key()) != manifest.sealing.recipient:
        raise KeyNeeded("这把私钥不是导出时指定的接收方的：请用与 --to 的公钥成对的私钥")
    try:
        box = base64.b64decode(manifest.sealing.key)
        return boxes.open_box(box, opener, info=f"rongxin move {manifest.move}")
    except (Forged, ValueError) as error:
        raise KeyNeeded(f"清单中的密钥打不开（{error}）：请重新取得清单") from error


def _each(mover: _Mover, wanted: list[Entry], progress: Progress) -> list[FileReport]:
    reports = []
    for entry in sorted(wanted, key=lambda one: (_ORDER.index(one.kind), one.name)):
        progress(entry.name)
        one = _delivery if entry.kind is FileKind.DELIVERY else _file
        reports.append(one(mover, entry))
    return reports


def _file(mover: _Mover, entry: Entry) -> FileReport:
    """Take a file in one transaction with its report and its entry in the journal."""
    with transaction.atomic():
        sharing.alone()
        known = sharing.report_of(entry.sha256, entry.kind.value, entry.item, entry.provider)
        if known is not None:
            return reconciliation.read(known, repeated=True)
        report = _content(mover, entry)
        _note(mover, entry, report)
    return report


def _content(mover: _Mover, entry: Entry) -> FileReport:
    rows = layout.rows(mover.directory, entry)
    if entry.kind is FileKind.RECORDS:
        if not sharing.items_that_move([entry.item]):
            return reconciliation.of(entry, stopped=_BY_AGREEMENT)
        moved = records.take(
            entry.item, rows, subject_ids=parties.ids_of, open_box=mover.open_box, as_of=mover.as_of
        )
        return reconciliation.of(
            entry,
            read=moved.read,
            taken=moved.taken,
            already=moved.already,
            refusals=moved.refused,
            sums=moved.sums,
        )
    if entry.kind is FileKind.CONSENTS:
        kept = consents.take(rows, scan_of=mover.scan, actor=mover.actor, as_of=mover.as_of)
        return reconciliation.of(
            entry,
            read=kept.read,
            waiting=kept.taken,
            already=kept.already,
            incomplete=kept.incomplete,
            refusals=kept.refused,
            not_moved=kept.not_moved,
        )
    found = _arrangements(mover, entry, rows) or _parties(mover, entry, rows)
    behind = found.not_moved if isinstance(found, parties.Taken) else []
    return reconciliation.of(
        entry,
        read=found.read,
        taken=found.taken,
        already=found.already,
        refusals=found.refused,
        not_moved=behind,
    )


def _arrangements(mover: _Mover, entry: Entry, rows: Iterator[dict[str, Any]]) -> arrangements.Taken | None:
    if entry.kind is FileKind.SOURCE_LEVELS:
        return arrangements.take_levels(rows, actor=mover.actor, as_of=mover.as_of)
    if entry.kind is FileKind.REMITS:
        return arrangements.take_remits(rows, actor=mover.actor, as_of=mover.as_of)
    if entry.kind is FileKind.MAPPINGS:
        return arrangements.take_mappings(rows, actor=mover.actor, as_of=mover.as_of)
    if entry.kind is FileKind.SCHEDULES:
        return arrangements.take_schedules(rows, actor=mover.actor, as_of=mover.as_of)
    return None


def _parties(mover: _Mover, entry: Entry, rows: Iterator[dict[str, Any]]) -> parties.Taken:
    actor, as_of = mover.actor, mover.as_of
    if entry.kind is FileKind.SUBJECTS:
        same = mover.manifest.commitments_under == parties.commitments_under()
        return parties.take_subjects(rows, same_secret=same, actor=actor, as_of=as_of)
    if entry.kind is FileKind.INSTITUTIONS:
        return parties.take_institutions(rows, actor=actor, as_of=as_of)
    if entry.kind is FileKind.DEPARTMENTS:
        return parties.take_departments(rows, actor=actor, as_of=as_of)
    return parties.take_accounts(rows, actor=actor, as_of=as_of)


def _delivery(mover: _Mover, entry: Entry) -> FileReport:
    """Hand a provider's file in as the provider would: checked, matched, held where it is suspicious."""
    known = sharing.report_of(entry.sha256, entry.kind.value, entry.item, entry.provider)
    if known is not None:
        return reconciliation.read(known, repeated=True)
    try:
        receipt = batches.submit(
            mover.directory / entry.name,
            item=entry.item,
            provider=entry.provider,
            actor=mover.actor,
            as_of=mover.as_of,
            dry_run=mover.dry_run,
        )
    except Held as held:
        return reconciliation.of(entry, stopped=f"批次 {held.batch} 已暂存，待另一人复核")
    except Refused as refusal:
        return reconciliation.of(entry, stopped=f"{refusal.what}；{refusal.what_to_do}")
    counts = receipt.counts
    report = reconciliation.of(
        entry,
        read=counts.read,
        taken=counts.accepted,
        already=counts.duplicate,
        waiting=counts.pending,
        refused=counts.rejected,
        refusals=[(line.line, line.rule, line.message) for line in receipt.rejects],
    )
    if receipt.batch is not None:
        brought = records.sums_of(entry.item, receipt.batch)
        report = replace(report, sums=reconciliation.of_delivery(entry.sums, brought))
    with transaction.atomic():
        sharing.alone()
        if sharing.report_of(entry.sha256, entry.kind.value, entry.item, entry.provider) is None:
            _note(mover, entry, report)
    return report


def _note(mover: _Mover, entry: Entry, report: FileReport) -> None:
    noted = entries.append(
        Kind.MOVED_IN,
        actor=mover.actor,
        refs={
            "move": mover.manifest.move,
            "kind": entry.kind.value,
            "read": report.read,
            "taken": report.taken,
            "already": report.already,
            "waiting": report.waiting,
            "refused": report.refused,
            "not_moved": report.not_moved,
        },
        commitments={"file": entry.sha256},
        as_of=mover.as_of,
    )
    sharing.note(
        entry.sha256,
        entry.kind.value,
        entry.item,
        entry.provider,
        name=entry.name,
        report=report.document(),
        entry=noted.id,
        as_of=mover.as_of,
    )
