"""存证: the signed checkpoint and the proofs that anyone may take and check, public and without content; the
entries themselves for the audit administrator ((十)).
"""

from __future__ import annotations

import base64
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from rongxin.entrypoints.api import authentication, paging
from rongxin.entrypoints.api.problems import Problem
from rongxin.journal import checkpoints, entries, keyring, proofs
from rongxin.journal.rules import Kind
from rongxin.parties import subjects
from rongxin.vocabulary import uscc as codes
from rongxin.vocabulary.zone import BUSINESS_ZONE

router = Router(tags=["存证 Journal"])


class Sought(Schema):
    """Which entries are wanted; of the days both are counted in."""

    kind: Kind | None = None
    uscc: Annotated[str, Field(max_length=32)] = Field("", description="有关的企业")
    institution: Annotated[str, Field(max_length=64)] = Field("", description="有关的接入机构")
    since: paging.Day | None = None
    until: paging.Day | None = None


@router.get("/entries", auth=authentication.AUDIT, summary="存证日志 Entries, those last written first")
def listed(
    request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted], sought: Query[Sought]
) -> list[dict[str, Any]]:
    """List who did what, when and about what: numbers and commitments, no content."""
    subject = subjects.find(codes.clean(sought.uscc)) if sought.uscc else None
    if sought.uscc and subject is None:
        raise Problem(404, "unknown_subject", f"未找到统一社会信用代码 {sought.uscc} 的登记信息")
    part = entries.part_of(
        paging.window(request, wanted),
        subject=subject.id if subject else None,
        institution=sought.institution or None,
        kinds=[sought.kind] if sought.kind else [],
        since=_begins(sought.since) if sought.since else None,
        until=_begins(sought.until + timedelta(days=1)) if sought.until else None,
    )
    paging.link(request, answer, part)
    return [{**entry.content, "entry": str(entry.id), "kind_label": entry.kind.label} for entry in part.rows]


def _begins(day: date) -> datetime:
    return datetime.combine(day, time(), BUSINESS_ZONE)


@router.get("/checkpoint", auth=None, summary="最新签名检查点 The latest signed checkpoint")
def checkpoint(request: HttpRequest) -> HttpResponse:
    """Return the note (C2SP tlog-checkpoint): origin, size, root, signature."""
    note = checkpoints.latest_note()
    if note is None:
        raise Problem(409, "not_yet_covered", "尚无检查点，请十秒后再试")
    return HttpResponse(note, content_type="text/plain; charset=utf-8")


@router.get("/key", auth=None, summary="检查点的公钥 The public key of checkpoints")
def key(request: HttpRequest) -> dict[str, str]:
    """Return the key (PEM) that signs checkpoints, and the origin they name."""
    signing = keyring.journal_key()
    return {"origin": keyring.origin(), "id": signing.id, "pem": signing.public.pem()}


@router.get("/entries/{entry}/proof", auth=None, summary="包含证明 Inclusion proof")
def inclusion(request: HttpRequest, entry: UUID) -> dict[str, Any]:
    """Prove that an entry is in the tree of the latest checkpoint; 409 until a checkpoint covers it."""
    return proofs.inclusion(entry).document()


@router.get("/consistency", auth=None, summary="一致性证明 Consistency proof")
def consistency(request: HttpRequest, first: int, second: int) -> dict[str, Any]:
    """Prove that the tree of `first` entries is the beginning of the tree of `second`."""
    proof = proofs.consistency(first, second)
    return {
        "first": proof.first,
        "second": proof.second,
        "path": [base64.b64encode(node).decode() for node in proof.path],
    }
