"""What every way to a provider can do, be it in this process or a gateway far away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from rongxin.sharing.connectors.query import Match, Query

Row = Mapping[str, Any]


class Connector(Protocol):
    """A way to one provider's data. Raises `Unavailable` where there is no answer to be believed."""

    provider: str

    def serves(self, item: str) -> bool:
        """Whether the provider answers for this item at all."""
        ...

    def fetch(self, query: Query) -> Sequence[Row]:
        """Return the subject's rows, catalogue field → JSON value, with permitted fields only.

        Beside those, each row carries the field on which the channel's filter rests, and the keys by which
        it was found where the store has them: the caller checks both and takes off what it didn't ask for.
        """
        ...

    def check(self, query: Query, claims: Mapping[str, str]) -> Mapping[str, Match]:
        """Compare claimed values at the provider; no value of its own leaves it."""
        ...
