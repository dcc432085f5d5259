"""Whom a gateway believes: the keys in its directories."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rongxin.proof.keys import PUBLIC_SUFFIX, Keyring, VerifyingKey


def nodes(path: Path) -> Mapping[str, VerifyingKey]:
    """Read the keys of the nodes that may ask, by id."""
    return Keyring(path, create=False).verifying()


def institutions(path: Path) -> Mapping[str, bytes]:
    """Read the keys (PEM) to which rows may be sealed, by institution."""
    return {
        found.name.removesuffix(PUBLIC_SUFFIX): found.read_bytes()
        for found in sorted(path.glob(f"*{PUBLIC_SUFFIX}"))
    }
