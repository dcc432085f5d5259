"""Load the invented city: departments hand in their files, and each receipt must say what the manifest
foretells.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.utils import timezone
from rich.progress import Progress

from rongxin.city import generation
from rongxin.city.manifest import DepartmentFile, Manifest
from rongxin.entrypoints.demo.cast import Player
from rongxin.entrypoints.demo.story import Hero
from rongxin.sharing.aggregation import batches


class CityDiffers(Exception):
    """A receipt does not say what the city's manifest foretold; intake or generator is wrong."""


@dataclass
class Loaded:
    """What came of the city's files."""

    batches: int = 0
    accepted: int = 0
    rejected: int = 0
    pending: int = 0
    duplicate: int = 0


def build(out: Path, *, subjects: int, seed: int, bar: Progress) -> Manifest:
    """Invent the city anew in `out`."""
    shutil.rmtree(out, ignore_errors=True)
    task = bar.add_task("虚构云州市 Inventing the city", total=subjects)
    return generation.generate(
        out, subjects=subjects, seed=seed, progress=lambda done, total: bar.update(task, completed=done)
    )


def load(
    out: Path, manifest: Manifest, providers: Mapping[str, Player], bar: Progress, say: Callable[[str], None]
) -> Loaded:
    """Hand in every department file in order and compare its receipt with the manifest."""
    loaded = Loaded()
    task = bar.add_task("部门报送 Departments hand in", total=sum(file.rows for file in manifest.files))
    # In a small city a rare list may be empty, and nobody hands in an empty file.
    for file in (file for file in manifest.files if file.rows):
        _hand_in(out, file, providers[file.provider], loaded)
        bar.advance(task, file.rows)
    say(
        f"部门报送：{loaded.batches}批，接收{loaded.accepted}行，退回{loaded.rejected}行，"
        f"待匹配{loaded.pending}行，重复{loaded.duplicate}行——与清单逐项一致"
    )
    return loaded


def _hand_in(out: Path, file: DepartmentFile, sender: Player, loaded: Loaded) -> None:
    receipt = batches.submit(
        out / file.path,
        item=file.item,
        provider=file.provider,
        actor=sender.actor,
        as_of=timezone.now(),
    )
    counts = receipt.counts
    got = {
        "accepted": counts.accepted,
        "rejected": counts.rejected,
        "pending": counts.pending,
        "duplicate": counts.duplicate,
    }
    if got != file.expect:
        raise CityDiffers(f"{file.path}: 回执 {got}，清单 {file.expect}")
    loaded.batches += 1
    loaded.accepted += counts.accepted
    loaded.rejected += counts.rejected
    loaded.pending += counts.pending
    loaded.duplicate += counts.duplicate


def hero(manifest: Manifest) -> Hero:
    """Return the firm of the story, as the manifest lists it."""
    story = next(story for story in manifest.stories if story["id"] == "small_manufacturer")
    firm = story["parts"]["firm"]
    return Hero(firm["uscc"], firm["name"], firm["legal_representative"], firm["id_number"])
