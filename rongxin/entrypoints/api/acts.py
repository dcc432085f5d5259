"""What a request has the worker do in its caller's name, where needed on a batch of the caller's own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from rongxin.entrypoints.api import authentication
from rongxin.entrypoints.api.problems import Problem
from rongxin.sharing import errands
from rongxin.sharing.aggregation import batches


def ask(request: HttpRequest, act: str, **given: Any) -> dict[str, Any]:
    """Have an act done and return its answer; a refusal is raised as if it had been done here."""
    caller = authentication.caller(request)
    return errands.ask(act, **given, actor=caller.actor, as_of=caller.at)


def ask_on_own(request: HttpRequest, act: str, batch_id: UUID, **given: Any) -> dict[str, Any]:
    """Have an act done on a batch of the caller's own."""
    own(request, batch_id)
    return ask(request, act, batch=batch_id, **given)


def own(request: HttpRequest, batch_id: UUID) -> None:
    """Let only its provider at a batch: another one's is as good as unknown."""
    if batches.get(batch_id).provider != authentication.caller(request).party:
        raise Problem(404, "unknown_batch", f"没有批次 {batch_id}")
