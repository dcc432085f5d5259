"""A real item file that a test spoils in one place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rongxin.catalogue import loader
from rongxin.catalogue.errors import InvalidCatalogue, Problem

Spoil = Callable[..., tuple[Problem, ...]]


@pytest.fixture
def spoil(tmp_path: Path) -> Spoil:
    """This fixture will replace one text of an item file and give the faults that loading names."""

    def spoilt(item: str, old: str, new: str, *, rename: str | None = None) -> tuple[Problem, ...]:
        (file,) = loader.ITEMS.rglob(f"{item}.yaml")
        text = file.read_text("utf-8")
        assert old in text, f"{file.name} has no {old!r}"
        folder = tmp_path / file.parent.name
        folder.mkdir()
        (folder / f"{rename or item}.yaml").write_text(text.replace(old, new, 1), "utf-8")
        with pytest.raises(InvalidCatalogue) as caught:
            loader.load(tmp_path)
        return caught.value.problems

    return spoilt
