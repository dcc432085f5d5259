"""Shares of the work: items that one process invents and writes from the first subject to the last.

Every item draws from streams of its own, and every file and store is written by one process in the order of
the subjects. So the bytes are the same however many processes there are, and nothing need be merged; what is
done more than once is only to invent who the subjects are.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Item
from rongxin.city import invention, manifest
from rongxin.city.city import City
from rongxin.city.departments import Conflict, Delivery, Increment, senders
from rongxin.city.manifest import DepartmentFile, Store
from rongxin.city.stores import ProviderStore, descriptions
from rongxin.city.subjects import Subject
from rongxin.city.words import NOTICE

TRUTH = "truth.csv"
_INCREMENT, _CONFLICT = "administrative_permit", "environmental_credit_rating"
_COLUMNS = (
    "number", "uscc", "name", "kind", "size", "division", "scale", "district", "status", "established_on",
    "health", "trend", "story", "notice",
)  # fmt: skip
#: What a whole group of items costs, measured, where it is far from one for each item. It only balances.
_COST = {"business_licence": 22.0, "taxpayer_credit_rating": 7.0, "administrative_permit": 4.0}

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Share:
    """One process's part; a value, so that it can be sent to the process."""

    out: Path
    city: City
    subjects: int
    items: tuple[str, ...]
    #: Whether it also counts the subjects and writes down the truth about them.
    truth: bool


@dataclass
class Written:
    """What a share has written. `told`: number of a story's part → its records and lines."""

    files: list[DepartmentFile] = field(default_factory=list)
    stores: list[Store] = field(default_factory=list)
    told: dict[int, dict[str, dict[str, Any]]] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)
    sizes: Counter[str] = field(default_factory=Counter)
    truth_sha256: str = ""


def split(out: Path, city: City, subjects: int, processes: int) -> list[Share]:
    """Split the items into so many shares, the heaviest first, or fewer where there are fewer groups."""
    groups = sorted(_groups(), key=lambda group: (-_cost(group), group))
    parts: list[list[tuple[str, ...]]] = [[] for _ in range(min(processes, len(groups)))]
    for group in groups:
        min(parts, key=lambda part: sum(map(_cost, part))).append(group)
    parts.sort(key=lambda part: -sum(map(_cost, part)))
    return [
        Share(out, city, subjects, tuple(name for group in part for name in group), truth=part is parts[0])
        for part in parts
    ]


def _cost(group: tuple[str, ...]) -> float:
    return _COST.get(group[0], len(group))


def _groups() -> Iterator[tuple[str, ...]]:
    """Items that must go together because one provider's store keeps them; the others each alone."""
    kept = [tuple(description["items"]) for description in descriptions().values()]
    yield from kept
    together = {name for group in kept for name in group}
    yield from ((name,) for name in loader.load().items if name not in together)


def write(share: Share, *, block: int, progress: Progress | None = None) -> Written:
    """Invent and write the share; subjects stream through, `progress` hears of each block."""
    desk = _Desk(share)
    for first in range(0, share.subjects, block):
        last = min(share.subjects, first + block)
        for subject in share.city.subjects(first, last):
            desk.take(subject)
        if progress:
            progress(last, share.subjects)
    return desk.finish()


class _Desk:
    """Everything of a share that is open while the subjects stream through."""

    def __init__(self, share: Share) -> None:
        self._share, self._city = share, share.city
        self._offices, self._homes = share.out / "departments", share.out / "providers"
        items = loader.load().items
        self._topics = tuple(name for name in invention.ITEMS if name in share.items)
        self._deliveries = {
            name: Delivery(self._offices, items[name], share.city)
            for name in senders()
            if name in share.items
        }
        self._further = self._open_further(items)
        self._stores = [
            ProviderStore(self._homes, provider, items)
            for provider, description in descriptions().items()
            if set(description["items"]) & set(share.items)
        ]
        self._keepers = {name: store for store in self._stores for name in store.items}
        self._written = Written()
        self._truth = (share.out / TRUTH).open("w", encoding="utf-8", newline="") if share.truth else None
        self._writer = csv.writer(self._truth, lineterminator="\n") if self._truth else None
        if self._writer:
            self._writer.writerow(_COLUMNS)

    def _open_further(self, items: Mapping[str, Item]) -> dict[str, Increment | Conflict]:
        found: dict[str, Increment | Conflict] = {}
        if _INCREMENT in self._share.items:
            found[_INCREMENT] = Increment(self._offices, items[_INCREMENT], self._city)
        if _CONFLICT in self._share.items:
            found[_CONFLICT] = Conflict(self._offices, items[_CONFLICT], self._city)
        return found

    def take(self, subject: Subject) -> None:
        city = self._city
        for name in self._topics:
            if rows := invention.rows(city, subject, name):
                self._write(subject, name, rows)
        if self._writer:
            self._count(subject)

    def _write(self, subject: Subject, name: str, rows: list[dict[str, Any]]) -> None:
        told = self._part(subject) if subject.story else None
        if told:
            told["records"][name] = len(rows)
        if delivery := self._deliveries.get(name):
            kept = delivery.take(subject, rows)
            if told and kept:
                # Nothing of a story is spoilt, so that its rows are the last ones of the file.
                end = delivery.line()
                told["lines"][delivery.entry.path] = list(range(end - len(kept), end))
            if further := self._further.get(name):
                further.take(subject, kept)
        if keeper := self._keepers.get(name):
            for row in rows:
                keeper.take(name, row)

    def _part(self, subject: Subject) -> dict[str, dict[str, Any]]:
        return self._written.told.setdefault(subject.number, {"records": {}, "lines": {}})

    def _count(self, subject: Subject) -> None:
        assert self._writer is not None
        self._written.kinds[subject.kind.value] += 1
        self._written.sizes[subject.size.step] += 1
        self._writer.writerow(
            (
                subject.number, subject.uscc, subject.name, subject.kind.value, subject.size.step,
                subject.sector.division, subject.sector.scale, subject.district, subject.status,
                subject.established_on, f"{subject.health:.4f}", f"{subject.trend:.4f}", subject.story,
                NOTICE,
            )
        )  # fmt: skip

    def finish(self) -> Written:
        found, out = self._written, self._share.out
        found.files = [
            entry
            for delivery in (*self._deliveries.values(), *self._further.values())
            for entry in delivery.finish()
        ]
        for entry in found.files:
            entry.sha256 = manifest.sha256(out / entry.path)
        found.stores = [store.finish() for store in self._stores]
        if self._truth:
            self._truth.close()
            found.truth_sha256 = manifest.sha256(out / TRUTH)
        return found
