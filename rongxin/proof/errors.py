"""What can go wrong with a proof: a thing that can't be signed, and a thing that is forged."""

from __future__ import annotations


class ProofError(Exception):
    """A proof can't be made or believed."""

    code = "proof_error"


class Uncanonical(ProofError):
    """A value has no canonical JSON form; give numbers as Decimal or int, times with a zone."""

    code = "uncanonical"


class Forged(ProofError):
    """A signature, token, note or proof doesn't hold; treat its content as unread."""

    code = "forged"


class KeyMissing(ProofError):
    """A key isn't where it should be, and making one was not allowed."""

    code = "key_missing"


class KeyUnsafe(ProofError):
    """A private key can be read by others; `chmod 600` it and consider it known."""

    code = "key_unsafe"
