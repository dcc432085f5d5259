"""The reconciliation report of moving in: per file, what was read and what came of every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from rongxin.delivery.moving.layout import Entry

# A report lists this many rows of an end by line; all are counted.
LISTED_MAX = 1_000


@dataclass(frozen=True)
class FileReport:
    """What came of one file. `waiting`: consents that are pending, rows that wait for their subject."""

    name: str
    kind: str
    item: str = ""
    declared: int = 0
    read: int = 0
    taken: int = 0
    already: int = 0
    waiting: int = 0
    incomplete: int = 0
    refused: int = 0
    refusals: tuple[tuple[int, str, str], ...] = ()
    # What stays behind by design, each row with its reason: nothing is wrong with it, nobody has to act.
    not_moved: int = 0
    not_moved_rows: tuple[tuple[int, str, str], ...] = ()
    sums: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    # Why the file as a whole was not taken, or waits for a second person.
    stopped: str = ""
    repeated: bool = False

    @property
    def agrees(self) -> bool:
        """Every row of the manifest was read and ended in one way, and every amount was found again."""
        ended = self.taken + self.already + self.waiting + self.refused + self.not_moved
        rows = self.declared == self.read == ended
        return not self.stopped and rows and all(self._found(one) for one in self.sums.values())

    def _found(self, sums: Mapping[str, str]) -> bool:
        declared = Decimal(sums["declared"])
        if "read" in sums:
            return declared == Decimal(sums["read"])
        # Of a provider's file only what it brought can be summed: all of it, where no row went elsewhere.
        return self.taken < self.read or declared == Decimal(sums["taken"])

    def document(self) -> dict[str, Any]:
        """The report as a person and a machine read it."""
        return {
            "file": self.name,
            "kind": self.kind,
            "item": self.item or None,
            "declared": self.declared,
            "read": self.read,
            "taken": self.taken,
            "already_there": self.already,
            "waiting": self.waiting,
            "incomplete": self.incomplete,
            "refused": self.refused,
            "refusals": _listed(self.refusals),
            "not_moved": self.not_moved,
            "not_moved_rows": _listed(self.not_moved_rows),
            "sums": {name: dict(of) for name, of in self.sums.items()},
            "stopped": self.stopped or None,
            "agrees": self.agrees,
            "repeated": self.repeated,
        }


def read(document: Mapping[str, Any], *, repeated: bool) -> FileReport:
    """Return the report that was kept as a document."""
    return FileReport(
        name=document["file"],
        kind=document["kind"],
        item=document["item"] or "",
        **{
            name: document[name] for name in ("declared", "read", "taken", "waiting", "incomplete", "refused")
        },
        already=document["already_there"],
        refusals=_rows(document["refusals"]),
        # A report kept before there was such an end has none.
        not_moved=document.get("not_moved", 0),
        not_moved_rows=_rows(document.get("not_moved_rows", ())),
        sums=document["sums"],
        stopped=document["stopped"] or "",
        repeated=repeated,
    )


def of(entry: Entry, **counts: Any) -> FileReport:
    """Return the report of a file; `refusals` and `not_moved` are lists of rows, `sums` counters by field."""
    refusals: list[tuple[int, str, str]] = counts.pop("refusals", [])
    behind: list[tuple[int, str, str]] = counts.pop("not_moved", [])
    counted: Mapping[str, Counter[str]] = counts.pop("sums", {})
    report = FileReport(
        name=entry.name,
        kind=entry.kind.value,
        item=entry.item,
        declared=entry.rows,
        refused=counts.pop("refused", len(refusals)),
        refusals=tuple(refusals[:LISTED_MAX]),
        not_moved=len(behind),
        not_moved_rows=tuple(behind[:LISTED_MAX]),
        **counts,
    )
    return replace(report, sums={name: _sums(entry.sums.get(name), sums) for name, sums in counted.items()})


def _listed(rows: Sequence[tuple[int, str, str]]) -> list[dict[str, Any]]:
    return [{"row": row, "code": code, "what": what} for row, code, what in rows]


def _rows(listed: Sequence[Mapping[str, Any]]) -> tuple[tuple[int, str, str], ...]:
    return tuple((one["row"], one["code"], one["what"]) for one in listed)


def of_delivery(
    declared: Mapping[str, str], brought: Mapping[str, Counter[str]]
) -> dict[str, dict[str, str]]:
    """Return, for the amounts that the manifest declares, what was taken and what went elsewhere."""
    found = {}
    for name, told in declared.items():
        taken = Decimal(brought[name]["taken"]) if name in brought else Decimal(0)
        found[name] = {"declared": told, "taken": str(taken), "elsewhere": str(Decimal(told) - taken)}
    return found


def _sums(declared: str | None, sums: Counter[str]) -> dict[str, str]:
    """Amounts of the file, of what was taken, of what was here, and what is left: refused."""
    read, taken, already = (Decimal(sums[name]) for name in ("read", "taken", "already"))
    return {
        "declared": str(Decimal(declared) if declared is not None else read),
        "read": str(read),
        "taken": str(taken),
        "already_there": str(already),
        "refused": str(read - taken - already),
    }
