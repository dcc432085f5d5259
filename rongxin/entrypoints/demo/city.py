"""Load the invented city: departments hand in their files, and each receipt must say what the manifest
foretells.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.utils import timezone
from rich.progress import Progress

from rongxin.city import generation
from rongxin.city.manifest import DepartmentFile, Manifest
from rongxin.entrypoints.demo.cast import Player
from rongxin.entrypoints.demo.story import Hero
from rongxin.sharing.aggregation import batches

#: The item of whose meter the firm gives the number.
METERED = "electricity_fee"


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
        " filed as foretold"
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


def hero(manifest: Manifest, out: Path) -> Hero:
    """Return the firm of the story, as the manifest lists it, with what it tells the bank about itself."""
    story = next(story for story in manifest.stories if story["id"] == "small_manufacturer")
    firm = story["parts"]["firm"]
    stores = out / "providers"
    claims = _claims(stores, firm["uscc"])
    bill = _own(stores, "electricity_utility", METERED, firm["uscc"])
    numbers = {METERED: str(bill["account_number"])}
    return Hero(firm["uscc"], firm["name"], firm["legal_representative"], firm["id_number"], claims, numbers)


def codes(out: Path, most: int) -> list[str]:
    """Return the codes of as many firms of the city, from a provider's own store."""
    described = yaml.safe_load((out / "providers" / "tax_bureau.yaml").read_text("utf-8"))
    entry = described["items"]["tax_payment"]
    column = next(iter(entry["subject"].values()))
    base = sqlite3.connect(f"{(out / 'providers' / described['path']).resolve().as_uri()}?mode=ro", uri=True)
    statement = f'SELECT DISTINCT "{column}" FROM "{entry["table"]}" ORDER BY 1 LIMIT ?'  # noqa: S608 - our own
    try:
        return [code for (code,) in base.execute(statement, (most,))]
    finally:
        base.close()


def _claims(stores: Path, uscc: str) -> dict[str, dict[str, str]]:
    """Read off the firm's own papers what it would tell; one figure it gets wrong."""
    insured = _own(stores, "social_insurance_agency", "social_insurance", uscc)
    estate = _own(stores, "natural_resources_bureau", "real_estate", uscc)
    band, number = "pension_insured_band_avg_12m", "real_estate_certificate_number"
    return {
        "social_insurance": {band: str(insured[band])},
        "real_estate": {number: str(estate[number]), "area_sqm": str(round(float(estate["area_sqm"])) + 100)},
    }


def _own(stores: Path, provider: str, item: str, uscc: str) -> dict[str, Any]:
    described = yaml.safe_load((stores / f"{provider}.yaml").read_text("utf-8"))
    entry = described["items"][item]
    code = next(iter(entry["subject"].values()))
    base = sqlite3.connect(f"{(stores / described['path']).as_uri()}?mode=ro", uri=True)
    columns = ", ".join(f'"{column}"' for column in entry["columns"].values())
    statement = f'SELECT {columns} FROM "{entry["table"]}" WHERE "{code}" = ?'  # noqa: S608 - our own city's
    try:
        return dict(zip(entry["columns"], base.execute(statement, (uscc,)).fetchone(), strict=True))
    finally:
        base.close()
