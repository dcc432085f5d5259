"""A large city: memory that does not grow with it, workbooks in parts, every item of the catalogue filled."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongxin.catalogue import loader
from rongxin.city import departments, generation, stories
from rongxin.city.manifest import Manifest
from rongxin.sharing.aggregation import limits

_PEAK = """
import re, sys
from pathlib import Path
from rongxin.city import generation
peaks = []
# Not getrusage: its peak is inherited over exec from whoever runs the tests, and hides everything smaller.
status = Path("/proc/self/status")
peak = lambda *_: peaks.append(re.search(r"VmHWM:\\s+([0-9]+) kB", status.read_text())[1])
generation.generate(Path(sys.argv[1]), subjects=int(sys.argv[2]), seed=7, progress=peak)
peak()
print(*peaks[-2:])
"""


def _rows(manifest: Manifest, item: str) -> int:
    """The rows of an item, wherever they are kept."""
    sent = sum(entry.rows for entry in manifest.files if (entry.item, entry.role) == (item, "initial"))
    return max(sent, *(store.rows.get(item, 0) for store in manifest.stores))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return generation.generate(tmp_path_factory.mktemp("town") / "city", subjects=3_000, seed=11)


@pytest.mark.parametrize("item", loader.load().items)
def test_every_item_of_the_catalogue_is_filled_for_a_plausible_share(item: str, town: Manifest) -> None:
    assert 0.0003 * town.subjects <= _rows(town, item) <= 4 * town.subjects


@pytest.mark.parametrize("seed", [1, 7])
def test_every_row_of_the_annex_is_filled_in_the_smallest_city_too(tmp_path: Path, seed: int) -> None:
    hamlet = generation.generate(tmp_path / "city", subjects=stories.RESERVED, seed=seed)
    items = loader.load().items.values()

    assert not [item.item for item in items if item.annex_row and not _rows(hamlet, item.item)]
    assert len({row for item in items for row in item.annex_row}) == 38


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(stories.RESERVED, 160), st.integers(1, 200), st.integers(0, 2**31))
def test_blocks_leave_no_mark_on_any_file(
    tmp_path_factory: pytest.TempPathFactory, size: int, block: int, seed: int
) -> None:
    whole = generation.generate(tmp_path_factory.mktemp("whole") / "city", subjects=size, seed=seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generation, "_BLOCK", block)
        cut = generation.generate(tmp_path_factory.mktemp("cut") / "city", subjects=size, seed=seed)

    assert cut.as_dict() == whole.as_dict(), "the digest of every file stands in it"


def test_a_long_workbook_comes_in_parts_that_intake_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert departments.WORKBOOK_ROWS * 2 < limits.MAX_WORKBOOK_ROWS
    whole = generation.generate(tmp_path / "whole", subjects=200, seed=7)
    monkeypatch.setattr(departments, "WORKBOOK_ROWS", 9)
    cut = generation.generate(tmp_path / "cut", subjects=200, seed=7)

    item = "administrative_penalty"
    parts = [entry for entry in cut.files if (entry.item, entry.role) == (item, "initial")]
    assert len(parts) > 1
    assert len({entry.path for entry in parts}) == len({entry.sha256 for entry in parts}) == len(parts)
    assert all(entry.rows >= 9 for entry in parts[:-1])
    assert sum(entry.rows for entry in parts) == whole.file(item).rows
    assert sum(entry.faults for entry in parts) == whole.file(item).faults


@pytest.mark.long
def test_memory_does_not_grow_with_the_city(tmp_path: Path) -> None:
    streaming, whole = [], []
    for subjects in (20_000, 60_000):
        done = subprocess.run(
            [sys.executable, "-c", _PEAK, str(tmp_path / str(subjects)), str(subjects)],
            check=True,
            capture_output=True,
            text=True,
        )
        for peaks, found in zip((streaming, whole), done.stdout.split(), strict=True):
            peaks.append(int(found))

    assert streaming[1] < streaming[0] + 8 * 1024, "in KiB: 200 bytes for each of 40,000 more subjects"
    assert whole[1] < 1.5 * whole[0], "with the turning over of Parquet at the end"
