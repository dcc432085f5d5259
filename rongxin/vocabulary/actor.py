"""Who acts: no write happens without one (国办发〔2021〕52号 (十))."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    ACCOUNT = "account"
    API_CLIENT = "api_client"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone or something that acts, and the party it acts for.

    `party` is like `institution:bank_a`, `provider:tax_bureau`, `subject:91…` or `operator`; it is empty
    where the actor acts for nobody but itself.
    """

    kind: ActorKind
    id: str
    party: str = ""

    @property
    def is_operator(self) -> bool:
        """Whether it acts for the party that runs the node."""
        return self.party.partition(":")[0] == "operator"

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}" + (f"@{self.party}" if self.party else "")


SYSTEM = Actor(ActorKind.SYSTEM, "node")
