"""Files that are there whole, or not at all."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rongxin.evaluation.fitting.errors import BadPlace


def part_of(out: Path) -> Path:
    """Where a file lies while it is written."""
    return out.with_name(f".{out.name}.part")


def can_be_written(out: Path, beside: Path, *, sources: Iterable[Path]) -> None:
    """Look before the work whether two files may come to lie there; raises `BadPlace`.

    Neither takes the place of the other or of a source, and their folder is there.
    """
    if out == beside:
        raise BadPlace(
            f"{out}: 与报告同名，请另取一名，如 {out.stem}.json the report would take its place; "
            f"name it {out.stem}.json"
        )
    for made, source in itertools.product((out, beside), sources):
        if made.exists() and source.exists() and made.samefile(source):
            raise BadPlace(
                f"{made}: 会覆盖所用的文件，请另取一名 is a file that is read, and would be overwritten; "
                "choose another name"
            )
    if not out.parent.is_dir():
        raise BadPlace(f"{out.parent}: 没有这个目录，请先建立 no such folder; make it first")


@contextmanager
def whole(out: Path) -> Iterator[Path]:
    """Have a file beside `out` to write into: it takes its place once it is whole, and is gone otherwise."""
    part = part_of(out)
    try:
        yield part
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
