"""How a file's text is written in bytes: UTF-8, GB18030, or what a Western programme wrote."""

from __future__ import annotations

import codecs
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rongxin.scratch import folders

UTF_8, GB18030, WESTERN = "utf-8", "gb18030", "latin-1"
_BLOCK = _SNIFFED_BYTES = 1 << 20


def encoding(path: Path) -> str:
    """UTF-8, else GB18030 where that is whole and holds Chinese, else whatever a Western programme wrote.

    The first piece that isn't plain ASCII tells, however far into the file it stands.
    """
    with path.open("rb") as file:
        while piece := file.read(_SNIFFED_BYTES):
            if not piece.isascii():
                return _of(piece + file.read(_SNIFFED_BYTES))
    return UTF_8


def _of(piece: bytes) -> str:
    for cut in range(4):  # the piece may end within a character
        try:
            piece[: len(piece) - cut].decode(UTF_8)
        except UnicodeDecodeError:
            continue
        return UTF_8
    for cut in range(4):
        try:
            text = piece[: len(piece) - cut].decode(GB18030)
        except UnicodeDecodeError:
            continue
        if re.search(r"[\u4e00-\u9fff]{2}", text):
            return GB18030
    return WESTERN


@contextmanager
def in_utf_8(path: Path) -> Iterator[Path]:
    """Have a copy of the file in UTF-8, where it comes in GB18030; block by block, however large it is."""
    var = Path(os.environ.get("RONGXIN_VAR", "var"))
    folders.sweep(var, now=time.time())
    with folders.own(var, "recoded") as folder:
        copy = folder / path.name
        decoder = codecs.getincrementaldecoder(GB18030)("replace")
        with path.open("rb") as source, copy.open("xb") as recoded:
            while block := source.read(_BLOCK):
                recoded.write(decoder.decode(block).encode())
            recoded.write(decoder.decode(b"", final=True).encode())
        yield copy


def first_line_not_utf_8(path: Path) -> int | None:
    """The number of the first line that holds bytes which are no UTF-8."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                line.decode(UTF_8)
            except UnicodeDecodeError:
                return number
    return None
