"""批次: every provider's batches; a whole one is proposed to be ended or withdrawn as foreseen ((五)(九))."""

from __future__ import annotations

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
from rongxin.entrypoints.portals import lists, pages, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.operator import proposals as proposed
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules import permission
from rongxin.records.errors import RecordsError
from rongxin.sharing import errands
from rongxin.sharing.aggregation import batches, registration, row_changes
from rongxin.sharing.aggregation.batches import Card
from rongxin.sharing.batch_endings import proposals, rules
from rongxin.sharing.batch_endings.rules import Foreseen, Measure, State
from rongxin.sharing.errors import SharingError, UnknownBatch
from rongxin.sharing.rules import Mode, Status

_HERE = "operator_batches"
_SEES = permission.DESK | permission.AUDIT
_ERRORS = (SharingError, RecordsError, PartiesError)
_TONES = {Status.FILED: "good", Status.HELD: "warn"}


def _rows(_visitor: Visitor, wanted: Wanted, window: Window) -> Part[Card]:
    return batches.part_of(
        window,
        provider=wanted["provider"] or None,
        find=wanted["find"],
        item=wanted["item"] or None,
        status=Status(wanted["status"]) if wanted["status"] else None,
    )


BATCHES = Listing(
    _HERE,
    _lazy("批次"),
    (
        Column(
            _lazy("收到"),
            lambda card: Cell(lists.at(card.received_at), reverse("operator_batch", args=[card.id])),
            whole=True,
        ),
        Column(_lazy("信息项"), lambda card: wording.item(card.item)),
        Column(_lazy("提供单位"), lambda card: wording.provider(card.provider)),
        Column(_lazy("文件"), lambda card: card.file_name),
        Column(_lazy("入库"), lambda card: card.counts.accepted, number=True),
        Column(_lazy("状态"), lambda card: Cell(lists.label(card.status), tag=_TONES.get(card.status, ""))),
    ),
    _rows,
    _lazy("没有符合条件的批次。"),
    (
        Filter("find", _lazy("文件名"), "search"),
        Filter("item", _lazy("信息项"), "choice", wording.items),
        Filter("provider", _lazy("数据提供单位"), "choice", wording.providers),
        Filter("status", _lazy("状态"), "choice", lambda: lists.words(Status)),
    ),
)


@visitors.page(_SEES, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the batches of all providers, the newest first."""
    return lists.answer(request, visitor, BATCHES, "operator/batches.html", {"here": _HERE})


@visitors.page(_SEES, "GET", "POST")
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show a batch; by POST say what ending or withdrawing it would touch, then propose it as shown."""
    context = _one(number, visitor)
    if request.method != "POST":
        return pages.render(request, "operator/batch.html", context)
    given = request.POST
    try:
        if not context["proposes"]:
            raise SharingError(_("整批终止或撤回由经办或复核人员提出，且该批次须已入库、没有待复核的提议"))
        return _asked(request, visitor, number, context)
    except _ERRORS as error:
        told = {**_one(number, visitor), "given": given, "mistake": pages.words(error)}
        return pages.render(request, "operator/batch.html", told, status=422)


def _asked(request: HttpRequest, visitor: Visitor, number: UUID, context: dict[str, Any]) -> HttpResponseBase:
    given = request.POST
    measure, why, ground = given.get("measure", ""), "", given.get("ground", "").strip()
    if measure in row_changes.ENDINGS:
        measure, why = Measure.END.value, measure
    if measure not in list(Measure) or (measure == Measure.END and not why):
        raise SharingError(_("请选择撤回，或终止的原因"))
    if not ground:
        raise SharingError(_("请写明依据：法律条款，或来函、文书的文号"))
    told: dict[str, Any] = {"batch": number, "measure": measure, "why": why}
    by: dict[str, Any] = {"actor": visitor.actor, "as_of": visitor.at}
    if given.get("act") != "propose":
        found = Foreseen(**errands.ask("batch.foresee", **told, **by))
        return _foreseen(request, context, found, proposed.facts_of(found, context["item"]))
    seen = given.get("seen", "")
    done = errands.ask("batch.propose", **told, ground=ground, seen=seen, **by)
    messages.success(request, _("已提出，由另一人复核后执行；提供单位可以看到"))
    return redirect("operator_batch_proposal", number=done["proposal"])


def _foreseen(
    request: HttpRequest, context: dict[str, Any], found: Foreseen, facts: list[tuple[str, str]]
) -> HttpResponse:
    shown = {"given": request.POST, "seen": found.mark, "facts": facts}
    return pages.render(request, "operator/batch.html", {**context, **shown})


def _one(number: UUID, visitor: Visitor) -> dict[str, Any]:
    try:
        card = batches.get(number)
    except UnknownBatch as error:
        raise Http404(str(error)) from error
    every = proposals.of_batch(number)
    waits = any(one.state is State.PROPOSED for one in every)
    may = permission.DESK.admits(visitor.role.party_kind, visitor.role.role)
    return {
        "here": _HERE,
        "card": card,
        "item": card.item,
        "from": loader.load().provider_label(card.provider),
        "label": wording.item(card.item),
        "full": card.mode is Mode.SNAPSHOT,
        "tone": _TONES.get(card.status, ""),
        "ways": _ways(card),
        "ground_max": rules.GROUND_MAX,
        "proposals": every,
        "proposes": may and card.status is Status.FILED and not waits,
    }


def _ways(card: Card) -> list[tuple[str, str]]:
    """What may be done to it; a licence is a firm's registration and is only ever taken back."""
    withdrawn = [(Measure.WITHDRAW.value, _("撤回：误报，视为没有报送，此前的记录恢复有效"))]
    if card.item == registration.ITEM:
        return withdrawn
    text = _("终止：%(why)s，此前的使用不受影响，以后的报送不会使其恢复")
    endings = row_changes.ENDINGS.items()
    return withdrawn + [(name, text % {"why": wording.named(why.label)}) for name, why in endings]
