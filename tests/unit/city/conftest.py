"""One city of 700 subjects for all tests of it, its department files read back by other means than ours."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import fastexcel
import polars as pl
import pytest

from rongxin.city import generation
from rongxin.city.manifest import DepartmentFile, Manifest

Rows = dict[int, dict[str, str]]


@pytest.fixture(scope="session")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("city") / "yunzhou"


@pytest.fixture(scope="session")
def manifest(out: Path) -> Manifest:
    return generation.generate(out, subjects=700, seed=7)


@pytest.fixture(scope="session")
def read(out: Path, manifest: Manifest) -> Callable[[DepartmentFile], Rows]:
    """Line number → header → text, as the file's readers count."""

    def read_file(entry: DepartmentFile) -> Rows:
        path = out / entry.path
        if entry.format == "csv":
            with path.open(encoding=entry.encoding, newline="") as text:
                return dict(enumerate(csv.DictReader(text), start=2))
        if entry.format == "jsonl":
            lines = path.read_text(entry.encoding).splitlines()
            return {number: _texts(json.loads(line)) for number, line in enumerate(lines, start=1)}
        if entry.format == "parquet":
            return {
                number: _texts(row) for number, row in enumerate(pl.read_parquet(path).to_dicts(), start=1)
            }
        sheet = fastexcel.read_excel(path).load_sheet(0, dtypes="string").to_polars()
        return {number: _texts(row) for number, row in enumerate(sheet.to_dicts(), start=2)}

    return read_file


def _texts(row: dict[str, object]) -> dict[str, str]:
    return {header: "" if cell is None else str(cell) for header, cell in row.items()}
