"""The body of a request, taken whole before a thread is given to it: a slow sender holds nothing up."""

from __future__ import annotations

import asyncio
from typing import Any


class TooLarge(Exception):
    """A body of more bytes than are taken."""


async def taken(proto: Any, *, most: int, seconds: float) -> bytes:
    """Return the body of what an RSGI server hands over as `proto`, of at most `most` bytes.

    Raises `TooLarge`, and `TimeoutError` where it isn't there within its time.
    """
    return await asyncio.wait_for(_read(proto, most), seconds)


async def _read(proto: Any, most: int) -> bytes:
    # What is too large is read to its end, too, but not kept: who is cut off while he sends doesn't hear why.
    body, size = bytearray(), 0
    async for part in proto:
        size += len(part)
        if size <= most:
            body += part
        else:
            body.clear()
    if size > most:
        raise TooLarge
    return bytes(body)
