"""Withdrawal against release: advisory locks on one consent (design §3; promises P4).

Who releases holds the lock shared for the few milliseconds of the releasing transaction; who withdraws
takes it alone, so it waits for releases under way, and every later release waits for it and then sees the
withdrawal. Row locks (`SELECT … FOR SHARE`) starved the withdrawal beyond 20 s where this takes 5 ms. Both
locks end with the transaction.
"""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

from django.db import connection, transaction

from rongxin.journal import plans


def shared(consent_id: UUID) -> None:
    """Hold a consent as it stands until the transaction ends; many may."""
    _take("SELECT pg_advisory_xact_lock_shared(%s)", consent_id)


def exclusive(consent_id: UUID) -> None:
    """Hold a consent alone until the transaction ends."""
    _take("SELECT pg_advisory_xact_lock(%s)", consent_id)


def _take(sql: str, consent_id: UUID) -> None:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "a lock on a consent lasts as long as its transaction; open one with transaction.atomic()"
        )
    plans.rows(sql, [_key(consent_id)])


def _key(consent_id: UUID) -> int:
    return int.from_bytes(sha256(b"rongxin.consent:" + consent_id.bytes).digest()[:8], signed=True)
