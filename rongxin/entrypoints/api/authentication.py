"""Who calls: an API key names one role of an account and so the party; every route says which roles of which
parties may call it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from rongxin.entrypoints.api.problems import Problem
from rongxin.parties import access_tokens, api_keys, institutions, memberships
from rongxin.parties.bureaus import mandates
from rongxin.parties.rules import permission
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.parties.rules.permission import Permission
from rongxin.vocabulary.actor import Actor, ActorKind


@dataclass(frozen=True)
class Caller:
    """The account behind a request, in the role that its key stands for."""

    account: int
    party_kind: PartyKind
    party: str
    role: Role
    at: datetime
    #: The institution acted for, where it was read with the key: as it was when the request came.
    institution: institutions.Card | None = None

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.ACCOUNT, str(self.account), f"{self.party_kind.value}:{self.party}")


class PartyKey(HttpBearer):
    """Admit keys, and tokens bound to a key, that act in one of the roles that a permission names."""

    def __init__(self, permission: Permission, *, unserved: bool = False) -> None:
        """`unserved`: institutions that may not be served get in too, to do their duties."""
        super().__init__()
        self.permission, self.unserved = permission, unserved

    def __or__(self, other: PartyKey) -> PartyKey:
        return PartyKey(self.permission | other.permission, unserved=self.unserved or other.unserved)

    def __call__(self, request: HttpRequest) -> Caller | None:
        """Take `Authorization: DPoP …` (RFC 9449) beside `Bearer …`."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "dpop":
            found: Caller | None = super().__call__(request)
            return found
        now = timezone.now()
        try:
            held = access_tokens.authenticate(token, asked(request), issuer=issuer(request), as_of=now)
        except access_tokens.Refused as error:
            raise Problem(401, error.code, "令牌或持有证明无效，请重新取得令牌", detail=str(error)) from error
        caller = self._admitted(request, held.role, now)
        if held.scope is not access_tokens.Scope.ALL and not self.unserved:
            raise Problem(
                403, "insufficient_scope", "此令牌取得时机构未获服务，只能办理应尽事项，请重新取得令牌"
            )
        return caller

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        """Return the caller, or None (401) for a key that isn't accepted; a wrong party or role is 403."""
        now = timezone.now()
        known = api_keys.authenticate(token, as_of=now)
        if (role := known.role) is None:
            return None
        if role.party_kind is PartyKind.INSTITUTION and settings.RONGXIN_BOUND_TOKENS == "required":
            raise Problem(401, "bound_token_required", "接入机构须以绑定密钥的令牌（DPoP）调用")
        return self._admitted(request, role, now, known.institution)

    def _admitted(
        self,
        request: HttpRequest,
        role: memberships.Card,
        now: datetime,
        institution: institutions.Card | None = None,
    ) -> Caller:
        caller = Caller(role.account, role.party_kind, role.party, role.role, now, institution)
        if role.party_kind is PartyKind.BUREAU:  # whatever comes of it
            mandates.act(role.party, f"{request.method}:{request.path}", actor=caller.actor, as_of=now)
        if not self.permission.admits(role.party_kind, role.role):
            wanted = self.permission.label()
            raise Problem(403, "not_permitted", f"该密钥无权调用此接口：需要代表{wanted}的密钥")
        if role.party_kind is PartyKind.INSTITUTION and not self.unserved:
            served = institution or institutions.get(role.party)
            standing = institutions.standing_of(served, as_of=now)
            if not standing.admitted:
                raise Problem(403, "institution_not_served", standing.message, reason=standing.reason)
        return caller


def issuer(request: HttpRequest) -> str:
    """Return the node's address as the world knows it: the issuer of its tokens."""
    return settings.RONGXIN_PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")


def asked(request: HttpRequest) -> access_tokens.Asked:
    """Return a request as a proof of possession must name it."""
    url = issuer(request) + request.path
    return access_tokens.Asked(request.method or "", url, request.headers.get("DPoP", ""))


INSTITUTION = PartyKey(permission.INSTITUTION)
# Whatever its standing: what an institution owes, what is said against it, and its own keys ((九)(十)).
UNSERVED_INSTITUTION = PartyKey(permission.INSTITUTION | permission.INSTITUTION_ADMINISTRATOR, unserved=True)
# What its administrator does for it to be served again.
UNSERVED_ADMINISTRATOR = PartyKey(permission.INSTITUTION_ADMINISTRATOR, unserved=True)
# What its clerks owe, whatever its standing.
OWING_INSTITUTION = PartyKey(permission.INSTITUTION, unserved=True)
INSTITUTION_ADMINISTRATOR = PartyKey(permission.INSTITUTION_ADMINISTRATOR)
INSTITUTION_CHECKER = PartyKey(permission.INSTITUTION_CHECKER)
PROVIDER = PartyKey(permission.PROVIDER)
SUBJECT = PartyKey(permission.SUBJECT)
DEPARTMENT = PartyKey(permission.DEPARTMENT)
# The operator has no key that opens everything: each route names the roles.
SYSTEM = PartyKey(permission.SYSTEM)
SECURITY = PartyKey(permission.SECURITY)
AUDIT = PartyKey(permission.AUDIT)
DESK = PartyKey(permission.DESK)
CHECKER = PartyKey(permission.CHECKER)
STAFF = PartyKey(permission.STAFF)
BUREAU = PartyKey(permission.BUREAU)


def caller(request: HttpRequest) -> Caller:
    """Return who calls; the route's permission has put it there."""
    found = getattr(request, "auth", None)
    assert isinstance(found, Caller)
    return found


def check_own_institution(request: HttpRequest, institution: str) -> None:
    """Refuse an institution that another one asks about, and one that there isn't, in the same words."""
    asks = caller(request)
    if asks.party_kind is PartyKind.INSTITUTION and asks.party != institution:
        raise Problem(404, "unknown_party", f"没有接入机构“{institution}”")
    institutions.get(institution)
