"""A firm with agents whose consents several people sign; all invented."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from rongxin.consent import grants, requests
from rongxin.consent.signing import demands, matters
from rongxin.consent.signing.rules import What
from rongxin.parties import memberships
from rongxin.vocabulary.actor import Actor, ActorKind
from tests.unit.consent import stage

_numbers = itertools.count(1)
BANK = Actor(ActorKind.ACCOUNT, "999999", "institution:bank_a")


def agent(firm: stage.Firm, name: str = "李出纳", *, as_of: datetime = stage.NOW) -> stage.Person:
    """Somebody whom the owner lets act for the firm."""
    someone = stage.person(name)
    memberships.give_mandate(
        someone.account,
        firm.id,
        valid_from=as_of.date(),
        valid_until=as_of.date() + timedelta(days=300),
        actor=firm.owner.actor,
        as_of=as_of,
    )
    return someone


def demand(firm: stage.Firm, number: int, *, as_of: datetime = stage.NOW) -> demands.Card:
    """The owner asks for so many signatures."""
    return demands.propose(
        firm.id, number, assertion=firm.owner.attest(as_of=as_of), actor=firm.owner.actor, as_of=as_of
    )


def asked(firm: stage.Firm, *items: str, as_of: datetime = stage.NOW) -> requests.Card:
    """The bank asks for a consent."""
    number = stage.case(firm, "bank_a", f"DK-{next(_numbers)}", as_of=as_of)
    return requests.request(number, stage.draft(*items, as_of=as_of), actor=BANK, as_of=as_of)


def sign(
    request: requests.Card, who: stage.Person, *, as_of: datetime = stage.NOW, **changes: Any
) -> grants.Grant | matters.Card:
    """One person answers a request, naming what others have signed already."""
    waits = matters.awaiting(What.CONSENT, request.id, on=stage.business_day(as_of))
    given: dict[str, Any] = {
        "assertion": who.attest(as_of=as_of),
        "actor": who.actor,
        "request_id": request.id,
        "shown": waits.preview_sha256 if waits else "",
        **stage.shown(as_of),
        **changes,
    }
    return grants.grant_online(request.case_id, request.draft, stage.signing(given), as_of=as_of, **given)


def matter_of(request: requests.Card) -> UUID:
    """The number of the matter in which a request waits."""
    found = matters.awaiting(What.CONSENT, request.id, on=stage.TODAY)
    assert found is not None
    return found.id
