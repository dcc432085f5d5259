"""Identifiers that grow with time."""

from __future__ import annotations

import secrets
import time
from uuid import UUID


def time_ordered() -> UUID:
    """Return a UUIDv7 (RFC 9562): a batch's rows lie together, and so do its ids in an index."""
    stamp = time.time_ns() // 1_000_000
    return UUID(int=stamp << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62))
