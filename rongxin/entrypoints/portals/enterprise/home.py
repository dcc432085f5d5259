"""我的企业: who I am here, what waits for me, and how a firm is connected to its owner's account."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from rongxin.catalogue import regions
from rongxin.consent import notifications, register, requests
from rongxin.consent.rules import Status
from rongxin.entrypoints.portals import pages, visitors, wording
from rongxin.entrypoints.portals.enterprise import signatures
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties import memberships, own_firms, subjects
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules import permission
from rongxin.rights import uses
from rongxin.vocabulary.actor import Actor, ActorKind

_USES_DAYS = 30
_NEWS_SHOWN = 5


@visitors.page(permission.SUBJECT)
def home(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Show the firm, what waits for an answer, and what happened of late."""
    subject, today = subjects.get(visitor.subject), timezone.localdate(visitor.at)
    since = visitor.at - timedelta(days=_USES_DAYS)
    looked, refused = uses.looks_at(subject.id, since=since, as_of=visitor.at)
    given = register.of_subject(subject.id)
    open_ = requests.open_of_subject(subject.id, on=today)
    context = {
        "here": "enterprise",
        "subject": subject,
        "region": regions.label(subject.region) if subject.region else "",
        "waiting": [card for card in open_ if not card.awaits_signatures(on=today)],
        "to_sign": signatures.waiting(visitor),
        "to_agree": signatures.to_agree(visitor),
        "in_force": sum(grant.status is Status.ACTIVE for grant in given),
        "looked": looked,
        "refused": refused,
        "days": _USES_DAYS,
        "news": notifications.of_subject(subject.id)[:_NEWS_SHOWN],
    }
    return pages.render(request, "enterprise/home.html", context)


def connect(request: HttpRequest) -> HttpResponseBase:
    """Connect a firm to the account of its legal representative (实名注册); nobody's code need be known.

    The firms whose registration record names this very person are offered; what stands on the licence or
    in its QR, or the person's telephone, finds among them the one that is meant. Of another's firm nothing
    is told.
    """
    account = visitors.signed_in(request)
    if account is None:
        return redirect("sign_in_person")
    now = timezone.now()
    assertion = visitors.asserted(request, as_of=now)
    if assertion is None:
        return redirect("sign_in_person")
    sought = request.POST.get("sought", "")
    mine, licence = subjects.represented_by(assertion), bool(assertion.represents)
    context: dict[str, Any] = {"mine": mine, "licence": licence, "sought": sought}
    if request.method != "POST":
        return pages.render(request, "enterprise/connect.html", context)
    try:
        found = own_firms.find(account, assertion, request.POST.get("code") or sought, as_of=now)
        if "code" not in request.POST:
            return pages.render(request, "enterprise/connect.html", {**context, "mine": found, "found": True})
        actor = Actor(ActorKind.ACCOUNT, str(account), f"subject:{found[0].uscc}")
        with transaction.atomic():
            role = memberships.represent(account, found[0].id, assertion, actor=actor, as_of=now)
    except PartiesError as error:
        status = 429 if isinstance(error, own_firms.TooManySearches) else 422
        context["mistake"] = pages.words(error)
        return pages.render(request, "enterprise/connect.html", context, status=status)
    visitors.act_as(request, role.id)
    messages.success(
        request,
        _("已连接“%(name)s”，您以%(label)s的身份办理")
        % {"name": found[0].name, "label": wording.named(role.role.label)},
    )
    return redirect("enterprise")
