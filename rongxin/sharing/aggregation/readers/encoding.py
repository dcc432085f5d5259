"""Which encoding a text file has: UTF-8 or GB18030, decoded strictly, never guessed (threat T19)."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from rongxin.sharing.aggregation import limits
from rongxin.sharing.aggregation.readers.refusals import Refusal

UTF_8 = "UTF-8"
GB18030 = "GB18030"
_BOM_GB18030 = b"\x84\x31\x95\x33"
# UTF-32 first: its little-endian mark begins with the one of UTF-16.
_WIDE_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def detect(path: Path) -> tuple[str, int]:
    """Return the encoding and the length of the byte order mark.

    The first block with a byte beyond ASCII decides. UTF-8 is strict enough to be told from GB18030 as soon
    as one character of three bytes (any Chinese one) stands in it; text that reads as both is refused.
    """
    with path.open("rb") as file:
        head = file.read(4096)
        if head.startswith(_WIDE_MARKS) or _looks_wide(head):
            raise Refusal("encoding_utf16", where="文件开头")
        if head.startswith(codecs.BOM_UTF8):
            return UTF_8, len(codecs.BOM_UTF8)
        if head.startswith(_BOM_GB18030):
            return GB18030, len(_BOM_GB18030)
        file.seek(0)
        tail = b""
        while block := file.read(limits.MIB):
            if not block.isascii():
                # Eight bytes more, so that a character is not cut at the block's end.
                return _told_apart(tail + block + file.read(8)), 0
    return UTF_8, 0


def _looks_wide(head: bytes) -> bool:
    """UTF-16 without a mark: every other byte of its ASCII part is NUL."""
    sample = head[:512]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    return len(sample) >= 8 and max(even, odd) > len(sample) // 8 and min(even, odd) == 0


def _told_apart(sample: bytes) -> str:
    """Decide by the first error; where both have one, the later decides and is reported in its place."""
    utf_8, utf_8_until = _reads_as(sample, "utf-8")
    _, gb18030_until = _reads_as(sample, "gb18030")
    if utf_8_until < len(sample):
        # UTF-8 lines first and others after them are two encodings in one file, not GB18030.
        mixed = b"\n" in sample[:utf_8_until] and _wide_characters(utf_8) >= 1
        return UTF_8 if mixed or utf_8_until >= gb18030_until else GB18030
    if gb18030_until == len(sample) and not _wide_characters(utf_8):
        raise Refusal("encoding_ambiguous", where="第一个非 ASCII 字符")
    return UTF_8


def _reads_as(sample: bytes, codec: str) -> tuple[str, int]:
    """Decode up to the first error, forgiving a character cut off at the sample's end."""
    try:
        return codecs.getincrementaldecoder(codec)("strict").decode(sample, final=False), len(sample)
    except UnicodeDecodeError as error:
        return sample[: error.start].decode(codec), error.start


def _wide_characters(text: str) -> int:
    """How many characters take three bytes or more in UTF-8: by chance GB18030 hardly ever makes one."""
    return sum(character >= "\u0800" for character in text)


def blocks(path: Path, encoding: str, skip: int) -> Iterator[bytes]:
    """Yield the file as UTF-8 bytes, block by block.

    Blocks of a UTF-8 file are passed on unchecked (a block may end inside a character): `checked` proves them
    once they have been cut at a line's end. GB18030 is transcoded, strictly, here.
    """
    with path.open("rb") as file:
        file.seek(skip)
        if encoding == UTF_8:
            while block := file.read(limits.BLOCK_BYTES):
                yield block
            return
        decoder = codecs.getincrementaldecoder("gb18030")("strict")
        offset, lines = skip, 1
        while True:
            block = file.read(limits.BLOCK_BYTES)
            pending = decoder.getstate()[0]
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                whole = pending + block
                raise _invalid(
                    GB18030, offset - len(pending) + error.start, lines + whole.count(b"\n", 0, error.start)
                ) from None
            _check_no_utf_8(block, lines)
            if not block:
                return
            offset += len(block)
            lines += block.count(b"\n")
            if text:
                yield text.encode()


def _check_no_utf_8(block: bytes, line: int) -> None:
    """A UTF-8 line in a GB18030 file decodes to nonsense without an error: three wide characters tell."""
    for number, piece in enumerate(block.split(b"\n"), start=line):
        try:
            text = piece.decode("utf-8")
        except UnicodeDecodeError:
            continue
        if not text.isascii() and _wide_characters(text) >= 3:
            raise Refusal("encoding_mixed", where=f"第{number}行")


def checked(data: bytes, *, offset: int, line: int) -> str:
    """Decode UTF-8 strictly; a fault is refused with its byte in the file and its line."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _invalid(UTF_8, offset + error.start, line + data.count(b"\n", 0, error.start)) from None


def _invalid(encoding: str, offset: int, line: int) -> Refusal:
    return Refusal("encoding_invalid", where=f"第{line}行", encoding=encoding, offset=offset + 1)
