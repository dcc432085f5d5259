"""签署: how many of the firm's people sign, what waits for whom, and how one alone takes back what waits."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from rongxin.consent import signers
from rongxin.consent.errors import ConsentError, UnknownConsent
from rongxin.consent.signing import demands, matters, policy
from rongxin.consent.signing.matters import Card as Matter
from rongxin.consent.signing.rules import State, What
from rongxin.entrypoints.portals import pages, visitors
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties import accounts, institutions, memberships
from rongxin.parties.rules import permission
from rongxin.parties.rules.identity import Agreement
from rongxin.parties.rules.membership import Role

_HERE = "enterprise_agents"


@visitors.page(permission.SUBJECT, "GET", "POST")
def rule(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """Show how many sign and how that came; the legal representative asks for another number."""
    context = {**_context(visitor), "licence_at": licence_needed(request, visitor)}
    if request.method != "POST":
        return pages.render(request, "enterprise/signatures.html", context)
    assertion = visitors.asserted(request, as_of=visitor.at)
    if assertion is None:
        return visitors.prove_again(request)
    wanted = request.POST.get("needed", "")
    try:
        if not wanted.isdecimal():
            raise ConsentError(_("请选择签署人数"))
        card = demands.propose(
            visitor.subject, int(wanted), assertion=assertion, actor=visitor.actor, as_of=visitor.at
        )
    except ConsentError as error:
        mistake = {"mistake": pages.words(error), "wanted": wanted}
        return pages.render(request, "enterprise/signatures.html", {**context, **mistake}, status=422)
    messages.success(request, _set(card, visitor))
    return redirect("enterprise_signatures")


@visitors.page(permission.SUBJECT, "POST")
def agree(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Agree that fewer sign, as one of those who are asked now."""
    _own_rule(number, visitor)
    assertion = visitors.asserted(request, as_of=visitor.at)
    if assertion is None:
        return redirect(visitors.with_next(reverse("sign_in_person"), reverse("enterprise_signatures")))
    card = demands.agree(number, assertion=assertion, actor=visitor.actor, as_of=visitor.at)
    messages.success(request, _set(card, visitor))
    return redirect("enterprise_signatures")


@visitors.page(permission.SUBJECT, "POST")
def drop(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Object to a number that doesn't hold yet."""
    _own_rule(number, visitor)
    demands.drop(number, actor=visitor.actor, as_of=visitor.at)
    messages.success(request, _("已撤下，原来的签署人数继续有效"))
    return redirect("enterprise_signatures")


@visitors.page(permission.SUBJECT, "POST")
def take_back(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Take back what waits for signatures; one person is enough."""
    try:
        matter = matters.get(number)
    except UnknownConsent as error:
        raise Http404(str(error)) from error
    if matter.subject_id != visitor.subject:
        raise Http404(str(number))
    matters.take_back(number, actor=visitor.actor, as_of=visitor.at)
    messages.success(request, _("已撤下，机构什么也没有得到；需要时可以重新签署"))
    return redirect("enterprise")


def waiting(visitor: Visitor) -> list[dict[str, Any]]:
    """Return what waits for signatures of the firm, the first to lapse first."""
    return [
        state_of(matter, visitor) | {"at": _at(matter)}
        for matter in matters.awaiting_of_subject(visitor.subject, on=visitor.today)
    ]


def to_agree(visitor: Visitor) -> list[demands.Card]:
    """Return the wishes that fewer sign which this person has yet to agree to, or may object to."""
    return [
        card
        for card in demands.history(visitor.subject)
        if card.open(as_of=visitor.at) and all(one.account != visitor.account.id for one in card.signed)
    ]


def state_of(matter: Matter | None, visitor: Visitor) -> dict[str, Any]:
    """Return what a page says of a matter: who has signed, how many are left, until when; {} where none
    waits.
    """
    if matter is None or matter.state is not State.AWAITING:
        return {}
    wanted = max(matter.needed, demands.needed(visitor.subject, as_of=visitor.at))
    counted = matter.counted(on=visitor.today)
    return {
        "matter": matter,
        "what": matter.what.label,
        "asker": institutions.get(str(matter.content["institution"])).name,
        "signed": counted,
        "wanted": wanted,
        "missing": max(wanted - len(counted), 0),
        "mine": matter.signed_by(visitor.account.id),
    }


def licence_needed(request: HttpRequest, visitor: Visitor) -> str:
    """Return where a representative shows the licence before signing; "" where the real name is enough.

    Asked before anything is filled in, so that nobody learns of it with the last click.
    """
    said = visitors.asserted(request, as_of=visitor.at)
    if said is None or visitor.role.role is not Role.LEGAL_REPRESENTATIVE:
        return ""
    found = signers.agreement(visitor.subject, said, as_of=visitor.at)
    if found is not Agreement.NAME_ALONE:
        return ""
    return visitors.with_next(reverse("sign_in_person"), request.get_full_path())


def _at(matter: Matter) -> str:
    if matter.what is What.APPLICATION:
        return reverse("enterprise_submit", kwargs={"number": matter.about})
    return reverse("enterprise_request", kwargs={"number": matter.about})


def _context(visitor: Visitor) -> dict[str, Any]:
    people = memberships.of_subject(visitor.subject, on=visitor.today)
    limits = policy.on(visitor.today)
    now = demands.needed(visitor.subject, as_of=visitor.at)
    past = demands.history(visitor.subject)
    return {
        "here": _HERE,
        "chief": visitor.role.role is Role.LEGAL_REPRESENTATIVE,
        "now": now,
        "choices": [number for number in range(1, limits.people_max + 1) if number != now],
        "limits": limits,
        "people": [{"card": card, "account": accounts.get(card.account)} for card in people],
        "pending": [
            {"card": card, "mine": any(one.account == visitor.account.id for one in card.signed)}
            for card in past
            if card.open(as_of=visitor.at)
        ],
        "past": [card for card in past if card.effective_at and card.effective_at <= visitor.at],
    }


def _set(card: demands.Card, visitor: Visitor) -> str:
    if card.effective_at is None:
        return _("已提议减为%(needed)s人，待其他签署人同意；在此之前原规定有效") % {"needed": card.needed}
    if card.effective_at > visitor.at:
        day = timezone.localdate(card.effective_at)
        return _("将自%(day)s起改为%(needed)s人签署；在此之前原规定有效") % {
            "day": day,
            "needed": card.needed,
        }
    return _("已改为%(needed)s人签署，立即生效") % {"needed": card.needed}


def _own_rule(number: UUID, visitor: Visitor) -> None:
    try:
        card = demands.get(number)
    except UnknownConsent as error:
        raise Http404(str(error)) from error
    if card.subject_id != visitor.subject:
        raise Http404(str(number))
