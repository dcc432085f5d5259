"""推送与通知: subscriptions with their runs, and the addresses told of events, with what became of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rongxin.catalogue import loader
from rongxin.delivery.push import runs, subscriptions
from rongxin.delivery.push.errors import PushError
from rongxin.delivery.push.rules import Act, Terms
from rongxin.delivery.webhooks import endpoints, rules
from rongxin.delivery.webhooks import messages as told
from rongxin.delivery.webhooks.errors import WebhookError
from rongxin.delivery.webhooks.rules import MessageState
from rongxin.entrypoints.portals import pages, visitors
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties.rules import permission
from rongxin.vocabulary.sharing_mode import SharingMode

_SHOWN = 50


@visitors.page(permission.INSTITUTION, "GET", "POST")
def pushes(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List subscriptions and runs; by POST subscribe to public information of a region."""
    context = _pushes(request, visitor)
    if request.method != "POST":
        return pages.render(request, "institution/pushes.html", context)
    try:
        terms = Terms(
            items=tuple(request.POST.getlist("items")),
            reference=request.POST.get("reference", "").strip(),
            basis=request.POST.get("basis", "").strip(),
            regions=tuple(request.POST.get("regions", "").split()),
        )
        if not (terms.items and terms.reference and terms.basis):
            raise PushError(_("请选择信息项，并填写业务编号和推送依据"))
        subscriptions.subscribe(visitor.role.party, terms, actor=visitor.actor, as_of=visitor.at)
    except PushError as error:
        context |= {
            "mistake": pages.words(error),
            "given": request.POST,
            "chosen": request.POST.getlist("items"),
        }
        return pages.render(request, "institution/pushes.html", context, status=422)
    messages.success(request, _("已订阅，首次推送会在几分钟内生成"))
    return redirect("institution_pushes")


@visitors.page(permission.INSTITUTION, "POST")
def subscription(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Ask for a run out of turn, or end the subscription for good."""
    by: dict[str, Any] = {"institution": visitor.role.party, "actor": visitor.actor, "as_of": visitor.at}
    try:
        if request.POST.get("act") == "end":
            subscriptions.move(number, Act.END, **by)
            messages.success(request, _("已终止订阅"))
        else:
            subscriptions.request(number, full=request.POST.get("act") == "full", **by)
            messages.success(request, _("已请求推送，生成后出现在下面"))
    except PushError as error:
        context = {**_pushes(request, visitor), "mistake": pages.words(error)}
        return pages.render(request, "institution/pushes.html", context, status=422)
    return redirect("institution_pushes")


@visitors.page(permission.INSTITUTION, "GET", "POST", unserved=True)
def webhooks(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the addresses that are told of events; by POST register one, whose secret is shown this once."""
    context = _webhooks(visitor)
    if request.method != "POST":
        return pages.render(request, "institution/webhooks.html", context)
    try:
        made = endpoints.register(
            request.POST.get("url", "").strip(),
            request.POST.getlist("events"),
            actor=visitor.actor,
            as_of=visitor.at,
        )
    except WebhookError as error:
        context |= {
            "mistake": pages.words(error),
            "given": request.POST,
            "chosen": request.POST.getlist("events"),
        }
        return pages.render(request, "institution/webhooks.html", context, status=422)
    shown = {**_webhooks(visitor), "secret": made.secret, "whose": made.card.url}
    return pages.render(request, "institution/webhooks.html", shown)


@visitors.page(permission.INSTITUTION, unserved=True)
def webhook(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show one address and its messages, what failed marked; `state` narrows them."""
    return pages.render(request, "institution/webhook.html", _webhook(request, visitor, number))


@visitors.page(permission.INSTITUTION, "POST", unserved=True)
def act(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Send the challenge again, give a new secret, send what failed again, or remove the address."""
    by: dict[str, Any] = {"actor": visitor.actor, "as_of": visitor.at}
    acts: dict[str, Callable[[], object]] = {
        "verify": lambda: endpoints.verify(number, **by),
        "rotate": lambda: endpoints.rotate(number, **by),
        "remove": lambda: endpoints.remove(number, **by),
        "replay": lambda: told.replay(
            number, message=request.POST.get("message") or None, dead_only=True, **by
        ),
    }
    wanted = request.POST.get("act", "")
    try:
        if wanted not in acts:
            raise WebhookError(_("请选择要办理的事项"))
        done = acts[wanted]()
    except WebhookError as error:
        context = {**_webhook(request, visitor, number), "mistake": pages.words(error)}
        return pages.render(request, "institution/webhook.html", context, status=422)
    if isinstance(done, endpoints.Issued):
        shown = {**_webhook(request, visitor, number), "secret": done.secret}
        return pages.render(request, "institution/webhook.html", shown)
    messages.success(request, _("已办理"))
    return redirect("institution_webhooks")


def _pushes(request: HttpRequest, visitor: Visitor) -> dict[str, Any]:
    known = loader.load()
    part = runs.part_of(pages.window(request), visitor.role.party)
    return {
        "here": "institution_pushes",
        "subscriptions": [
            {
                **card.document(),
                "labels": [known.items[name].label for name in card.terms.items if name in known.items],
            }
            for card in subscriptions.listed(visitor.role.party)
        ],
        "runs": [card.document() for card in part.rows],
        "onward": pages.onward(part.last),
        "items": [
            one
            for one in known.items.values()
            if any(c.mode is SharingMode.PHYSICAL_AGGREGATION and not c.consent for c in one.channels)
        ],
    }


def _webhooks(visitor: Visitor) -> dict[str, Any]:
    return {
        "here": "institution_webhooks",
        "webhooks": [card.document() for card in endpoints.of_party(visitor.actor.party)],
        "events": rules.types_for(visitor.role.party_kind.value).items(),
    }


def _webhook(request: HttpRequest, visitor: Visitor, number: UUID) -> dict[str, Any]:
    state, before = request.GET.get("state", ""), request.GET.get("before", "")
    found, following = told.listed(
        number,
        party=visitor.actor.party,
        state=MessageState(state) if state in list(MessageState) else None,
        before=int(before) if before.isdigit() else None,
        messages_max=_SHOWN,
    )
    kept = f"state={state}&" if state else ""
    return {
        "here": "institution_webhooks",
        "one": endpoints.get(number, party=visitor.actor.party).document(),
        "states": list(MessageState),
        "wanted": state,
        "messages_told": found,
        "onward": f"{kept}before={following}" if following else "",
    }
