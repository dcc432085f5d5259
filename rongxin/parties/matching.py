"""Attaching rows to subjects in bulk: a few set-based look-ups for a whole chunk; the policy is
`rules.matching`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from rongxin.parties import naming, subjects
from rongxin.parties.rules.matching import (
    Basis,
    Candidate,
    Finding,
    Holder,
    Pending,
    attached,
    by_name,
    by_old_code,
    waits,
)
from rongxin.parties.rules.names import Key
from rongxin.vocabulary import uscc
from rongxin.vocabulary.actor import Actor

# 组织机构代码 (nine characters, often written with a hyphen) and 注册号 (fifteen digits, old or new style).
_OLD_CODE = re.compile(r"[0-9A-Z]{8}-?[0-9X]|[0-9]{13}(?:[0-9]{2})?")


@dataclass(frozen=True)
class Matches:
    """One finding per row, in order. `name_differs` are rows attached by code whose name is not the
    subject's.
    """

    findings: list[Finding]
    name_differs: frozenset[int]
    opened: int

    @property
    def subject_ids(self) -> list[int | None]:
        return [finding.subject_id for finding in self.findings]


def match(
    codes: Sequence[str | None],
    names: Sequence[str | None],
    regions: Sequence[str | None] | str,
    on: Sequence[date | None] | date | None,
    *,
    negative: bool,
    open_unknown: bool = True,
    actor: Actor,
    as_of: datetime,
) -> Matches:
    """Find the subject of every row, opening `unregistered` ones for valid codes not yet known.

    `regions` and `on` may be one value for all rows. A polars column goes in as `column.to_list()`. With
    `open_unknown=False` (a dry run) nothing is written: such rows come back with basis OPENED and no subject.
    """
    size = len(codes)
    cleaned = [uscc.clean(code) if code else "" for code in codes]
    titles = [name.strip() if name else "" for name in names]
    places = [regions] * size if isinstance(regions, str) else [place or "" for place in regions]
    days = list(on) if isinstance(on, Sequence) else [on] * size
    known = _by_code({code for code in cleaned if len(code) == uscc.LENGTH})
    verdicts = {code: _examine(code) for code in set(cleaned) - known.keys() if code}
    opened = _open(cleaned, titles, verdicts, open_unknown=open_unknown, actor=actor, as_of=as_of)
    old = _by_old_code({code for code, verdict in verdicts.items() if verdict is Pending.OLD_CODE_UNKNOWN})
    keys = {title: naming.key(title) for title in _names_needed(cleaned, titles, known, verdicts)}
    holders = _by_name(keys.values())

    findings: list[Finding] = []
    for code, title, place, day in zip(cleaned, titles, places, days, strict=True):
        if code in known:
            findings.append(attached(known[code].subject_id, Basis.CODE))
        elif code and verdicts[code] is None:
            findings.append(Finding(opened.get(code), Basis.OPENED, None))
        elif code and verdicts[code] is Pending.OLD_CODE_UNKNOWN and code in old:
            findings.append(by_old_code(old[code]))
        elif code:
            findings.append(_invalid(verdicts[code], title, keys, holders))
        elif title:
            key = keys[title]
            findings.append(by_name(key, place, day, _holders(key, holders), negative=negative))
        else:
            findings.append(waits(Pending.NOTHING_TO_MATCH))
    return Matches(findings, _name_differs(cleaned, titles, known), len(opened))


def _examine(code: str) -> Pending | None:
    """Say what keeps a code from opening a subject; OLD_CODE_UNKNOWN means it may be an old one."""
    if uscc.examine(code).acceptable:
        return None if uscc.kind(code) is not None else Pending.KIND_OUT_OF_SCOPE
    return Pending.OLD_CODE_UNKNOWN if _OLD_CODE.fullmatch(code) else Pending.INVALID_CODE


def _open(
    codes: Sequence[str],
    names: Sequence[str],
    verdicts: dict[str, Pending | None],
    *,
    open_unknown: bool,
    actor: Actor,
    as_of: datetime,
) -> dict[str, int]:
    if not open_unknown:
        return {}
    first_name: dict[str, str] = {}
    for code, name in zip(codes, names, strict=True):
        if code and code in verdicts and verdicts[code] is None and not first_name.get(code):
            first_name[code] = name
    newcomers = [subjects.Newcomer(code, name or code) for code, name in first_name.items()]
    return subjects.open_unregistered(newcomers, actor=actor, as_of=as_of)


def _names_needed(
    codes: Sequence[str],
    names: Sequence[str],
    known: dict[str, Candidate],
    verdicts: dict[str, Pending | None],
) -> set[str]:
    return {
        name
        for code, name in zip(codes, names, strict=True)
        if name and code not in known and not (code and verdicts[code] is None)
    }


def _invalid(
    verdict: Pending | None, name: str, keys: dict[str, Key], holders: dict[str, list[Holder]]
) -> Finding:
    """A code that is there but wrong is never overruled by a name; whoever bears the name is only shown."""
    alike = [holder.candidate for holder in _holders(keys[name], holders)] if name else []
    return waits(verdict or Pending.INVALID_CODE, alike)


def _name_differs(codes: Sequence[str], names: Sequence[str], known: dict[str, Candidate]) -> frozenset[int]:
    return frozenset(
        position
        for position, (code, name) in enumerate(zip(codes, names, strict=True))
        if name
        and code in known
        and known[code].name != name
        and naming.key(known[code].name) != naming.key(name)
    )


def _by_code(codes: set[str]) -> dict[str, Candidate]:
    rows = _rows("SELECT uscc, id, name FROM parties_subject WHERE uscc = ANY(%s)", codes)
    return {code: Candidate(subject_id, code, name) for code, subject_id, name in rows}


def _by_old_code(codes: set[str]) -> dict[str, list[Candidate]]:
    plain = {code: code.replace("-", "") for code in codes}
    wanted = set(plain.values())
    rows = _rows(
        """
        SELECT alias.key, subject.id, subject.uscc, subject.name
        FROM parties_subjectalias alias JOIN parties_subject subject ON subject.id = alias.subject_id
        WHERE alias.key = ANY(%s) AND alias.kind IN ('organisation_code', 'registration_number')
        """,
        wanted,
    )
    # The organisation code lives on inside the new code (positions 9–17).
    rows += _rows(
        """
        SELECT substring(uscc, 9, 9), id, uscc, name
        FROM parties_subject WHERE substring(uscc, 9, 9) = ANY(%s)
        """,
        wanted,
    )
    found: dict[str, list[Candidate]] = defaultdict(list)
    for key, subject_id, code, name in rows:
        found[key].append(Candidate(subject_id, code, name))
    return {code: found[key] for code, key in plain.items() if key in found}


def _by_name(keys: Iterable[Key]) -> dict[str, list[Holder]]:
    wanted = {str(one) for key in keys for one in (key, key.sister) if one is not None}
    rows = _rows(
        """
        SELECT canonical_name, id, uscc, name, region, false, NULL::date, NULL::date
        FROM parties_subject WHERE canonical_name = ANY(%s)
        """,
        wanted,
    )
    rows += _rows(
        """
        SELECT alias.key, subject.id, subject.uscc, alias.value, subject.region, true,
               alias.valid_from, alias.valid_to
        FROM parties_subjectalias alias JOIN parties_subject subject ON subject.id = alias.subject_id
        WHERE alias.key = ANY(%s) AND alias.kind = 'former_name'
        """,
        wanted,
    )
    found: dict[str, list[Holder]] = defaultdict(list)
    for text, subject_id, code, name, region, former, valid_from, valid_to in rows:
        stem, _, form = text.rpartition("|")
        candidate = Candidate(subject_id, code, name)
        found[text].append(Holder(candidate, Key(stem, form), region, former, valid_from, valid_to))
    return found


def _holders(key: Key, holders: dict[str, list[Holder]]) -> list[Holder]:
    sister = key.sister
    return holders.get(str(key), []) + (holders.get(str(sister), []) if sister else [])


def _rows(sql: str, values: set[str]) -> list[tuple[Any, ...]]:
    if not values:
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql, [list(values)])
        return list(cursor.fetchall())
