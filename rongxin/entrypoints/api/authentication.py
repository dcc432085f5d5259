"""Who calls: an API key names one role of an account and so the party; every route says which party may call
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from rongxin.entrypoints.api.problems import Problem
from rongxin.parties import api_keys
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import Actor, ActorKind


@dataclass(frozen=True)
class Caller:
    """The account behind a request, in the role that its key stands for."""

    account: int
    party_kind: PartyKind
    party: str
    role: Role
    at: datetime

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.ACCOUNT, str(self.account), f"{self.party_kind.value}:{self.party}")


class PartyKey(HttpBearer):
    """Admit keys that act for one of the given kinds of party."""

    def __init__(self, *kinds: PartyKind) -> None:
        super().__init__()
        self.kinds = kinds

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        """Return the caller, or None (401) for a key that isn't accepted; a wrong party is 403."""
        now = timezone.now()
        known = api_keys.authenticate(token, as_of=now)
        role = known.role
        if role is None:
            return None
        if role.party_kind not in self.kinds:
            wanted = "、".join(kind.label for kind in self.kinds)
            raise Problem(403, "not_permitted", f"该密钥无权调用此接口：需要代表{wanted}的密钥")
        return Caller(role.account, role.party_kind, role.party, role.role, now)


INSTITUTION = PartyKey(PartyKind.INSTITUTION)
PROVIDER = PartyKey(PartyKind.PROVIDER)
SUBJECT = PartyKey(PartyKind.SUBJECT)
DEPARTMENT = PartyKey(PartyKind.DEPARTMENT)
OPERATOR = PartyKey(PartyKind.OPERATOR)


def caller(request: HttpRequest) -> Caller:
    """Return who calls; the route's permission has put it there."""
    found = getattr(request, "auth", None)
    assert isinstance(found, Caller)
    return found
