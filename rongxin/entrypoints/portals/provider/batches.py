"""报送: a department hands in a file, sees its receipt, takes rejected rows home, takes a batch back."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Item
from rongxin.entrypoints.api import batches as api
from rongxin.entrypoints.portals import lists, pages, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties.rules import permission
from rongxin.sharing import jobs
from rongxin.sharing.aggregation import batches, outcomes, registration, row_changes
from rongxin.sharing.batch_endings import proposals
from rongxin.sharing.errors import SharingError
from rongxin.sharing.quality import wording as rules_in_words
from rongxin.sharing.rules import Mode, RowOutcome, Status
from rongxin.sharing.schedule import lateness
from rongxin.vocabulary.sharing_mode import SharingMode


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    status = Status(wanted["status"]) if wanted["status"] else None
    return batches.part_of(
        window,
        provider=visitor.role.party,
        find=wanted["find"],
        item=wanted["item"] or None,
        status=status,
    ).of(_line)


BATCHES = Listing(
    "provider",
    _lazy("报送的批次"),
    (
        Column(
            _lazy("收到"),
            lambda row: Cell(
                lists.at(row["card"].received_at), reverse("provider_batch", args=[row["card"].id])
            ),
            whole=True,
        ),
        Column(_lazy("信息项"), lambda row: wording.named(row["item"])),
        Column(_lazy("文件"), lambda row: row["card"].file_name),
        Column(_lazy("状态"), lambda row: lists.label(row["card"].status)),
    ),
    _rows,
    _lazy("还没有报送过。"),
    (
        Filter("find", _lazy("文件名"), "search"),
        Filter("item", _lazy("信息项"), "choice", wording.items),
        Filter("status", _lazy("状态"), "choice", lambda: lists.words(Status)),
    ),
)


@visitors.page(permission.PROVIDER, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the batches, the newest first; by POST take in a file, which is filed in the background."""
    context: dict[str, Any] = {
        "here": "provider",
        "name": loader.load().provider_label(visitor.role.party),
        "items": items_of(visitor.role.party),
        "modes": list(Mode),
        "late": _late(visitor),
        "proposed": [_line(one) for one in proposals.waiting_for(visitor.role.party)],
    }
    if request.method != "POST" or lists.asked(request):
        return lists.answer(request, visitor, BATCHES, "provider/batches.html", context)
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
        context |= {"mistake": pages.words(error), "list": lists.shown(request, visitor, BATCHES)}
        return pages.render(request, "provider/batches.html", context, status=422)
    messages.success(
        request, _("这个文件以前报送过，下面是它的回执") if repeated else _("已收到，正在逐行核对")
    )
    return redirect("provider_batch", number=number)


def _rule(row: outcomes.RowEnd) -> Cell:
    """Say a rule in words, its code beside it: the receipt and the reference know it by that."""
    words = wording.named(rules_in_words.of_rule(row.rule))
    return Cell(words, note="" if words == row.rule else row.rule)


def _rejects(number: UUID) -> Listing:
    """Return the list of a batch's rows that didn't simply end in the store, with the reason of each."""

    def rows(_visitor: Visitor, wanted: Wanted, window: Window) -> Part[outcomes.RowEnd]:
        outcome = RowOutcome(wanted["outcome"]) if wanted["outcome"] else None
        return outcomes.part_of(number, window, find=wanted["find"], outcome=outcome)

    return Listing(
        "provider_batch",
        _lazy("未入库的行"),
        (
            Column(_lazy("行号"), lambda row: row.line, number=True),
            Column(_lazy("结果"), lambda row: lists.label(row.outcome)),
            Column(_lazy("规则"), _rule),
            Column(_lazy("原因"), lambda row: row.message),
        ),
        rows,
        _lazy("没有退回、待匹配或重复的行。"),
        (
            Filter("find", _lazy("规则或原因"), "search"),
            Filter("outcome", _lazy("结果"), "choice", lambda: lists.words(RowOutcome)),
        ),
    )


@visitors.page(permission.PROVIDER, "GET", "POST")
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show a batch, its receipt and the rows that came back; while it is being filed the page refreshes."""
    context = _one(number, visitor)
    answer = lists.answer(request, visitor, _rejects(number), "provider/batch.html", context)
    if context["receipt"] is None and not context["card"].refusal:
        answer["Refresh"] = "3"
    return answer


def mistaken(request: HttpRequest, visitor: Visitor, number: UUID, error: Exception) -> HttpResponseBase:
    """Show the same page with what is wrong with an act on the whole batch, and what was typed."""
    place = reverse("provider_batch", args=[number])
    told = {
        "mistake": pages.words(error),
        "given": request.POST,
        "list": lists.shown(request, visitor, _rejects(number), place=place),
    }
    return pages.render(request, "provider/batch.html", {**_one(number, visitor), **told}, status=422)


def _one(number: UUID, visitor: Visitor) -> dict[str, Any]:
    card, receipt = own(number, visitor), batches.receipt_of(number)
    known = loader.load().items.get(card.item)
    return {
        "here": "provider",
        **_line(card),
        "receipt": receipt.document() if receipt else None,
        "proposals": proposals.of_batch(number),
        "stands": card.status is Status.FILED,
        "ends": known is not None and known.item != registration.ITEM,
        "endings": [(name, why.label) for name, why in row_changes.ENDINGS.items()],
    }


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


def _late(visitor: Visitor) -> list[dict[str, Any]]:
    """Return what should have come by today and has not, the longest due first."""
    plans = lateness.shown(provider=visitor.role.party, as_of=visitor.at)
    return sorted((one for one in plans if one["overdue"]), key=lambda one: str(one["overdue"]["due_on"]))


def _line(card: batches.Card | proposals.Card) -> dict[str, Any]:
    known = loader.load().items
    return {"card": card, "item": known[card.item].label if card.item in known else card.item}


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
