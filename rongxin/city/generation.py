"""Build the invented city 云州市: department files, providers' stores, manifest.

    from rongxin.city import generation
    manifest = generation.generate(Path("out"), subjects=10_000, seed=7, processes=2, progress=print_it)

Subjects stream through in blocks, so that memory doesn't grow with the city. The same seed, size and date
give the same bytes, however many processes work; a subject is the same in a city of any size.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rongxin.catalogue import loader
from rongxin.city import invention, later, manifest, people, shares, stories
from rongxin.city.city import City
from rongxin.city.departments import senders
from rongxin.city.manifest import Manifest
from rongxin.city.shares import Progress, Share, Written
from rongxin.city.stores import descriptions
from rongxin.city.streams import Stream
from rongxin.city.words import NOTICE

#: The day on which the city is seen unless told otherwise: nothing in it is younger.
AS_OF = date(2026, 6, 30)
_BLOCK = 1_000
#: The order in which files are handed in.
_ROLES = ("initial", "increment", "conflict")


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
    processes: int = 1,
) -> Manifest:
    """Write the city into the empty or new directory `out`; `progress(done, subjects)` hears of each block.

    Raises `CityError` where the directory holds something, or the city is smaller than its stories or larger
    than its numbers reach.
    """
    if subjects < stories.RESERVED:
        raise CityError(f"{subjects} subjects are too few: the planted stories alone need {stories.RESERVED}")
    if subjects > stories.MOST:
        raise CityError(
            f"{subjects} subjects are too many: codes and names are kept apart up to {stories.MOST}"
        )
    if out.exists() and any(out.iterdir()):
        raise CityError(f"{out} is not empty: name a new directory, or empty this one")
    _check()
    for folder in (out, out / "departments", out / "providers", out / later.FOLDER):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "README-虚构.txt").write_text(f"{NOTICE}\n", "utf-8")
    city = City(seed, as_of)
    written = _work(shares.split(out, city, subjects, processes), progress)
    return _join(out, city, subjects, written)


def _work(parts: list[Share], progress: Progress | None) -> list[Written]:
    """Do the first share, the heaviest, here and tell its progress; the others in processes of their own."""
    mine, *others = parts
    if not others:
        return [shares.write(mine, block=_BLOCK, progress=progress)]
    with ProcessPoolExecutor(len(others), mp_context=get_context("spawn")) as pool:
        handed_out = [pool.submit(shares.write, share, block=_BLOCK) for share in others]
        done = shares.write(mine, block=_BLOCK, progress=progress)
        return [done, *(work.result() for work in handed_out)]


def _join(out: Path, city: City, subjects: int, written: list[Written]) -> Manifest:
    """Write the manifest of what all shares have written, in the order in which files are to be handed in."""
    offices, providers = tuple(senders()), tuple(descriptions())
    files = sorted(
        (entry for part in written for entry in part.files),
        key=lambda entry: (_ROLES.index(entry.role), offices.index(entry.item)),
    )
    found = Manifest(city.seed, subjects, city.today.isoformat(), files=files)
    for part in written:
        found.kinds |= dict(sorted(part.kinds.items()))  # counted by one share alone
        found.sizes |= dict(sorted(part.sizes.items()))
    found.stories = _cast(city, subjects)
    for role in (role for story in found.stories for role in story["parts"].values()):
        told = [share.told[role["number"]] for share in written if role["number"] in share.told]
        records = {name: rows for share in told for name, rows in share["records"].items()}
        lines = {path: rows for share in told for path, rows in share["lines"].items()}
        role["records"] = {name: records[name] for name in invention.ITEMS if name in records}
        role["lines"] = {entry.path: lines[entry.path] for entry in files if entry.path in lines}
    found.later = later.write(out, city, subjects, found.stories)
    found.stores = sorted(
        (store for part in written for store in part.stores),
        key=lambda store: providers.index(store.provider),
    )
    found.truth_sha256 = "".join(part.truth_sha256 for part in written)
    found.faults_sha256 = manifest.join(out, [*found.files, *found.later])
    found.save(out)
    return found


def _check() -> None:
    """Every item of the catalogue is invented, sent or kept, or somebody forgot it here."""
    homes = {name for description in descriptions().values() for name in description["items"]}
    for name, item in loader.load().items.items():
        if name not in invention.ITEMS:
            raise CityError(
                f"no function of city/facts invents {name}: write one and list it in invention.ITEMS"
            )
        if item.aggregation and name not in senders():
            raise CityError(f"city/senders.yaml says of no department that it sends {name}")
        if (
            any(channel.mode.value != "physical_aggregation" for channel in item.channels)
            and name not in homes
        ):
            raise CityError(f"no file of city/stores keeps {name}")


def _cast(city: City, subjects: int) -> list[dict[str, Any]]:
    """The planted stories: who plays in them and under which code.

    `records` (item → rows, wherever they are kept), `lines` (department file → lines, all of them to be
    accepted) and `later` (later file → lines and how they must end) are filled in from what was written.
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
                "later": {},
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
