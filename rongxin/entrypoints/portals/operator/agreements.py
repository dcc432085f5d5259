"""批量调用约定: what providers agreed to in writing; entered by one, checked by another ((五))."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Item
from rongxin.entrypoints.portals import lists, pages, shown, uploads, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Listing, Wanted
from rongxin.entrypoints.portals.operator import matter
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties.kept_files import KeptFileGone
from rongxin.parties.rules import permission
from rongxin.sharing.bulk import agreements, rules
from rongxin.sharing.bulk.agreements import Card
from rongxin.sharing.bulk.rules import Act, State, Terms
from rongxin.sharing.errors import SharingError
from rongxin.vocabulary.sharing_mode import SharingMode

_HERE = "operator_agreements"
_DAYS = ("signed_on", "from_on", "until_on")
_NUMBERS = ("calls_per_minute", "refresh_days", "keep_days")


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[Card]:
    """Return all of them: no node has more agreements than items."""
    return Part(agreements.every()[: window.rows_max], None)


AGREEMENTS = Listing(
    _HERE,
    _lazy("批量调用约定"),
    (
        Column(
            _lazy("信息项"),
            lambda card: Cell(wording.item(card.item), reverse("operator_agreement", args=[card.id])),
        ),
        Column(_lazy("提供单位"), lambda card: wording.provider(card.provider)),
        Column(_lazy("文号"), lambda card: card.terms.document_number),
        Column(_lazy("至"), lambda card: card.terms.until_on.isoformat()),
        Column(_lazy("状态"), lambda card: Cell(lists.label(card.state), tag=_tone(card))),
    ),
    _rows,
    _lazy("没有批量调用的书面约定：平台只在企业办理业务时逐次调用。"),
)


@visitors.page(permission.STAFF, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the agreements, the newest first; by POST enter what a paper says."""
    context = {
        "here": _HERE,
        "given": request.POST,
        "items": [item for item in loader.load().items.values() if _may_be_called(item)],
        "proposes": permission.DESK.admits(visitor.role.party_kind, visitor.role.role),
    }
    if request.method != "POST" or lists.asked(request):
        return lists.answer(request, visitor, AGREEMENTS, "operator/agreements.html", context)
    try:
        if not context["proposes"]:
            raise SharingError(_("批量调用约定由经办或复核人员录入"))
        item = loader.load().items.get(request.POST.get("item", ""))
        if item is None:
            raise SharingError(_("请选择信息项"))
        agreements.propose(
            _terms(request), provider=_channel(item), item=item.item, actor=visitor.actor, as_of=visitor.at
        )
    except (SharingError, KeptFileGone) as error:
        told = {"mistake": pages.words(error), "list": lists.shown(request, visitor, AGREEMENTS)}
        return pages.render(request, "operator/agreements.html", {**context, **told}, status=422)
    messages.success(request, _("已录入，由另一人与原件核对后生效"))
    return redirect(_HERE)


@visitors.page(permission.STAFF, "GET", "POST")
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show an agreement whole; by POST confirm, decline or end it."""
    context = _one(agreements.get(number), visitor)
    by: dict[str, Any] = {"actor": visitor.actor, "as_of": visitor.at}
    acts = {
        Act.CONFIRM.value: lambda why: agreements.confirm(number, **by),
        Act.DECLINE.value: lambda why: agreements.decline(number, reason=why, **by),
        Act.END.value: lambda why: agreements.end(number, reason=why, **by),
    }
    here = redirect("operator_agreement", number=number)
    told: dict[str, Any] = {"refusal": SharingError, "errors": SharingError}
    return matter.answer(request, context, acts, freely=Act.CONFIRM.value, here=here, **told)


def _terms(request: HttpRequest) -> Terms:
    given, paper = request.POST, uploads.of(request, "paper")
    if paper is None:
        raise SharingError(_("请选择双方签署的约定（扫描件）；平台只留它的指纹"))
    try:
        signed, first, last = (date.fromisoformat(given.get(name, "")) for name in _DAYS)
    except ValueError as error:
        raise SharingError(_("请填写日期，形如 2026-12-31")) from error
    calls, refresh, keep = (pages.whole(given.get(name, "")) for name in _NUMBERS)
    if calls is None or refresh is None or keep is None:
        raise SharingError(_("每分钟次数、更新天数和保存天数应为整数"))
    return Terms(
        document_number=given.get("document_number", "").strip(),
        document_sha256=paper.sha256,
        signed_on=signed,
        from_on=first,
        until_on=last,
        calls_per_minute=calls,
        refresh_days=refresh,
        keep_days=keep,
    )


def _may_be_called(item: Item) -> bool:
    return bool(_channel(item))


def _channel(item: Item) -> str:
    """Return who answers calls about an item that need no consent; "" where nobody does."""
    free = (one for one in item.channels if one.mode is SharingMode.INTERFACE_CALL and not one.consent)
    return next((one.provider for one in free), "")


def _tone(card: Card) -> str:
    return {State.PROPOSED: "warn", State.IN_FORCE: "good"}.get(card.state, "")


def _one(card: Card, visitor: Visitor) -> dict[str, Any]:
    terms, role = card.terms, visitor.role
    words = {
        Act.CONFIRM: _("与原件一致，核对"),
        Act.DECLINE: _("不予核对"),
        Act.END: _("终止"),
    }
    may = {Act.CONFIRM: permission.CHECKER, Act.DECLINE: permission.DESK, Act.END: permission.DESK}
    acts = [act for act in rules.TRANSITIONS[card.state] if act in may]
    return {
        "here": _HERE,
        "title": wording.item(card.item),
        "state": card.state.label,
        "waits": card.state is State.PROPOSED,
        "facts": [
            (_("提供单位"), wording.provider(card.provider)),
            (_("文号"), terms.document_number),
            (_("签署日期"), terms.signed_on.isoformat()),
            (_("有效期"), f"{terms.from_on} — {terms.until_on}"),
            (_("每分钟至多"), _("%(calls)s次") % {"calls": terms.calls_per_minute}),
            (_("每几天更新一次"), str(terms.refresh_days)),
            (_("终止后还可保存"), _("%(days)s天") % {"days": terms.keep_days}),
            (_("原件指纹（SHA-256）"), terms.document_sha256),
            (_("录入人"), f"{shown.actor(card.proposed_by)} {lists.at(card.proposed_at)}"),
            (_("核对人"), shown.actor(card.decided_by)),
            (_("结束"), f"{card.ended_on or ''} {card.closed_why}".strip()),
        ],
        "acts": [(act.value, words[act]) for act in acts if may[act].admits(role.party_kind, role.role)],
        "meaning": _("录入人不能核对自己录入的。终止立即生效，不再向该单位批量调用。"),
        "reasoned": True,
        "back": _("回到批量调用约定"),
    }
