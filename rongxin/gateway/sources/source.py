"""What every store that a gateway reads can do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from rongxin.exchange.subjects import Key
from rongxin.gateway.config import Mapped

Found = Mapping[str, Any]


class Source(Protocol):
    """A department's store. Both raise `SourceFailed` where it gives no answer; neither changes anything."""

    def rows(self, mapped: Mapped, subject: Mapping[Key, str], *, most: int) -> Iterator[Found]:
        """Yield up to `most` rows of a subject, column → value as the store has it."""
        ...

    def columns(self, mapped: Mapped) -> frozenset[str]:
        """Return the columns that the item's place in the store has."""
        ...

    def close(self) -> None: ...
