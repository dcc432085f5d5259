"""The files that departments hand in (附件, 物理归集), with their faults, each listed for the manifest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from rongxin.catalogue.schema import Item
from rongxin.city import authorities, channels, faults, sheets
from rongxin.city.channels import Column
from rongxin.city.city import City
from rongxin.city.facts.rows import Row
from rongxin.city.faults import REJECTED, Cells, Kind, Planted
from rongxin.city.manifest import DepartmentFile, FaultList
from rongxin.city.spelling import spell
from rongxin.city.streams import Stream
from rongxin.city.subjects import Subject
from rongxin.city.words import NOTICE

_REMARK = "备注"
#: A workbook is closed and a further one begun at so many rows: a sixth of what intake takes. Looked at
#: between two subjects, so that all rows of a subject stand in one file.
WORKBOOK_ROWS = 50_000
_ENDINGS = {"csv": "csv", "jsonl": "jsonl", "xlsx": "xlsx", "parquet": "parquet"}


@dataclass(frozen=True, slots=True)
class Sender:
    """How a department writes the file of an item."""

    office: str
    format: str
    encoding: str
    headers: str
    dates: str
    also: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    in_place: bool = True


@cache
def senders() -> dict[str, Sender]:
    document: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "senders.yaml").read_text("utf-8"))
    return {
        item: Sender(
            **{**facts, "also": tuple(facts.get("also", ())), "without": tuple(facts.get("without", ()))}
        )
        for item, facts in document["senders"].items()
    }


class Delivery:
    """One open department file; `take` writes a subject's rows, `finish` plants what is still missing."""

    def __init__(self, out: Path, item: Item, city: City, *, role: str = "initial") -> None:
        channel = item.aggregation
        assert channel is not None, f"{item.item} has no channel of physical aggregation"
        self._item, self._city, self._channel, self._sender = item, city, channel, senders()[item.item]
        sent = (*channels.of_channel(item, channel), *self._sender.also)
        fields = tuple(name for name in dict.fromkeys(sent) if name not in self._sender.without)
        self._columns: tuple[Column, ...] = channels.columns(item, self._sender.headers, fields)
        self._person_columns: tuple[Column, ...] = self._columns_of_persons()
        self._own_remark = "remark" not in fields
        self._absent = sorted(set(channels.of_channel(item, channel)) - set(fields))
        self._kinds = faults.fitting(item) if role == "initial" else ()
        self._fields = [column.field for column in (*self._columns, *self._person_columns)]
        self._first_ghost = faults.FIRST_GHOST + tuple(senders()).index(item.item) * faults.GHOST_ROWS
        self._last: tuple[Subject, Cells] | None = None
        self._planted: set[str] = set()
        self._out, self._role = out, role
        self._closed: list[DepartmentFile] = []
        self.entry, self._sheet, self._faults = self._open()

    def _open(self) -> tuple[DepartmentFile, sheets.Sheet, FaultList]:
        """Open the next file: the only one of most items, one of several where workbooks grow long."""
        headers = [column.header for column in (*self._columns, *self._person_columns)]
        unknown = [_REMARK] if self._own_remark else []
        name = self._item.item if self._role == "initial" else f"{self._item.item}-{self._role}"
        if self._closed:
            name = f"{name}-{len(self._closed) + 1}"
        path = self._out / f"{name}.{_ENDINGS[self._sender.format]}"
        entry = DepartmentFile(
            path=f"{self._out.name}/{path.name}",
            item=self._item.item,
            provider=self._channel.provider,
            sender=authorities.find(self._sender.office).name,
            role=self._role,
            format=self._sender.format,
            encoding=self._sender.encoding,
            headers=headers + unknown,
            unknown_columns=unknown,
            absent_fields=self._absent,
        )
        form, encoding = self._sender.format, self._sender.encoding
        sheet = sheets.create(path, headers + unknown, form=form, encoding=encoding)
        return entry, sheet, FaultList(self._out.parent, entry.path)

    def _close(self) -> None:
        self._sheet.close()
        self._faults.close()
        self._closed.append(self.entry)

    def _columns_of_persons(self) -> tuple[Column, ...]:
        """The columns a 双公示 file has for natural persons; among firms they stay empty."""
        if not self._item.layouts.get("double_publicity"):
            return ()
        return channels.columns(
            self._item, self._sender.headers, ("counterpart_id_type", "counterpart_id_number")
        )

    def take(self, subject: Subject, rows: Iterable[Row]) -> list[Cells]:
        """Write a subject's rows that the channel admits; return the cells of those left whole."""
        kept = []
        draw: Stream | None = None
        if self._sender.format == "xlsx" and self.entry.rows >= WORKBOOK_ROWS:
            self._close()
            self.entry, self._sheet, self._faults = self._open()
        for row in rows:
            if not self._channel.carries(row):
                continue
            draw = draw or self._city.stream(subject, f"fault/{self._item.item}")
            cells = self.spell(row)
            ordinary = not subject.story and self._kinds
            kind = draw.pick(self._kinds) if ordinary and draw.chance(faults.SHARE) else None
            if kind and kind.whose == "spoilt" and self._sender.in_place:
                self._plant(kind, cells, draw)
                continue
            self.write(cells)
            kept.append(cells)
            if ordinary:
                self._last = (subject, cells)
            if kind:
                self._add(kind, cells, draw)
        return kept

    def write(self, cells: Cells, fault: Planted | None = None) -> None:
        """Write one row as it is; without a fault it counts as clean."""
        row = list(map(cells.get, self._fields))
        if self._own_remark:
            row.append(NOTICE)
        self._sheet.write(row)
        self.entry.count(fault)
        if fault:
            self._planted.add(fault.kind)
            self._faults.add(fault)

    def line(self) -> int:
        """The line that the next row will stand in."""
        return self._sheet.first_line + self.entry.rows

    def finish(self) -> list[DepartmentFile]:
        """Plant each kind of fault that chance left out, close the file, take no more rows."""
        missing = {kind.name: kind for kind in self._kinds if kind.name not in self._planted}
        if self._last:
            for kind in missing.values():
                self._add(kind, self._last[1], Stream(self._city.seed, "last", self._item.item, kind.name))
        self._close()
        return self._closed

    def spell(self, row: Row) -> Cells:
        number = self.entry.rows
        cells: Cells = {
            column.field: spell(row.get(column.field), self._sender.dates, row=number, in_10k=column.in_10k)
            for column in self._columns
        }
        if not self._own_remark:
            cells["remark"] = NOTICE
        return cells

    def _add(self, kind: Kind, model: Cells, draw: Stream) -> None:
        """A further row after a good one."""
        cells = dict(model)
        if kind.whose != "same":
            faults.make_ghost(cells, self._item, self._ghost(), self._city.seed, draw)
        self._plant(kind, cells, draw)

    def _ghost(self) -> int:
        """The number of the ghost that the next row may be about."""
        return self._first_ghost + self.entry.rows + sum(entry.rows for entry in self._closed)

    def _plant(self, kind: Kind, cells: Cells, draw: Stream) -> None:
        field = kind.spoil(cells, self._item, draw, self._ghost())
        self.write(cells, Planted(self.line(), kind.name, kind.expect, field))


class Increment:
    """A later file of the same item: some rows changed (they supersede), a few sent again unchanged."""

    def __init__(self, out: Path, item: Item, city: City) -> None:
        self._delivery = Delivery(out, item, city, role="increment")
        self._city = city

    def take(self, subject: Subject, kept: list[Cells]) -> None:
        """Take up the last of the rows that the first file brought whole."""
        if not kept:
            return
        cells, draw = dict(kept[-1]), self._city.stream(subject, "increment")
        if subject.story:
            cells["permit_content"] = f"{cells['permit_content']}（增项）"
            self._delivery.write(cells)
        elif draw.chance(0.02):
            cells["permit_status"] = "注销"
            self._delivery.write(cells)
        elif draw.chance(0.005):
            line = self._delivery.line()
            self._delivery.write(cells, Planted(line, "sent_again", faults.DUPLICATE, ""))

    def finish(self) -> list[DepartmentFile]:
        return self._delivery.finish()


class Conflict:
    """A file to be refused or questioned: one record twice with different contents."""

    FIRMS = 3

    def __init__(self, out: Path, item: Item, city: City) -> None:
        self._delivery = Delivery(out, item, city, role="conflict")
        self._firms = 0

    def take(self, subject: Subject, kept: list[Cells]) -> None:
        if not kept or subject.story or self._firms >= self.FIRMS:
            return
        self._firms += 1
        first, second = dict(kept[0]), dict(kept[0])
        second["environmental_credit_grade"] = (
            "红色" if first["environmental_credit_grade"] != "红色" else "绿色"
        )
        for cells in (first, second):
            line = self._delivery.line()
            self._delivery.write(cells, Planted(line, "conflict", REJECTED, "environmental_credit_grade"))

    def finish(self) -> list[DepartmentFile]:
        return self._delivery.finish()
