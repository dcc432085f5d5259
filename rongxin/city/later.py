"""What departments send after the city is loaded: told by stories alone, in files of the folder `later`.

A repair, a new entry on the court's list, a row that doesn't say which of two firms of one name it means.
They are for tests that ask for them; `Manifest.files` is whole without them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rongxin.catalogue import loader
from rongxin.city import invention, manifest, stories
from rongxin.city.city import City
from rongxin.city.departments import Delivery
from rongxin.city.faults import ACCEPTED, Planted
from rongxin.city.manifest import DepartmentFile

FOLDER = "later"


def write(out: Path, city: City, subjects: int, cast: list[dict[str, Any]]) -> list[DepartmentFile]:
    """Write the later files; note in the cast which line is whose and how it must end."""
    items = loader.load().items
    parts = {part["number"]: part for story in cast for part in story["parts"].values()}
    told = [part for story in stories.within(subjects) for part in story.parts if part.later]
    deliveries = {
        item: Delivery(out / FOLDER, items[item], city, role="later")
        for item in invention.ITEMS
        if any(item in part.later for part in told)
    }
    for part in told:
        for item in part.later:
            lines = list(_tell(deliveries[item], city, part.number, item))
            parts[part.number]["later"][deliveries[item].entry.path] = lines
    files = [entry for delivery in deliveries.values() for entry in delivery.finish()]
    for entry in files:
        entry.sha256 = manifest.sha256(out / entry.path)
    return files


def _tell(delivery: Delivery, city: City, number: int, item: str) -> Iterator[dict[str, Any]]:
    for row in invention.later(city, city.subject(number), item):
        end, line = row.pop("ends", ACCEPTED), delivery.line()
        fault = None if end == ACCEPTED else Planted(line, "told", end, "")
        delivery.write(delivery.spell(row), fault)
        yield {"line": line, "expect": end}
