"""Numbers of invented persons that are sown everywhere, and the search for them in all that a node keeps."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from django.db import connection

from rongxin.catalogue.types import id_number

FIRST17 = "11010119800101001"
PERSON = FIRST17 + id_number.check_character(FIRST17)
PHONE, CARD = "13912345678", "6222021234567890128"
ALL = (PERSON, PHONE, CARD)


def sown(text: str) -> str:
    """A text as somebody in a hurry types it, with all three numbers in it."""
    return f"{text} 证号{PERSON} 电话{PHONE} 卡号{CARD}"


def _shapes(plain: bytes) -> list[bytes]:
    """What a number looks like in clear, backwards, in hexadecimal, hashed without a key, and in base64."""
    shapes = [
        plain,
        plain[::-1],
        plain.hex().encode(),
        sha256(plain).hexdigest().encode(),
        sha256(plain).digest(),
    ]
    # Wherever a text stands in base64, one of three turns of it is seen.
    return shapes + [base64.b64encode(b"x" * turn + plain)[4:-4] for turn in range(3)]


SHAPES = {number: _shapes(number.encode()) for number in ALL}


def _tables() -> Iterator[tuple[str, bytes]]:
    """Every row of every table as COPY writes it; a row's table names it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1"
        )
        for (table,) in cursor.fetchall():
            with cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
                yield table, b"".join(bytes(part) for part in copy)


def _files(directory: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below, by name and content: a name is kept as well."""
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(directory)), path.name.encode() + b"\0" + path.read_bytes()


def found(directory: Path) -> list[str]:
    """Where a number stands in clear: in which table or file, with what stands around it."""
    hits = []
    for place, octets in (*_tables(), *_files(directory)):
        for shapes in SHAPES.values():
            for shape in shapes:
                at = octets.find(shape)
                if at >= 0:
                    hits.append(f"{place}: …{octets[max(0, at - 60) : at + 30]!r}")
    return hits
