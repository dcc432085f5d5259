"""The one national window for credit repair, as the platform deals with it: hand over, fetch decisions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from django.conf import settings

from rongxin.proof.errors import ProofError
from rongxin.proof.keys import VerifyingKey


@dataclass(frozen=True)
class Package:
    """A request as it is forwarded: signed by the node (JWS), which names every file by its SHA-256."""

    repair: str
    token: str
    files: Sequence[tuple[str, str, bytes]]  # name, media type, content


class Window(Protocol):
    """A way to the window. Both verbs raise `WindowSilent` where it can't be reached."""

    name: str

    def hand_over(self, package: Package) -> str:
        """Hand a request over; the same one twice is one. Returns the window's own number of it."""
        ...

    def decisions(self) -> Iterator[str]:
        """Yield the decisions (JWS signed by the window) that have come since `done` was last told."""
        ...

    def done(self, token: str) -> None:
        """Say that a decision was carried out, so that it need not be given again."""
        ...


def key() -> dict[str, VerifyingKey]:
    """Return the window's public key by its id; none where none is registered: then no token is believed."""
    return _key(settings.RONGXIN_REPAIR_WINDOW_KEY)


@lru_cache(maxsize=4)
def _key(path: str) -> dict[str, VerifyingKey]:
    if not path:
        return {}
    try:
        found = VerifyingKey.from_pem(Path(path).read_text(encoding="ascii"))
    except (OSError, UnicodeError, ProofError) as error:
        raise ProofError(f"RONGXIN_REPAIR_WINDOW_KEY: {path}: {error}") from error
    return {found.id: found}
