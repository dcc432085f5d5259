"""报送: a department hands in a file, sees its receipt, takes rejected rows home, takes a batch back."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Item
from rongxin.entrypoints.api import batches as api
from rongxin.entrypoints.portals import pages, visitors
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties.rules import permission
from rongxin.sharing import jobs
from rongxin.sharing.aggregation import batches, outcomes
from rongxin.sharing.errors import SharingError
from rongxin.sharing.rules import Mode
from rongxin.vocabulary.sharing_mode import SharingMode


@visitors.page(permission.PROVIDER, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the batches, the newest first; by POST take in a file, which is filed in the background."""
    context: dict[str, Any] = {
        "here": "provider",
        "name": loader.load().provider_label(visitor.role.party),
        "items": items_of(visitor.role.party),
        "modes": list(Mode),
        "batches": [_line(card) for card in batches.latest(provider=visitor.role.party)],
    }
    if request.method != "POST":
        return pages.render(request, "provider/batches.html", context)
    file = request.FILES.get("file")
    try:
        if file is None:
            raise SharingError(_("没有选择文件：请选择 CSV、XLSX、JSON 或 Parquet 文件"))
        with api.on_disk(file) as path:
            number, repeated = batches.receive(
                path,
                item=request.POST.get("item", ""),
                provider=visitor.role.party,
                actor=visitor.actor,
                as_of=visitor.at,
                file_name=file.name,
                then=jobs.defer,
                mode=Mode(request.POST.get("mode") or Mode.INCREMENT),
                listed_on=_day(request.POST.get("listed_on", "")),
            )
    except (SharingError, ValueError) as error:
        context["mistake"] = pages.words(error)
        return pages.render(request, "provider/batches.html", context, status=422)
    messages.success(
        request, _("这个文件以前报送过，下面是它的回执") if repeated else _("已收到，正在逐行核对")
    )
    return redirect("provider_batch", number=number)


@visitors.page(permission.PROVIDER)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show a batch and its receipt; while it is being filed the page refreshes itself."""
    card = own(number, visitor)
    receipt = batches.receipt_of(number)
    context = {
        "here": "provider",
        **_line(card),
        "receipt": receipt.document() if receipt else None,
    }
    answer = pages.render(request, "provider/batch.html", context)
    if receipt is None and not card.refusal:
        answer["Refresh"] = "3"
    return answer


@visitors.page(permission.PROVIDER)
def rejects(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Hand out the rejected rows with their reasons, to be corrected and handed in again."""
    own(number, visitor)
    answer = HttpResponse(outcomes.rejects_csv(number), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="rejects-{number}.csv"'
    return answer


def own(number: UUID, visitor: Visitor) -> batches.Card:
    try:
        card = batches.get(number)
    except SharingError as error:
        raise Http404(str(error)) from error
    if card.provider != visitor.role.party:
        raise Http404(str(number))
    return card


def items_of(provider: str) -> list[Item]:
    """Return the items whose rows this provider hands in."""
    return [
        item
        for item in loader.load().items.values()
        if any(
            channel.provider == provider and channel.mode is SharingMode.PHYSICAL_AGGREGATION
            for channel in item.channels
        )
    ]


def _line(card: batches.Card) -> dict[str, Any]:
    known = loader.load().items
    return {"card": card, "item": known[card.item].label if card.item in known else card.item}


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
