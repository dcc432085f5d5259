"""Who reads a page: the account that signed in and the role in which it acts; every page says who may see it.

A session lives in the browser's cookie and a row of the database; besides Django's, it ends when it has been
idle, when it is too old, when the account signs in elsewhere, and when the account is closed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth import get_user_model, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from rongxin.entrypoints.portals import menus, pages, uploads, wording
from rongxin.parties import accounts, institutions, memberships, sign_ins
from rongxin.parties.rules import sign_in as rules
from rongxin.parties.rules.identity import FRESH, Assertion, Assurance
from rongxin.parties.rules.membership import PartyKind
from rongxin.parties.rules.permission import Permission
from rongxin.vocabulary.actor import Actor, ActorKind

# Pages that ask who somebody is and choose the role by themselves.
_WITHOUT_ROLE = ("/authorize?", "/enterprise/connect")
_BACKEND = "django.contrib.auth.backends.ModelBackend"
_NUMBER, _BEGAN, _SEEN, _ROLE = "number", "began", "seen", "role"
_ASSERTION, _MUST_CHANGE = "assertion", "must_change"


@dataclass(frozen=True)
class Visitor:
    """Somebody signed in, in the role that they chose."""

    account: accounts.Card
    role: memberships.Card
    #: Every role the account holds today, this one among them.
    roles: tuple[memberships.Card, ...]
    at: datetime
    #: The number of this sign-in.
    session: UUID

    @property
    def actor(self) -> Actor:
        return Actor(
            ActorKind.ACCOUNT, str(self.account.id), f"{self.role.party_kind.value}:{self.role.party}"
        )

    @property
    def today(self) -> date:
        return timezone.localdate(self.at)

    @property
    def subject(self) -> int:
        """The firm's number; only on pages of 信息主体."""
        assert self.role.party_kind is PartyKind.SUBJECT
        return int(self.role.party)


# Takes request, visitor and what the address holds; guarded, request and what the address holds.
View = Callable[..., HttpResponseBase]


def page(permission: Permission, *methods: str, unserved: bool = False) -> Callable[[View], View]:
    """Show a view to whoever acts in a role that the permission names; others are led to where they can.

    `unserved`: an institution that may not be served sees the page too, to do its duties. The errors that a
    view lets through are told on a page of their own.
    """
    allowed = methods or ("GET", "HEAD")

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, **of_the_address: Any) -> HttpResponseBase:
            if request.method not in allowed and not (request.method == "HEAD" and "GET" in allowed):
                return HttpResponseNotAllowed(allowed)
            if must_change(request):
                return redirect("change_password")
            found = current(request)
            if found is None:
                return redirect(with_next(reverse(_door(request, permission)), request.get_full_path()))
            if refused := _refused(request, found, permission, unserved=unserved):
                return refused
            vars(request)["visitor"] = found  # for the templates' heading
            try:
                answer = view(request, found, **of_the_address)
            except Exception as error:
                answer = pages.told(request, error)
            uploads.settle(request, answer)
            answer.headers.setdefault("Cache-Control", "no-store")
            return answer

        vars(guarded)["permission"] = permission
        return guarded

    return guard


def _door(request: HttpRequest, permission: Permission) -> str:
    """Name the page where whoever has no role yet gets in; a firm's page leaves no doubt who comes."""
    if signed_in(request) is not None:
        return "roles"
    return "sign_in_person" if set(permission.roles) == {PartyKind.SUBJECT} else "sign_in"


def _refused(
    request: HttpRequest, found: Visitor, permission: Permission, *, unserved: bool
) -> HttpResponse | None:
    if not permission.admits(found.role.party_kind, found.role.role):
        other = [card for card in found.roles if permission.admits(card.party_kind, card.role)]
        wanted = wording.admitted(permission)
        return pages.render(
            request,
            "sign_in/wrong_role.html",
            {"visitor": found, "wanted": wanted, "other": other},
            status=403,
        )
    if found.role.party_kind is PartyKind.INSTITUTION and not unserved:
        standing = institutions.standing(found.role.party, as_of=found.at)
        if not standing.admitted:
            return pages.refusal(
                request, 403, standing.message, _("可在“待办事项”中办理应交的回执、确认与说明。")
            )
    return None


def roles_with_pages(account_id: int, *, on: date) -> list[memberships.Card]:
    """Return the roles in which an account can see pages: a credit bureau's people have the API alone."""
    return [card for card in memberships.of_account(account_id, on=on) if card.party_kind in menus.HOME]


def begin(
    request: HttpRequest,
    account_id: int,
    *,
    way: str,
    assertion: Assertion | None = None,
    must_change: bool = False,
) -> None:
    """Sign an account in; with a single role, it acts in that.

    `assertion` is what an identity provider said; while it is fresh, acts that need its word need no other.
    """
    now = timezone.now()
    number = sign_ins.begin_session(account_id, way=way, as_of=now)
    role = request.session.get(_ROLE) if request.user.pk == account_id else None
    login(request, get_user_model().objects.get(pk=account_id), backend=_BACKEND)
    stamp = now.timestamp()
    request.session.update({_NUMBER: str(number), _BEGAN: stamp, _SEEN: stamp, _MUST_CHANGE: must_change})
    if assertion is not None:
        said = {**asdict(assertion), "assurance": assertion.assurance.value, "at": assertion.at.isoformat()}
        request.session[_ASSERTION] = said
    held = roles_with_pages(account_id, on=timezone.localdate(now))
    if role is None and len(held) == 1:
        role = held[0].id
    if role is not None:
        act_as(request, role)


def asserted(request: HttpRequest, *, as_of: datetime) -> Assertion | None:
    """Return what the identity provider said when this session began, if that is fresh enough to act upon."""
    said = request.session.get(_ASSERTION)
    if said is None:
        return None
    at = datetime.fromisoformat(said["at"])
    if as_of - at > FRESH:
        return None
    return Assertion(**{**said, "assurance": Assurance(said["assurance"]), "at": at})


def prove_again(request: HttpRequest) -> HttpResponse:
    """Send somebody whose identity was asserted too long ago to the identity provider, and back here."""
    return redirect(with_next(reverse("sign_in_person"), request.get_full_path()))


def must_change(request: HttpRequest) -> bool:
    """Whether this session's password must be changed before any page is shown."""
    return bool(request.session.get(_MUST_CHANGE)) and request.user.is_authenticated


def act_as(request: HttpRequest, role: int) -> None:
    request.session[_ROLE] = role


def signed_in(request: HttpRequest) -> int | None:
    """Return the account whose session this is and still lives, whatever its role."""
    found = _session(request)
    return None if found is None else found[0]


def current(request: HttpRequest) -> Visitor | None:
    """Return who reads this page; None where nobody is signed in or no role is chosen."""
    found = _session(request)
    if found is None:
        return None
    account, held, now = found
    chosen = _chosen(request, held)
    return (
        None
        if chosen is None
        else Visitor(accounts.get(account), chosen, held, now, UUID(request.session[_NUMBER]))
    )


def _session(request: HttpRequest) -> tuple[int, tuple[memberships.Card, ...], datetime] | None:
    """Return account, its roles and the time; a session that is over is ended here."""
    user, session = request.user, request.session
    if not user.is_authenticated or _NUMBER not in session:
        return None
    assert isinstance(user.pk, int)
    now, zone = timezone.now(), timezone.get_current_timezone()
    today = timezone.localdate(now)
    held = tuple(roles_with_pages(user.pk, on=today))
    chosen = _chosen(request, held)
    over = rules.session_over(
        sign_ins.limits(today),
        kind=chosen.party_kind if chosen else None,
        began_at=datetime.fromtimestamp(session[_BEGAN], zone),
        seen_at=datetime.fromtimestamp(session[_SEEN], zone),
        as_of=now,
    )
    if over or not sign_ins.session_open(user.pk, UUID(session[_NUMBER])):
        logout(request)
        return None
    # Written once a minute, not with every page: the idle time is told in minutes.
    if now.timestamp() - session[_SEEN] > 60:
        session[_SEEN] = now.timestamp()
    return user.pk, held, now


def _chosen(request: HttpRequest, held: tuple[memberships.Card, ...]) -> memberships.Card | None:
    return next((card for card in held if card.id == request.session.get(_ROLE)), None)


def end(request: HttpRequest) -> None:
    """Sign out, here and everywhere: an account has one session."""
    if request.user.is_authenticated and _NUMBER in request.session:
        assert isinstance(request.user.pk, int)
        sign_ins.end_session(request.user.pk, UUID(request.session[_NUMBER]))
    logout(request)


def next_page(request: HttpRequest, otherwise: str) -> str:
    """Return where to go after signing in: an address of ours that was asked for, else `otherwise`."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours and wanted.startswith("/") else otherwise


def onward(request: HttpRequest, wanted: str = "") -> str:
    """Return where somebody who has just signed in goes: the page they wanted, their own, or the choice of a
    role. `wanted` is an address of ours; the one that was asked for is otherwise.
    """
    wanted = wanted or next_page(request, "")
    visitor = current(request)
    if wanted and (visitor is not None or any(wanted.startswith(page) for page in _WITHOUT_ROLE)):
        return wanted
    if visitor is None:
        return with_next(reverse("roles"), wanted)
    return reverse(menus.home(visitor.role))


def with_next(address: str, wanted: str) -> str:
    return f"{address}?{urlencode({'next': wanted})}" if wanted else address
