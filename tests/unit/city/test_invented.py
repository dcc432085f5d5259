"""Everything is marked as invented, file by file."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from pathlib import Path

import polars as pl

from rongxin.city.manifest import Manifest
from rongxin.city.words import MARK, NOTICE


def _marked(path: Path) -> bool:
    if path.suffix == ".sqlite":
        base = sqlite3.connect(path)
        found = base.execute("SELECT notice FROM invented").fetchall()
        base.close()
        return found == [(NOTICE,)]
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            return (
                MARK in book.read("xl/workbook.xml").decode()
                and NOTICE in book.read("docProps/core.xml").decode()
            )
    if path.suffix == ".parquet":
        return pl.read_parquet_metadata(path)["notice"] == NOTICE
    if path.suffix == ".yaml":
        return "Invented" in path.read_text("utf-8")
    encoding = "gb18030" if b"\xd0\xe9\xb9\xb9" in path.read_bytes() else "utf-8-sig"
    return NOTICE in path.read_text(encoding)


def test_every_file_says_that_it_is_invented(out: Path, manifest: Manifest) -> None:
    unmarked = [path.name for path in out.rglob("*") if path.is_file() and not _marked(path)]

    assert not unmarked


def test_every_row_that_a_department_sends_says_so(out: Path, manifest: Manifest) -> None:
    for entry in manifest.files:
        assert {"备注", "XK_BZ", "CF_BZ"} & set(entry.headers), entry.path


def test_the_latent_figures_leave_the_city_in_no_file_but_the_truth(out: Path, manifest: Manifest) -> None:
    text = json.dumps(manifest.as_dict(), ensure_ascii=False)

    assert "health" not in text.replace("healthy", "").replace("Healthy", "")
    assert (out / manifest.truth).read_text("utf-8").splitlines()[0].startswith("number,uscc,name")
