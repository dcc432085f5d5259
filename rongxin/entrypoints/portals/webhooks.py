"""事件通知: the addresses at which a party is told of its events, what was told, what is done to an address.

Institutions and providers have the same pages, each under its own portal (`institution/webhooks.py`,
`provider/webhooks.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.delivery.webhooks import endpoints, rules
from rongxin.delivery.webhooks import messages as told
from rongxin.delivery.webhooks.errors import WebhookError
from rongxin.delivery.webhooks.rules import MessageState, State
from rongxin.entrypoints.portals import lists, pages, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window

_TONES = {State.ACTIVE: "good", State.PENDING: "warn", State.DISABLED: "warn"}


def _addresses(prefix: str) -> Listing:
    """Return the list of a party's addresses; it has a handful."""

    def rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[endpoints.Card]:
        found = [
            card
            for card in endpoints.of_party(visitor.actor.party)
            if wanted["find"] in card.url and wanted["state"] in ("", card.state.value)
        ]
        return Part(found[: window.rows_max], None)

    return Listing(
        f"{prefix}_webhooks",
        _lazy("接收地址"),
        (
            Column(_lazy("地址"), lambda card: Cell(card.url, reverse(f"{prefix}_webhook", args=[card.id]))),
            Column(_lazy("事件"), lambda card: len(card.types), number=True),
            Column(_lazy("状态"), _state),
        ),
        rows,
        _lazy("还没有接收地址。登记后，授权、撤回、更正等事件会即时通知本单位的系统。"),
        (
            Filter("find", _lazy("地址"), "search"),
            Filter("state", _lazy("状态"), "choice", lambda: lists.words(_LIVE)),
        ),
    )


def _state(card: endpoints.Card) -> Cell:
    since = card.failing_since
    note = _("%(since)s起投递失败") % {"since": lists.at(since)} if since else ""
    return Cell(lists.label(card.state), tag=_TONES.get(card.state, ""), note=note, warns=True)


def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the addresses that are told of events; by POST register one, whose secret is shown this once."""
    listing, context = _addresses(_prefix(visitor)), _head(visitor)
    if request.method != "POST" or lists.asked(request):
        return lists.answer(request, visitor, listing, "webhooks.html", context)
    given = request.POST
    try:
        made = endpoints.register(
            given.get("url", "").strip(), given.getlist("events"), actor=visitor.actor, as_of=visitor.at
        )
    except WebhookError as error:
        context |= {"mistake": pages.words(error), "given": given, "chosen": given.getlist("events")}
        context["list"] = lists.shown(request, visitor, listing)
        return pages.render(request, "webhooks.html", context, status=422)
    shown = {"secret": made.secret, "whose": made.card.url, "list": lists.shown(request, visitor, listing)}
    return pages.render(request, "webhooks.html", {**context, **shown})


def _deliveries(prefix: str, number: UUID) -> Listing:
    """Return the list of what was told to one address."""
    labels = rules.types_for(prefix)

    def rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
        after = window.after[0] if window.after else ""
        found, following = told.listed(
            number,
            party=visitor.actor.party,
            state=MessageState(wanted["state"]) if wanted["state"] else None,
            before=int(after) if after.isdecimal() else None,
            messages_max=window.rows_max,
        )
        return Part(found, None if following is None else (str(following),))

    def event(message: dict[str, Any]) -> Cell:
        """Say what was told; an event that is told no more goes by its name."""
        name = message["type"]
        if name == rules.VERIFICATION:
            return Cell(_("地址验证"), note=name)
        return Cell(wording.named(labels[name]), note=name) if name in labels else Cell(name)

    return Listing(
        f"{prefix}_webhook",
        _lazy("投递记录"),
        (
            Column(_lazy("产生"), lambda message: lists.at(message["created_at"]), whole=True),
            Column(_lazy("事件"), event),
            Column(_lazy("状态"), _standing),
            Column(_lazy("失败"), lambda message: message["failures"], number=True),
            Column(_lazy("最近结果"), _result),
            Column(_lazy("下次"), _next, whole=True),
        ),
        rows,
        _lazy("没有这样的通知。"),
        (Filter("state", _lazy("状态"), "choice", lambda: lists.words(MessageState)),),
    )


def _standing(message: dict[str, Any]) -> Cell:
    dead = message["state"] == MessageState.DEAD
    return Cell(wording.named(message["state_label"]), tag="warn" if dead else "")


def _next(message: dict[str, Any]) -> str:
    return lists.at(message["next_at"]) if message["state"] == MessageState.WAITING else ""


def _result(message: dict[str, Any]) -> str:
    return f"{wording.named(message['last_result_label'])} {message['last_status'] or ''}".strip()


def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show one address and its messages, what failed marked."""
    context = _address(visitor, number)
    return lists.answer(request, visitor, _deliveries(_prefix(visitor), number), "webhook.html", context)


def act(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Change an address or its events, send the challenge again, give a new secret, send what failed again,
    or remove it.
    """
    by: dict[str, Any] = {"actor": visitor.actor, "as_of": visitor.at}
    given = request.POST
    acts: dict[str, Callable[[], object]] = {
        "change": lambda: endpoints.change(
            number, url=given.get("url", "").strip(), types=given.getlist("events"), **by
        ),
        "verify": lambda: endpoints.verify(number, **by),
        "rotate": lambda: endpoints.rotate(number, **by),
        "remove": lambda: endpoints.remove(number, **by),
        "replay": lambda: told.replay(number, message=given.get("message") or None, dead_only=True, **by),
    }
    wanted = given.get("act", "")
    try:
        if wanted not in acts:
            raise WebhookError(_("请选择要办理的事项"))
        done = acts[wanted]()
    except WebhookError as error:
        context = {**_whole(request, visitor, number), "mistake": pages.words(error)}
        return pages.render(request, "webhook.html", context, status=422)
    if isinstance(done, endpoints.Issued):
        return pages.render(
            request, "webhook.html", {**_whole(request, visitor, number), "secret": done.secret}
        )
    messages.success(request, _("已办理"))
    return redirect(f"{_prefix(visitor)}_webhooks")


def _prefix(visitor: Visitor) -> str:
    return visitor.role.party_kind.value


def _head(visitor: Visitor) -> dict[str, Any]:
    prefix = _prefix(visitor)
    return {"here": f"{prefix}_webhooks", "events": rules.types_for(prefix).items()}


def _whole(request: HttpRequest, visitor: Visitor, number: UUID) -> dict[str, Any]:
    prefix = _prefix(visitor)
    place = reverse(f"{prefix}_webhook", args=[number])
    shown = lists.shown(request, visitor, _deliveries(prefix, number), place=place)
    return {**_address(visitor, number), "list": shown}


def _address(visitor: Visitor, number: UUID) -> dict[str, Any]:
    one, head = endpoints.get(number, party=visitor.actor.party).document(), _head(visitor)
    labels = rules.types_for(_prefix(visitor))
    return {
        **head,
        "one": one,
        "told": [labels.get(event, event) for event in one["events"]],
        "acting": reverse(f"{_prefix(visitor)}_webhook_act", args=[number]),
    }


_LIVE = [state for state in State if state is not State.REMOVED]
