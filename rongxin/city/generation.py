"""Build the invented city 云州市: department files, providers' stores, manifest.

    from rongxin.city import generation
    manifest = generation.generate(Path("out"), subjects=10_000, seed=7, progress=print_it)

Subjects stream through in blocks, so that memory doesn't grow with the city. The same seed, size and date
give the same bytes; a subject is the same in a city of any size.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import IO, Any

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Item
from rongxin.city import invention, manifest, people, stories
from rongxin.city.city import City
from rongxin.city.departments import Conflict, Delivery, Increment, senders
from rongxin.city.manifest import Manifest
from rongxin.city.stores import ProviderStore, descriptions
from rongxin.city.streams import Stream
from rongxin.city.subjects import Subject
from rongxin.city.words import NOTICE

#: The day on which the city is seen unless told otherwise: nothing in it is younger.
AS_OF = date(2026, 6, 30)
_BLOCK = 1_000
_INCREMENT, _CONFLICT = "administrative_permit", "environmental_credit_rating"
_TRUTH = (
    "number", "uscc", "name", "kind", "size", "division", "scale", "district", "status", "established_on",
    "health", "trend", "story", "notice",
)  # fmt: skip

Progress = Callable[[int, int], None]


class CityError(Exception):
    """The city can't be built as asked; the message says why and what to do."""

    code = "city"


def generate(
    out: Path,
    *,
    subjects: int = 10_000,
    seed: int = 7,
    progress: Progress | None = None,
    as_of: date = AS_OF,
) -> Manifest:
    """Write the city into the empty or new directory `out`; `progress(done, subjects)` hears of each block.

    Raises `CityError` where the directory holds something or the city is smaller than its stories.
    """
    if subjects < stories.RESERVED:
        raise CityError(f"{subjects} subjects are too few: the planted stories alone need {stories.RESERVED}")
    if out.exists() and any(out.iterdir()):
        raise CityError(f"{out} is not empty: name a new directory, or empty this one")
    for folder in (out, out / "departments", out / "providers"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "README-虚构.txt").write_text(f"{NOTICE}\n", "utf-8")
    builder = _Builder(out, City(seed, as_of), subjects)
    for first in range(0, subjects, _BLOCK):
        last = min(subjects, first + _BLOCK)
        builder.block(first, last)
        if progress:
            progress(last, subjects)
    return builder.finish()


class _Builder:
    """Everything that is open while the subjects stream through."""

    def __init__(self, out: Path, city: City, subjects: int) -> None:
        self._out, self._city = out, city
        items = loader.load().items
        offices, homes = out / "departments", out / "providers"
        self._deliveries = {name: Delivery(offices, items[name], city) for name in senders()}
        self._increment = Increment(offices, items[_INCREMENT], city)
        self._conflict = Conflict(offices, items[_CONFLICT], city)
        self._stores = [ProviderStore(homes, provider, items) for provider in descriptions()]
        self._homes = {name: store for store in self._stores for name in store.items}
        self._topics = _check(items, self._deliveries, self._homes)
        self._manifest = Manifest(city.seed, subjects, city.today.isoformat(), stories=_cast(city, subjects))
        self._played = {
            f"{story['id']}.{role}/{part['number']}": part
            for story in self._manifest.stories
            for role, part in story["parts"].items()
        }
        self._kinds: Counter[str] = Counter()
        self._sizes: Counter[str] = Counter()
        self._truth: IO[str] = (out / self._manifest.truth).open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._truth, lineterminator="\n")
        self._writer.writerow(_TRUTH)

    def block(self, first: int, last: int) -> None:
        for subject in self._city.subjects(first, last):
            for name in self._topics:
                self._take(subject, name)
            self._count(subject)

    def _take(self, subject: Subject, name: str) -> None:
        rows = list(invention.rows(self._city, subject, name))
        if not rows:
            return
        part = self._played.get(f"{subject.story}/{subject.number}")
        if part:
            part["records"][name] = len(rows)
        if name in self._deliveries:
            delivery = self._deliveries[name]
            kept = delivery.take(subject, rows)
            if part and kept:
                # Nothing of a story is spoilt, so that its rows are the last ones of the file.
                end = delivery.line()
                part["lines"][delivery.entry.path] = list(range(end - len(kept), end))
            if name == _INCREMENT:
                self._increment.take(subject, kept)
            elif name == _CONFLICT:
                self._conflict.take(subject, kept)
        if home := self._homes.get(name):
            for row in rows:
                home.take(name, row)

    def _count(self, subject: Subject) -> None:
        self._kinds[subject.kind.value] += 1
        self._sizes[subject.size.step] += 1
        self._writer.writerow(
            (
                subject.number, subject.uscc, subject.name, subject.kind.value, subject.size.step,
                subject.sector.division, subject.sector.scale, subject.district, subject.status,
                subject.established_on, f"{subject.health:.4f}", f"{subject.trend:.4f}", subject.story,
                NOTICE,
            )
        )  # fmt: skip

    def finish(self) -> Manifest:
        self._truth.close()
        found = self._manifest
        found.kinds, found.sizes = dict(sorted(self._kinds.items())), dict(sorted(self._sizes.items()))
        found.files = [entry for delivery in self._deliveries.values() for entry in delivery.finish()]
        found.files += [*self._increment.finish(), *self._conflict.finish()]
        for entry in found.files:
            entry.sha256 = manifest.sha256(self._out / entry.path)
        found.stores = [store.finish() for store in self._stores]
        found.truth_sha256 = manifest.sha256(self._out / found.truth)
        found.save(self._out)
        return found


def _check(
    items: Mapping[str, Item], deliveries: Mapping[str, Delivery], homes: Mapping[str, ProviderStore]
) -> tuple[str, ...]:
    """Every item of the catalogue is invented, sent or kept, or somebody forgot it here."""
    for name, item in items.items():
        if name not in invention.ITEMS:
            raise CityError(
                f"no function of city/facts invents {name}: write one and list it in invention.ITEMS"
            )
        if item.aggregation and name not in deliveries:
            raise CityError(f"city/senders.yaml says of no department that it sends {name}")
        if (
            any(channel.mode.value != "physical_aggregation" for channel in item.channels)
            and name not in homes
        ):
            raise CityError(f"no file of city/stores keeps {name}")
    return tuple(name for name in invention.ITEMS if name in items)


def _cast(city: City, subjects: int) -> list[dict[str, Any]]:
    """The planted stories: who plays in them and under which code.

    `records` (item → rows, wherever they are kept) and `lines` (department file → lines, all of them to be
    accepted) fill while the subjects stream through.
    """
    told = []
    for story in stories.within(subjects):
        parts = {}
        for part in story.parts:
            subject = city.subject(part.number)
            parts[part.role] = {
                "number": part.number,
                "uscc": subject.uscc,
                "name": subject.name,
                "kind": subject.kind.value,
                "legal_representative": subject.representative.name,
                "id_number": subject.representative.id_number,
                "phone": people.phone(Stream(city.seed, part.number, "phone")),
                "records": {},
                "lines": {},
            }
        told.append(
            {
                "id": story.id,
                "chapter": story.chapter,
                "label": story.label,
                "what": story.what,
                "parts": parts,
            }
        )
    return told
