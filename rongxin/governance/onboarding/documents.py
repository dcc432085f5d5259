"""接入材料: the files that an application and its assessment name by hash, sealed, for those who decide.

An application commits to its documents, and a finding to what shows it, by SHA-256 before the file is here. A
file comes in when it has one of these hashes; so nobody, the operator's people included, can put another one
in its place. What was declined or has run out is kept for a term and then deleted; the hashes stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from rongxin.catalogue import attachments
from rongxin.catalogue.attachments import File
from rongxin.governance.errors import ApplicationNotPossible, ApplicationRefused, UnknownDocument
from rongxin.governance.models import ApplicationDocument as Row
from rongxin.governance.models import InstitutionApplication
from rongxin.governance.onboarding import parameters, rules
from rongxin.governance.onboarding.rules import State
from rongxin.journal import papers
from rongxin.journal.papers import Cabinet, Card

_CABINET = Cabinet(Row, ApplicationRefused, UnknownDocument, whom="请通知安全管理员")
SEALED = _CABINET.sealed


def hand_in(application: UUID, files: Sequence[File], *, as_of: datetime) -> Mapping[str, Card]:
    """Seal files that an application or its assessment names; return all that are held, by hash.

    One that is held already is not taken again. Raises `ApplicationRefused`, also where nobody named a file.
    """
    with transaction.atomic():
        row = InstitutionApplication.objects.select_for_update(no_key=True).get(pk=application)
        if State(row.state) not in rules.WAITING:
            raise ApplicationNotPossible(f"该申请{State(row.state).label}，不再接收材料")
        named = {*row.documents.values(), *(one["evidence_sha256"] for one in row.findings.values())}
        most = parameters.edition(row.edition).file_bytes_max
        check(files, most)
        for file in files:
            if file.sha256 not in named:
                raise ApplicationRefused(
                    f"“{attachments.named(file)}”不是申请所列的材料（SHA-256 {file.sha256[:12]}…）；"
                    "请选择计算哈希时的原文件，勿重新扫描或另存"
                )
        here = held(application)
        for file in {file.sha256: file for file in files if file.sha256 not in here}.values():
            _CABINET.keep(file, application=application, as_of=as_of)
        return held(application)


def add(application: UUID, file: File, *, as_of: datetime) -> None:
    """Seal a file that shows something of an approved application; one that is held is not taken again.

    Here nothing was named before: the hash is written down with what the file shows, at the same time.
    """
    row = InstitutionApplication.objects.select_for_update(no_key=True).get(pk=application)
    check([file], parameters.edition(row.edition).file_bytes_max)
    if not Row.objects.filter(application=application, sha256=file.sha256).exists():
        _CABINET.keep(file, application=application, as_of=as_of)


def check(files: Sequence[File], file_bytes_max: int) -> None:
    """Refuse what isn't a file of a known kind and size; raises `ApplicationRefused`."""
    _CABINET.check(files, files_max=len(files), file_bytes_max=file_bytes_max)


def held(application: UUID) -> dict[str, Card]:
    """Return the files of an application by their hash."""
    return {row.sha256: papers.of_row(row, Card) for row in _CABINET.listed(application=application)}


def lacking(documents: Mapping[str, str], here: Iterable[str]) -> tuple[str, ...]:
    """Return which of an application's documents are named but not here."""
    known = set(here)
    return tuple(key for key, digest in documents.items() if digest not in known)


def read(application: UUID, digest: str) -> tuple[Card, bytes]:
    """Return a file with its content; raises `UnknownDocument`, also where the seal doesn't open."""
    missing = "没有这份材料：尚未提交，或已过保存期"
    row, content = _CABINET.read("材料", missing, application=application, sha256=digest)
    return papers.of_row(row, Card), content


def erase(application: UUID) -> int:
    """Delete the files of an application that is deleted; return how many."""
    return _CABINET.erase(application=application)


def prune(*, as_of: datetime) -> int:
    """Delete the files of applications that were declined or ran out long enough ago; return how many."""
    asked = parameters.in_force(timezone.localdate(as_of))
    term = timedelta(days=asked.documents_kept_days)
    ended = InstitutionApplication.objects.filter(
        Q(state=State.DECLINED.value, decided_at__lt=as_of - term)
        | Q(state=State.APPROVED.value, valid_until__lt=timezone.localdate(as_of) - term)
    )
    return _CABINET.erase(application__in=ended.values("pk"))
