"""Tell the operator, before keys stop, that a revocation list runs out, is over or can't be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import certificates, institution_keys
from rongxin.proof.certificates.refusals import Why
from rongxin.vocabulary.actor import SYSTEM

_TOLD_MAX = 500
Refs = dict[str, str | int]


def tend(*, as_of: datetime) -> int:
    """Judge every registered certificate, and tell of each list once for each way in which it stands; returns
    how much that changed.
    """
    changed = institution_keys.judge(as_of=as_of)
    with transaction.atomic():
        known = entries.find(kinds=[Kind.REVOCATION_LIST_DUE], entries_max=_TOLD_MAX)
        told = [dict(entry.refs) for entry in known]
        for refs in _due(as_of):
            if refs not in told:
                entries.append(Kind.REVOCATION_LIST_DUE, actor=SYSTEM, refs=refs, as_of=as_of)
                changed += 1
    return changed


def _due(as_of: datetime) -> Iterator[Refs]:
    """Return of what the operator has to be told, by ids: `rongxin certificates` says which file it is."""
    ahead = timedelta(hours=certificates.policy(timezone.localdate(as_of)).crl_warn_hours)
    for one in certificates.standings(as_of=as_of):
        runs_out = one.list_until is not None and as_of > one.list_until - ahead
        if one.why is None and not runs_out:
            continue
        refs: Refs = {"authority": one.sha256[:16], "state": one.why.value if one.why else "crl_due"}
        if one.list_until is not None:
            refs["due_on"] = f"{one.list_until:%Y-%m-%dT%H:%MZ}"
        yield refs
    for file, _why in certificates.laid().unreadable:
        refs = {"file": sha256(file.encode()).hexdigest()[:16], "state": Why.UNREADABLE.value}
        yield refs
