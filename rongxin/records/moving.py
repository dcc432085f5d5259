"""The store on its way from one node to another: rows with their history, verbatim ((三)(五)).

What ended stays ended and bars what it barred: a repaired record that the next weekly list brings must stand
against it on the new node too. Nothing is settled anew: a row is taken as it is, is here already, or is
refused with the reason. Whoever calls holds the transaction of a whole file.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby, islice
from typing import Any
from uuid import UUID

import polars as pl
from django.db import connection
from psycopg import sql

from rongxin.catalogue import loader
from rongxin.proof import canonical
from rongxin.proof.errors import Forged
from rongxin.records import filing, moving_statements, seals
from rongxin.records.models import Record
from rongxin.records.rules import EndedWhy

_CHUNK = 5_000
# Closes what identifies persons for whoever may open it, bound to (item, batch, line, subject's code).
Close = Callable[[bytes, tuple[str, ...]], str]
Open = Callable[[str, tuple[str, ...]], bytes]


@dataclass
class Taken:
    """What came of the rows of one file. `sums` are of amounts, by field: read, taken, already here."""

    read: int = 0
    taken: int = 0
    already: int = 0
    refused: list[tuple[int, str, str]] = field(default_factory=list)
    sums: dict[str, Counter[str]] = field(default_factory=dict)


def items() -> list[str]:
    """Return the items of which any row is held, whether it counts or not."""
    return sorted(Record.objects.order_by().values_list("item", flat=True).distinct())


def amounts_of(item: str) -> tuple[str, ...]:
    """Name the fields of an item that are amounts of money."""
    return tuple(f.name for f in loader.load().item(item).fields if f.type.startswith("money"))


def sums_of(item: str, batch: UUID) -> dict[str, Counter[str]]:
    """Return the sums of a filed batch's amounts, as `take` counts them; what it only confirmed is not in."""
    sums: dict[str, Counter[str]] = {}
    for name in amounts_of(item):
        with connection.cursor() as cursor:
            cursor.execute(moving_statements.SUM, [name, batch, item])
            (total,) = cursor.fetchone()
        sums[name] = Counter()
        _add({name: sums[name]}, "taken", {name: total or 0})
    return sums


def out_of(item: str, codes: Mapping[int, str], close: Close) -> Iterator[dict[str, Any]]:
    """Yield every row of an item in the order in which it was written; needs a transaction around it.

    `codes` gives a subject's unified code. What is sealed here leaves in a box of `close` only.
    """
    assert connection.in_atomic_block
    with connection.connection.cursor(name="moving_out") as cursor:
        cursor.itersize = _CHUNK
        cursor.execute(moving_statements.OUT, [item])
        for row in cursor:
            yield _document(item, row, codes, close)


def _document(item: str, row: tuple[Any, ...], codes: Mapping[int, str], close: Close) -> dict[str, Any]:
    subject_id, version, key, on, received, filed, provider, batch, line, digest, *rest = row
    payload, source, sealed, ended_at, ended_why, ended_by = rest
    code = codes[subject_id]
    document: dict[str, Any] = {
        "subject": code,
        "version": version,
        "record_key": key,
        "observed_on": on.isoformat() if on else None,
        "received_at": received.isoformat(),
        "filed_at": filed.isoformat(),
        "provider": provider,
        "batch": str(batch),
        "line": line,
        "digest": bytes(digest).hex(),
        "payload": json.loads(payload),
        "source": json.loads(source),
    }
    if sealed is not None:
        taken = seals.both(subject_id, item, batch, line, "{}", "{}", bytes(sealed))
        document["box"] = close(json.dumps(taken).encode(), (item, str(batch), str(line), code))
    if ended_at is not None:
        document["ended"] = {"at": ended_at.isoformat(), "why": ended_why, "by": ended_by}
    return document


def take(
    item: str,
    rows: Iterable[dict[str, Any]],
    *,
    subject_ids: Callable[[Iterable[str]], Mapping[str, int]],
    open_box: Open,
    as_of: datetime,
) -> Taken:
    """Take the rows of one file of an item; the caller's transaction is theirs, whole or not at all."""
    taken = Taken(sums={name: Counter() for name in amounts_of(item)})
    filing.queue(item)
    filing.settled_through(item)  # takes the item's lock for as long as the transaction lasts
    with connection.cursor() as cursor:
        for statement in moving_statements.STAGING:
            cursor.execute(statement)
    numbered = enumerate(rows, 1)
    while some := list(islice(numbered, _CHUNK)):
        _take(item, some, subject_ids({str(row.get("subject")) for _, row in some}), open_box, taken)
    if taken.taken:
        with connection.cursor() as cursor:
            cursor.execute(moving_statements.CONNECT, [item, as_of])
    return taken


def _take(
    item: str,
    some: list[tuple[int, dict[str, Any]]],
    ids: Mapping[str, int],
    open_box: Open,
    taken: Taken,
) -> None:
    """Check rows, close what is to be sealed here, and file what may be."""
    ready: list[dict[str, Any]] = []
    for number, row in some:
        taken.read += 1
        try:
            ready.append(_checked(item, number, row, ids, open_box))
        except (KeyError, TypeError, ValueError) as error:
            taken.refused.append((number, "unreadable", f"不是库存格式的一行 ({error!r})"[:200]))
        except Forged:
            taken.refused.append((number, "box_forged", "密封内容打不开或已被改动，请取回原文件"))
        except _Refused as refusal:
            taken.refused.append((number, refusal.code, refusal.message))
    batches = groupby(ready, key=lambda row: str(row["batch"]))
    closed = [one for _, group in batches for one in _closed(item, group)]
    good = []
    for row in closed:
        if row["digest"] != row["told"]:
            code = "index_key_differs" if row["sealed"] else "digest_differs"
            taken.refused.append((row["number"], code, _DIFFERS[code]))
        else:
            good.append(row)
    amounts = {row["number"]: row["amounts"] for row in good}
    for number, fate in _filed(item, good):
        if fate not in _FATES:
            taken.refused.append((number, fate, _DIFFERS[fate]))
        taken.taken += fate == "taken"
        taken.already += fate == "already"
        _add(taken.sums, fate, amounts[number])
    for row in ready:
        _add(taken.sums, "read", row["amounts"])


_FATES = ("taken", "already")
_DIFFERS = {
    "digest_differs": "内容与其摘要不符：该行在导出后被改动，请取回原文件",
    "index_key_differs": "含密封字段，而本节点的索引密钥与导出节点不同："
    "请先将原节点密钥备份中的 index.secret 放入 RONGXIN_KEYS",
    "held": "平台已有该记录的另一有效版本：请先核对两边，再由提供单位更正",
    "barred": "该记录在本平台已修复或移除，不再收录",
}


class _Refused(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code, self.message = code, message


def _checked(
    item: str, number: int, row: dict[str, Any], ids: Mapping[str, int], open_box: Open
) -> dict[str, Any]:
    subject = ids.get(row["subject"])
    if subject is None:
        raise _Refused("unknown_subject", f"平台没有主体 {row['subject']}：请先迁入主体文件")
    payload, source = dict(row["payload"]), dict(row["source"])
    if "box" in row:
        place = (item, row["batch"], str(row["line"]), row["subject"])
        hidden, hidden_source = json.loads(open_box(row["box"], place))
        payload, source = payload | hidden, source | hidden_source
    ended = row.get("ended")
    whole = canonical.dumps(payload).decode()
    return {
        "number": number,
        "told": row["digest"],
        "subject_id": subject,
        "batch": str(UUID(row["batch"])),
        "line": int(row["line"]),
        "record_key": str(row["record_key"]),
        "digest": canonical.digest(payload),
        "payload": whole,
        "source": canonical.dumps(source).decode(),
        "version": int(row["version"]),
        "provider": str(row["provider"]),
        "observed_on": date.fromisoformat(row["observed_on"]) if row["observed_on"] else None,
        "received_at": datetime.fromisoformat(row["received_at"]),
        "filed_at": datetime.fromisoformat(row["filed_at"]),
        "ended_at": datetime.fromisoformat(ended["at"]) if ended else None,
        "ended_why": EndedWhy(ended["why"]).value if ended else None,
        "ended_by": str(ended["by"]) if ended else None,
        "amounts": {name: payload[name] for name in amounts_of(item) if payload.get(name) is not None},
    }


_CLOSES = ("subject_id", "line", "record_key", "digest", "payload", "source")


def _closed(item: str, group: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Seal for this node what its catalogue seals; a key that is a keyed hash already stays as it is."""
    rows = list(group)
    frame = pl.DataFrame([{name: row[name] for name in _CLOSES} for row in rows])
    sealed = seals.close(frame, item=item, batch_id=UUID(rows[0]["batch"]))
    for row, closed in zip(rows, sealed.iter_rows(named=True), strict=True):
        key = row["record_key"] if row["record_key"].startswith("$") else closed["record_key"]
        yield {**row, **closed, "record_key": key}


def _filed(item: str, rows: list[dict[str, Any]]) -> list[tuple[int, str]]:
    if not rows:
        return []
    columns = moving_statements.STAGED
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE moving_row")
        copy = sql.SQL("COPY moving_row ({}) FROM STDIN").format(
            sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with cursor.copy(copy.as_string(connection.connection)) as given:
            for row in rows:
                values = {**row, "digest": _octets(row["digest"]), "sealed": _octets(row["sealed"])}
                given.write_row([values[name] for name in columns])
        for statement in moving_statements.SETTLE:
            cursor.execute(statement, {"item": item})
        cursor.execute(moving_statements.FATES)
        return [(int(number), str(fate)) for number, fate in cursor.fetchall()]


def _octets(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)


def _add(sums: dict[str, Counter[str]], what: str, amounts: Mapping[str, Any]) -> None:
    for name, value in amounts.items():
        # Counter adds whatever adds; amounts are exact.
        sums[name][what] += Decimal(str(value))  # type: ignore[assignment]
