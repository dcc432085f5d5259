"""A small stage for tests of webhooks: a receiver that listens, a courier with a clock that one sets."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from rongxin.delivery.webhooks import endpoints, policy, rules
from rongxin.delivery.webhooks.addresses import Reach
from rongxin.delivery.webhooks.courier import Courier
from rongxin.delivery.webhooks.models import Message
from rongxin.delivery.webhooks.policy import Policy
from rongxin.delivery.webhooks.sending import Way
from rongxin.journal import entries, sequencer
from rongxin.journal.rules import Kind
from rongxin.vocabulary.actor import Actor, ActorKind
from tests.unit.consent import stage
from tests.unit.delivery.webhooks.receiver import Receiver

POLICY = policy.in_force(date(2026, 3, 2))
IMPATIENT = POLICY.model_copy(update={"timeout_seconds": 2.0})
BANK = Actor(ActorKind.ACCOUNT, "7", "institution:bank_a")
OTHER = Actor(ActorKind.ACCOUNT, "8", "institution:bank_b")
TAX = Actor(ActorKind.ACCOUNT, "9", "provider:tax_bureau")


def plainly(policy: Policy) -> Way:
    """The way to this machine, with little patience."""
    return Way(Reach(frozenset(), plain_loopback=True), policy.timeout_seconds, 4096, 86_400)


@dataclass
class Clock:
    now: datetime = stage.NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Played:
    """A courier that is driven by hand: `go` does all that is due at the clock's time."""

    clock: Clock = field(default_factory=Clock)
    policy: Policy = IMPATIENT

    def go(self, **later: float) -> None:
        """Put the clock on and let everything that is due happen, attempts and what they lead to."""
        self.clock.now += timedelta(**later)
        courier = Courier(given=self.policy, way=plainly, clock=self.clock)
        for _ in range(50):
            sequencer.integrate()
            courier._looked_at = float("-inf")
            if not courier.turn() and not _due(self.clock.now):
                break
            courier.rest(_never())
        courier.finish()


def _never():
    return threading.Event()


def _due(now: datetime) -> bool:
    return Message.objects.filter(state="waiting", next_at__lte=now, webhook__state="active").exists()


def register(
    there: Receiver, *types: str, actor: Actor = BANK, as_of: datetime = stage.NOW
) -> endpoints.Issued:
    wanted = types or tuple(rules.types_for(actor.party.partition(":")[0]))
    return endpoints.register(there.url, wanted, actor=actor, as_of=as_of)


def happen(
    kind: Kind = Kind.CONSENT_WITHDRAWN, *, count: int = 1, as_of: datetime = stage.NOW, **refs: str | int
) -> list[UUID]:
    """Append entries as the rooms do, and give their ids."""
    given = refs or {"institution": "bank_a", "subject": 77, "case": "case-1", "why": "withdraw"}
    drafts = [
        entries.Draft(kind=kind, refs={"consent": f"consent-{number}", **given}) for number in range(count)
    ]
    return [entry.id for entry in entries.append_all(drafts, actor=BANK, as_of=as_of)]
