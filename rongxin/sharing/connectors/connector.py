"""What a way to a provider is asked and says; the only one in production is its gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from rongxin.catalogue.schema import Channel, Item
from rongxin.consent.rules import Status
from rongxin.exchange.question import Match, Question
from rongxin.exchange.receipt import Decided
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.reason import Reason

Row = Mapping[str, Any]


class Unavailable(Exception):
    """The provider gave no answer, or none that can be believed; this is never "no record"."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the consent behind a question stood when the gate looked at it."""

    consent: UUID
    status: Status
    uses: int
    case_closed: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """One question with the catalogue's word on it, and the consent's standing where one is behind it."""

    item: Item
    question: Question
    standing: Standing | None = None

    @property
    def channel(self) -> Channel:
        return self.item.channels[self.question.channel]


@dataclass(frozen=True, slots=True)
class Exchange:
    """The evidence of one question: what was sent as it was signed, and the receipt that came back."""

    question: str
    message: bytes
    receipt: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a provider says. Rows carry, beside what was asked for, the field on which the channel's filter
    rests; the caller checks it and takes it off.
    """

    availability: Availability
    reason: Reason | None = None
    rows: Sequence[Row] = ()
    results: Mapping[str, Match] = field(default_factory=dict)
    sealed: bytes = b""
    exchange: Exchange | None = None
    #: Field → what the provider's own machine decided on it, and why.
    decided: Decided = field(default_factory=dict)


class Connector(Protocol):
    """A way to one provider's data."""

    provider: str

    def serves(self, item: str) -> bool:
        """Whether the provider answers for this item at all, as far as is known without asking it."""
        ...

    def ask(self, asked: Asked) -> Said:
        """Put one question; raises `Unavailable` where there is no answer to be believed."""
        ...
