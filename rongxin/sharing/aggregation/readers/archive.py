"""Look at a workbook as a zip archive before any parser of tables does (threats T17, T18).

Nothing a member declares about itself is believed: it is unpacked once, in pieces, and counted.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rongxin.sharing.aggregation import limits
from rongxin.sharing.aggregation.readers.refusals import Refusal

_LOCAL_HEADER: Final = 30
_ENCRYPTED: Final = 1
_ARCHIVE_MARKS: Final = (
    b"PK\x03\x04",
    b"\x1f\x8b",
    b"Rar!",
    b"7z\xbc\xaf",
    b"BZh",
    b"\xfd7zXZ",
    b"\xd0\xcf\x11\xe0",
)
_XML_SUFFIXES: Final = (".xml", ".rels", ".vml")
_PIECE: Final = 4 * limits.MIB
BROKEN: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    ValueError,
    KeyError,
    IndexError,
)


def opened(path: Path) -> zipfile.ZipFile:
    """Open the archive and check what its directory says of it.

    A refusal without a place concerns the file, which the parent process knows by its sender's name.
    """
    size = path.stat().st_size
    if size > limits.MAX_WORKBOOK_BYTES:
        detail = f"{size // limits.MIB} MB，上限 {limits.MAX_WORKBOOK_BYTES // limits.MIB} MB"
        raise Refusal("zip_bomb", detail=detail)
    try:
        archive = zipfile.ZipFile(path)
    except BROKEN as error:
        raise Refusal("workbook_broken", detail=_short(error)) from None
    members = archive.infolist()
    if len(members) > limits.MAX_ZIP_MEMBERS:
        raise Refusal("zip_too_many_members", limit=limits.MAX_ZIP_MEMBERS)
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise Refusal("workbook_encrypted")
    _check_overlap(members, size)
    _check_declared(members)
    return archive


def _check_overlap(members: list[zipfile.ZipInfo], size: int) -> None:
    if len({member.filename.casefold() for member in members}) != len(members):
        raise Refusal("zip_overlap", where="目录")
    end = 0
    for member in sorted(members, key=lambda member: member.header_offset):
        if member.header_offset < end:
            raise Refusal("zip_overlap", where=member.filename[:80])
        end = member.header_offset + _LOCAL_HEADER + len(member.orig_filename.encode()) + member.compress_size
        if end > size:
            raise Refusal("zip_lies", where=member.filename[:80])


def _check_declared(members: list[zipfile.ZipInfo]) -> None:
    total = 0
    for member in members:
        total += member.file_size
        _check_ratio(member, member.file_size)
    if total > limits.MAX_UNPACKED_BYTES:
        raise _bomb("全部部件", total)


def _check_ratio(member: zipfile.ZipInfo, unpacked: int) -> None:
    if unpacked > limits.MAX_UNPACKED_BYTES:
        raise _bomb(member.filename, unpacked)
    packed = max(member.compress_size, 1)
    if unpacked > limits.RATIO_FLOOR_BYTES and unpacked > packed * limits.MAX_UNPACKED_RATIO:
        detail = f"压缩比超过 {limits.MAX_UNPACKED_RATIO}"
        raise Refusal("zip_bomb", where=member.filename[:80], detail=detail)


def _bomb(name: str, size: int) -> Refusal:
    detail = f"{size // limits.MIB} MB，上限 {limits.MAX_UNPACKED_BYTES // limits.MIB} MB"
    return Refusal("zip_bomb", where=name[:80], detail=detail)


class Members:
    """Unpacks every member once: true size, checksum, no archive within, no DTD, UTF-8."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._unpacked = 0
        self._left = archive.infolist()

    def check(self, *, but: str = "") -> None:
        """Check the members that are not checked yet; leave those for later whose names begin with `but`."""
        now = [each for each in self._left if not but or not each.filename.casefold().startswith(but)]
        for member in now:
            for _ in self.pieces(member):
                pass

    def pieces(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        """Check a member while its pieces are read."""
        self._left = [each for each in self._left if each is not member]
        is_xml = member.filename.casefold().endswith(_XML_SUFFIXES)
        for number, piece in enumerate(pieces(self._archive, member)):
            self._unpacked += len(piece)
            if self._unpacked > limits.MAX_UNPACKED_BYTES:
                raise _bomb("全部部件", self._unpacked)
            if number == 0 and piece.startswith(_ARCHIVE_MARKS):
                raise Refusal("nested_archive", where=member.filename[:80])
            if is_xml:
                _check_xml(member.filename, piece, first=number == 0)
            yield piece


def _check_xml(name: str, piece: bytes, *, first: bool) -> None:
    """A DTD can only stand before the first element, and so in the first piece; NUL betrays UTF-16."""
    if first:
        declaration = piece[:200].split(b"?>", 1)[0].lower() if piece.lstrip().startswith(b"<?xml") else b""
        other = b"encoding" in declaration and b"utf-8" not in declaration and b"us-ascii" not in declaration
        if other or piece[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise Refusal("xml_encoding", where=name[:80])
        if b"<!DOCTYPE" in piece or b"<!ENTITY" in piece:
            raise Refusal("xml_entities", where=name[:80])
    if b"\0" in piece:
        raise Refusal("xml_encoding", where=name[:80])


def pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo | str) -> Iterator[bytes]:
    """Unpack a member piece by piece; a wrong size or checksum is refused."""
    info = archive.getinfo(member) if isinstance(member, str) else member
    size = 0
    try:
        with archive.open(info) as stream:
            while piece := stream.read(_PIECE):
                size += len(piece)
                _check_ratio(info, size)
                yield piece
    except zipfile.BadZipFile as error:
        code = "zip_lies" if "CRC" in str(error) or "overlap" in str(error).lower() else "workbook_broken"
        raise Refusal(code, where=info.filename[:80], detail=_short(error)) from None
    except BROKEN as error:
        raise Refusal("workbook_broken", where=info.filename[:80], detail=_short(error)) from None
    if size != info.file_size:
        raise Refusal("zip_lies", where=info.filename[:80])


def content(archive: zipfile.ZipFile, name: str) -> bytes:
    """A small member, whole."""
    try:
        return b"".join(pieces(archive, name))
    except KeyError:
        raise Refusal("not_a_workbook", where=name) from None


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:120]
