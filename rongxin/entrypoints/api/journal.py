"""存证: the signed checkpoint and the proofs that anyone may take and check; public, without content."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from rongxin.entrypoints.api.problems import Problem
from rongxin.journal import checkpoints, keyring, proofs

router = Router(tags=["存证 Journal"])


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
