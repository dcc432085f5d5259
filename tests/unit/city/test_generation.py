"""The city is the same for the same seed, and a subject the same in a city of any size."""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import date
from pathlib import Path

import pytest

from rongxin.city import generation, stories
from rongxin.city.manifest import Manifest


def _digests(out: Path) -> dict[str, str]:
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def test_it_writes_the_same_bytes_for_the_same_seed_and_size(tmp_path: Path) -> None:
    for name in ("a", "b"):
        generation.generate(tmp_path / name, subjects=120, seed=3)

    assert _digests(tmp_path / "a") == _digests(tmp_path / "b")


def test_it_writes_the_same_bytes_whatever_the_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation.generate(tmp_path / "a", subjects=120, seed=3)
    monkeypatch.setattr(generation, "_BLOCK", 17)
    generation.generate(tmp_path / "b", subjects=120, seed=3)

    assert _digests(tmp_path / "a") == _digests(tmp_path / "b")


def test_it_invents_another_city_for_another_seed(tmp_path: Path) -> None:
    for seed in (3, 4):
        generation.generate(tmp_path / str(seed), subjects=60, seed=seed)

    first, second = (_digests(tmp_path / name) for name in ("3", "4"))
    assert first["departments/business_licence.csv"] != second["departments/business_licence.csv"]


def test_it_keeps_each_subject_the_same_in_a_larger_city(
    tmp_path: Path, out: Path, manifest: Manifest
) -> None:
    generation.generate(tmp_path / "small", subjects=150, seed=7)
    large = (out / "truth.csv").read_text("utf-8").splitlines()
    small = (tmp_path / "small" / "truth.csv").read_text("utf-8").splitlines()
    assert large[: len(small)] == small

    for store in manifest.stores:
        if store.path.endswith(".sqlite"):
            theirs, ours = _tables(tmp_path / "small" / store.path), _tables(out / store.path)
            assert theirs, store.path
            for table, rows in theirs.items():
                assert ours[table][: len(rows)] == rows, f"{store.provider}.{table}"


def _tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with sqlite3.connect(path) as base:
        names = [name for (name,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {name: list(base.execute(f'SELECT * FROM "{name}" ORDER BY rowid')) for name in names}
    base.close()
    return found


def test_it_looks_at_the_city_on_the_day_it_is_told(tmp_path: Path) -> None:
    found = generation.generate(tmp_path / "city", subjects=40, seed=1, as_of=date(2024, 5, 17))

    assert found.as_of == "2024-05-17"
    licences = (tmp_path / "city" / "departments" / "business_licence.csv").read_text("utf-8-sig")
    assert "2024-05-18" not in licences


def test_it_tells_how_far_it_has_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "_BLOCK", 20)
    seen: list[tuple[int, int]] = []

    generation.generate(
        tmp_path / "city", subjects=50, seed=1, progress=lambda done, of: seen.append((done, of))
    )

    assert seen == [(20, 50), (40, 50), (50, 50)]


def test_it_refuses_a_directory_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(generation.CityError, match="not empty"):
        generation.generate(tmp_path, subjects=100, seed=1)


def test_it_refuses_a_city_smaller_than_its_stories(tmp_path: Path) -> None:
    with pytest.raises(generation.CityError, match=str(stories.RESERVED)):
        generation.generate(tmp_path / "city", subjects=stories.RESERVED - 1, seed=1)
