"""推送与通知: subscriptions with their runs, and the addresses told of events, with what became of each."""

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

from rongxin.catalogue import loader, regions
from rongxin.delivery.push import runs, subscriptions
from rongxin.delivery.push.errors import PushError
from rongxin.delivery.push.rules import INTERVAL_HOURS_MAX, KINDS_BY_DEFAULT, Act, Form, RunState, Terms
from rongxin.delivery.webhooks import endpoints, rules
from rongxin.delivery.webhooks import messages as told
from rongxin.delivery.webhooks.errors import WebhookError
from rongxin.delivery.webhooks.rules import MessageState
from rongxin.entrypoints.portals import lists, pages, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties.rules import permission
from rongxin.parties.rules.membership import PartyKind
from rongxin.parties.rules.size_class import SizeClass
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.subject_kind import SubjectKind


def _runs(visitor: Visitor, wanted: Wanted, window: Window) -> Part[runs.Card]:
    state = RunState(wanted["state"]) if wanted["state"] else None
    return runs.part_of(window, visitor.role.party, state=state, sort=wanted.sort)


RUNS = Listing(
    "institution_pushes",
    _lazy("推送记录"),
    (
        Column(_lazy("生成"), lambda run: lists.at(run.intended_at), whole=True),
        Column(_lazy("种类"), lambda run: _("增量") if run.based_on else _("全量")),
        Column(_lazy("行数"), lambda run: run.rows, number=True),
        Column(_lazy("撤下"), lambda run: run.removed, number=True),
        Column(_lazy("状态"), lambda run: Cell(lists.label(run.state), tag="", note=run.reason)),
    ),
    _runs,
    _lazy("还没有推送过。"),
    (Filter("state", _lazy("状态"), "choice", lambda: lists.words(RunState)),),
    (("newest", _lazy("最近产生的在前")), ("oldest", _lazy("最早产生的在前"))),
)


@visitors.page(permission.INSTITUTION, "GET", "POST")
def pushes(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List subscriptions and runs; by POST subscribe to public information of a region."""
    if request.method != "POST" or lists.asked(request):
        return lists.answer(request, visitor, RUNS, "institution/pushes.html", _subscriptions(visitor))
    context = _pushes(request, visitor)
    try:
        terms = _terms(request)
        if not (terms.items and terms.reference and terms.basis):
            raise PushError(_("请选择信息项，并填写业务编号和推送依据"))
        subscriptions.subscribe(visitor.role.party, terms, actor=visitor.actor, as_of=visitor.at)
    except PushError as error:
        context |= {
            "mistake": pages.words(error),
            "given": request.POST,
            **{name: request.POST.getlist(name) for name in ("items_wanted", "kinds_wanted", "sizes_wanted")},
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


def _deliveries(number: UUID) -> Listing:
    """Return the list of what was told to one address."""

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

    return Listing(
        "institution_webhook", _lazy("投递记录"), _TOLD, rows, _lazy("没有这样的通知。"), _NARROWED
    )


def _standing(message: dict[str, Any]) -> Cell:
    dead = message["state"] == MessageState.DEAD
    return Cell(wording.named(message["state_label"]), tag="warn" if dead else "")


def _next(message: dict[str, Any]) -> str:
    return lists.at(message["next_at"]) if message["state"] == MessageState.WAITING else ""


def _result(message: dict[str, Any]) -> str:
    return f"{wording.named(message['last_result_label'])} {message['last_status'] or ''}".strip()


def _event(message: dict[str, Any]) -> Cell:
    """Say what was told; an event that is told no more goes by its name."""
    found = rules.types_for(PartyKind.INSTITUTION.value).get(message["type"])
    return Cell(wording.named(found) if found else message["type"], note=message["type"] if found else "")


_NARROWED = (Filter("state", _lazy("状态"), "choice", lambda: lists.words(MessageState)),)
_TOLD = (
    Column(_lazy("产生"), lambda message: lists.at(message["created_at"]), whole=True),
    Column(_lazy("事件"), _event),
    Column(_lazy("状态"), _standing),
    Column(_lazy("失败"), lambda message: message["failures"], number=True),
    Column(_lazy("最近结果"), _result),
    Column(_lazy("下次"), _next, whole=True),
)


@visitors.page(permission.INSTITUTION, "GET", "POST", unserved=True)
def webhook(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show one address and its messages, what failed marked."""
    context = _address(visitor, number)
    return lists.answer(request, visitor, _deliveries(number), "institution/webhook.html", context)


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


def _terms(request: HttpRequest) -> Terms:
    """Read the terms that a form holds; whether they will do is the room's to say."""
    given = request.POST
    hours = pages.whole(given.get("interval_hours", ""))
    if hours is None or not 1 <= hours <= INTERVAL_HOURS_MAX:
        most = {"most": INTERVAL_HOURS_MAX}
        raise PushError(_("推送间隔应为1至%(most)s之间的整数（小时）") % most)
    return Terms(
        items=tuple(given.getlist("items_wanted")),
        reference=given.get("reference", "").strip(),
        basis=given.get("basis", "").strip(),
        regions=tuple(given.get("regions", "").split()),
        sizes=tuple(given.getlist("sizes_wanted")),
        industries=tuple(given.get("industries", "").split()),
        kinds=tuple(kind for kind in SubjectKind if kind.value in given.getlist("kinds_wanted")),
        individuals_basis=given.get("individuals_basis", "").strip(),
        form=Form.CSV if given.get("form") == Form.CSV else Form.PARQUET,
        interval_hours=hours,
    )


def _pushes(request: HttpRequest, visitor: Visitor) -> dict[str, Any]:
    place = reverse("institution_pushes")
    return {**_subscriptions(visitor), "list": lists.shown(request, visitor, RUNS, place=place)}


def _subscriptions(visitor: Visitor) -> dict[str, Any]:
    known = loader.load()
    return {
        "here": "institution_pushes",
        "subscriptions": [
            {
                **card.document(),
                "labels": [known.items[name].label for name in card.terms.items if name in known.items],
                "kinds": [kind.label for kind in card.terms.kinds],
                "regions": [regions.label(code) for code in card.terms.regions],
            }
            for card in subscriptions.listed(visitor.role.party)
        ],
        "kinds": list(SubjectKind),
        "kinds_wanted": [kind.value for kind in KINDS_BY_DEFAULT],
        "sizes": list(SizeClass),
        "forms": list(Form),
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
    place = reverse("institution_webhook", args=[number])
    return {
        **_address(visitor, number),
        "list": lists.shown(request, visitor, _deliveries(number), place=place),
    }


def _address(visitor: Visitor, number: UUID) -> dict[str, Any]:
    one = endpoints.get(number, party=visitor.actor.party).document()
    labels = rules.types_for(PartyKind.INSTITUTION.value)
    events = [labels.get(event, event) for event in one["events"]]
    return {"here": "institution_webhooks", "one": one, "events": events}
