"""Appending to the journal, and reading what was appended (design §4: durable at once, in the caller's
transaction).
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Q

from rongxin.journal import models, plans, rules, windows
from rongxin.journal.errors import UnknownEntry, Unrecordable
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.proof import merkle
from rongxin.proof.errors import Uncanonical
from rongxin.vocabulary.actor import Actor

_COLUMNS = "id, body, kind, actor_kind, actor, party, at, subject, institution, consent"
_APPEND = f"""
WITH given AS (
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[],
                         %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::bytea[])
        AS g ({_COLUMNS}, hash)
), entry AS (
    INSERT INTO journal_entry ({_COLUMNS}) SELECT {_COLUMNS} FROM given
)
INSERT INTO journal_pending (entry, hash) SELECT id, hash FROM given
"""  # noqa: S608
_APPEND_ONE = f"""
WITH entry AS (
    INSERT INTO journal_entry ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
){{beside}}
INSERT INTO journal_pending (entry, hash) VALUES (%s, %s)
"""  # noqa: S608

# An INSERT of the caller's own and its values, once the entry's id is known.
Beside = Callable[[UUID], tuple[str, list[Any]]]


@dataclass(frozen=True)
class Entry:
    """An entry as it was appended. `body` is the canonical JSON whose leaf hash stands in the tree."""

    id: UUID
    leaf_hash: bytes
    body: str

    @cached_property
    def content(self) -> Mapping[str, Any]:
        content = json.loads(self.body)
        assert isinstance(content, dict)
        return content

    @property
    def kind(self) -> Kind:
        return Kind(self.content["kind"])

    @property
    def refs(self) -> Mapping[str, str | int]:
        refs: Mapping[str, str | int] = self.content["refs"]
        return refs

    @property
    def commitments(self) -> Mapping[str, str]:
        commitments: Mapping[str, str] = self.content["commitments"]
        return commitments

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.content["at"])


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What `append_all` makes an entry of."""

    kind: Kind
    refs: Mapping[str, str | int]
    commitments: Mapping[str, str] | None = None


def append(
    kind: Kind,
    *,
    actor: Actor,
    refs: Mapping[str, str | int],
    commitments: Mapping[str, str] | None = None,
    as_of: datetime,
    beside: Beside | None = None,
) -> Entry:
    """Record that something happened: one round trip, durable when the caller's transaction is.

    `refs` are ids (subject, institution, consent, case, batch, item…), `commitments` SHA-256 in hexadecimal.
    `beside` saves the hot path a round trip: the row that the entry is about goes in by the same statement.
    """
    entry = _prepare(Draft(kind=kind, refs=refs, commitments=commitments), actor=actor, as_of=as_of)
    insert, values = beside(entry.id) if beside else ("", [])
    sql = _APPEND_ONE.format(beside=f", beside AS ({insert})" if insert else "")
    plans.rows(sql, [*_row(entry), *values, entry.id, entry.leaf_hash])
    return entry


def append_all(drafts: Iterable[Draft], *, actor: Actor, as_of: datetime) -> list[Entry]:
    """Record many things that one actor did at one time, in their order, in one round trip."""
    made = [_prepare(draft, actor=actor, as_of=as_of) for draft in drafts]
    if made:
        columns: list[Any] = [list(column) for column in zip(*map(_row, made), strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(_APPEND, [*columns, [entry.leaf_hash for entry in made]])
    return made


def get(entry_id: UUID) -> Entry:
    row = models.Entry.objects.filter(id=entry_id).only("id", "body").first()
    if row is None:
        raise UnknownEntry(f"entry {entry_id}: the journal has none of this id; check the id in the receipt")
    return _read(row)


def find(
    *,
    subject: str | int | None = None,
    institution: str | None = None,
    consent: str | None = None,
    kinds: Sequence[Kind] = (),
    since: datetime | None = None,
    from_leaf: int | None = None,
    entries_max: int = 100,
) -> list[Entry]:
    """Return the latest entries about a subject, an institution or a consent, latest first.

    With `from_leaf` those from this place of the tree on, and those that have none yet: what was committed
    later stands there, whatever hour it says.
    """
    wanted = {"subject": subject, "institution": institution, "consent": consent}
    rows = models.Entry.objects.filter(
        **{key: str(value) for key, value in wanted.items() if value is not None}
    )
    if kinds:
        rows = rows.filter(kind__in=kinds)
    if since is not None:
        rows = rows.filter(at__gte=since)
    if from_leaf is not None:
        placed = models.Leaf.objects.filter(index__gte=from_leaf).values("entry")
        rows = rows.filter(Q(id__in=placed) | Q(id__in=models.Pending.objects.values("entry")))
    return [_read(row) for row in rows.order_by("-at", "-id")[:entries_max]]


def part_of(
    window: Window,
    *,
    subject: int | None = None,
    institution: str | None = None,
    kinds: Sequence[Kind] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> Part[Entry]:
    """Return a part of the entries, those last written first (ids are in the order of time); `until` is the
    first moment left out.
    """
    rows = models.Entry.objects.all()
    if subject is not None:
        rows = rows.filter(subject=str(subject))
    if institution is not None:
        rows = rows.filter(institution=institution)
    if kinds:
        rows = rows.filter(kind__in=kinds)
    if since is not None:
        rows = rows.filter(at__gte=since)
    if until is not None:
        rows = rows.filter(at__lt=until)
    return windows.part(rows, window, "-id").of(_read)


def _prepare(draft: Draft, *, actor: Actor, as_of: datetime) -> Entry:
    entry_id = _time_ordered_uuid()
    try:
        content = rules.body(
            entry_id,
            draft.kind,
            actor=actor,
            refs=draft.refs,
            commitments=draft.commitments or {},
            as_of=as_of,
        )
    except (rules.Unfit, Uncanonical) as error:
        raise Unrecordable(f"{draft.kind}: {error}") from error
    # A body holds ASCII keys, text and whole numbers only: for these the sorted form is RFC 8785 (a test says
    # so), at a hundredth of the time.
    data = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    entry = Entry(entry_id, merkle.leaf_hash(data), data.decode())
    entry.__dict__["content"] = content  # as reading its body would give
    return entry


def _row(entry: Entry) -> tuple[Any, ...]:
    return (entry.id, entry.body, *rules.columns(entry.content))


def _read(row: models.Entry) -> Entry:
    return Entry(row.id, merkle.leaf_hash(row.body.encode()), row.body)


def _time_ordered_uuid() -> UUID:
    """UUID version 7 (RFC 9562 §5.7): entries lie on disk in about the order of their leaves."""
    milliseconds = time.time_ns() // 1_000_000
    tail = secrets.randbits(74)
    return UUID(
        int=(milliseconds & (1 << 48) - 1) << 80
        | 0x7 << 76
        | (tail >> 62) << 64
        | 0b10 << 62
        | tail & (1 << 62) - 1
    )
