"""Tell the operator, before keys stop, that an authority or its revocation list runs out, is over or can't be
read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import certificates, institution_keys
from rongxin.parties.certificates import Policy
from rongxin.proof.certificates.checking import Standing
from rongxin.proof.certificates.refusals import Why
from rongxin.vocabulary.actor import SYSTEM

_TOLD_MAX = 500
#: What an entry refers to, as it is compared with others.
Matter = tuple[tuple[str, str | int], ...]


def tend(*, as_of: datetime) -> int:
    """Judge the registered certificates; tell of each authority, list and file once for each way in which it
    stands, and when that is over. Returns how much that changed.
    """
    changed = institution_keys.judge(as_of=as_of)
    with transaction.atomic():
        told, due = _told(), list(dict.fromkeys(_due(as_of)))
        new = [(Kind.REVOCATION_LIST_DUE, one) for one in due if one not in told]
        over = [(Kind.REVOCATION_LIST_SETTLED, one) for one in told if one not in due]
        for kind, matter in [*new, *over]:
            entries.append(kind, actor=SYSTEM, refs=dict(matter), as_of=as_of)
    return changed + len(new) + len(over)


def _told() -> Sequence[Matter]:
    """Return what the operator was told and is not over yet: what is over and comes again is told again."""
    kinds = [Kind.REVOCATION_LIST_DUE, Kind.REVOCATION_LIST_SETTLED]
    last: dict[Matter, Kind] = {}
    for entry in entries.find(kinds=kinds, entries_max=_TOLD_MAX):
        last.setdefault(_matter(entry.refs), entry.kind)
    return [matter for matter, kind in last.items() if kind is Kind.REVOCATION_LIST_DUE]


def _due(as_of: datetime) -> Iterator[Matter]:
    """Return of what the operator has to be told, by ids: `rongxin certificates` says which file it is."""
    given = certificates.policy(timezone.localdate(as_of))
    for one in certificates.standings(as_of=as_of):
        for state, until in _states(one, given, as_of):
            refs: dict[str, str | int] = {"authority": one.sha256[:16], "state": state}
            if until is not None:
                refs["due_on"] = f"{until:%Y-%m-%dT%H:%MZ}"
            yield _matter(refs)
    for file, _why in certificates.laid().unreadable:
        refs = {"file": sha256(file.encode()).hexdigest()[:16], "state": Why.UNREADABLE.value}
        yield _matter(refs)


def _matter(refs: Mapping[str, str | int]) -> Matter:
    return tuple(sorted(refs.items()))


def _states(one: Standing, given: Policy, as_of: datetime) -> Iterator[tuple[str, datetime | None]]:
    """Return what is amiss with an authority or its list, or will be soon, and the end that it is about."""
    if one.why is Why.EXPIRED:
        yield one.why.value, one.until
        return
    if as_of + timedelta(days=given.authority_warn_days) > one.until:
        yield "authority_due", one.until
    if one.why is not None:
        yield one.why.value, one.list_until
    elif one.list_until is not None and as_of + timedelta(hours=given.crl_warn_hours) > one.list_until:
        yield "crl_due", one.list_until
