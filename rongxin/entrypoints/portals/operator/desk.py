"""匹配台: rows that wait for the subject they belong to, and what was decided of them, to be taken back."""

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
from rongxin.entrypoints.portals import lists, pages, shown, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules import permission
from rongxin.parties.rules.desk import TAKEN, State
from rongxin.sharing import errands
from rongxin.sharing.aggregation import decisions, waiting_rows
from rongxin.sharing.aggregation.decisions import Card
from rongxin.sharing.aggregation.waiting_rows import Waiting
from rongxin.sharing.errors import SharingError, UnknownDecision, UnknownRow

_HERE, _DECIDED = "operator_matching", "operator_decisions"
_DAYS = (7, 30, 90)
_TONES = {State.PROPOSED: "warn", State.IN_FORCE: "good"}
_ERRORS = (SharingError, PartiesError)


def _items() -> list[tuple[str, str]]:
    return [(item.item, item.label) for item in loader.load().items.values() if item.aggregation]


def _ages() -> list[tuple[str, str]]:
    return [(str(days), _("超过%(days)s天") % {"days": days}) for days in _DAYS]


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[Waiting]:
    return waiting_rows.part_of(
        window,
        find=wanted["find"],
        item=wanted["item"] or None,
        provider=wanted["provider"] or None,
        older_than_days=pages.whole(wanted["days"]),
        as_of=visitor.at,
    )


def _name(row: Waiting) -> Cell:
    at = reverse("operator_settle", args=[row.batch, row.line])
    return Cell(row.traces.name or _("（无名称）"), at, note="" if row.traces.codes else _("没有代码"))


def _place(file_name: str, line: int) -> Cell:
    return Cell(file_name, note=_("第%(line)s行") % {"line": line})


def _how(row: Waiting) -> Cell:
    if row.proposal:
        return Cell(_("待另一人复核"), tag="warn")
    return Cell(_("须两人"), tag="") if row.item.negative else Cell("")


MATCHING = Listing(
    _HERE,
    _lazy("匹配台"),
    (
        Column(_lazy("名称"), _name),
        Column(_lazy("信息项"), lambda row: wording.named(row.item.label)),
        Column(_lazy("提供单位"), lambda row: wording.provider(row.provider)),
        Column(_lazy("文件"), lambda row: _place(row.file_name, row.line)),
        Column(_lazy("等了几天"), lambda row: row.age_days, number=True),
        Column(_lazy("办理"), _how),
    ),
    _rows,
    _lazy("没有等待匹配的记录。"),
    (
        Filter("find", _lazy("文件名"), "search"),
        Filter("item", _lazy("信息项"), "choice", _items),
        Filter("provider", _lazy("数据提供单位"), "choice", wording.providers),
        Filter("days", _lazy("等待"), "choice", _ages),
    ),
)


@visitors.page(permission.DESK, "GET", "POST")
def matching(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List rows that wait, those of the oldest batch first."""
    return lists.answer(request, visitor, MATCHING, "operator/matching.html", {"here": _HERE})


def _decided(visitor: Visitor, wanted: Wanted, window: Window) -> Part[Card]:
    find = wanted["find"]
    state = State(wanted["state"]) if wanted["state"] else None
    return decisions.part_of(window, find=find, items=wording.items_called(find), state=state)


DECISIONS = Listing(
    _DECIDED,
    _lazy("匹配决定"),
    (
        Column(
            _lazy("决定"),
            lambda card: Cell(
                lists.at(card.decided_at), reverse("operator_settle", args=[card.batch, card.line])
            ),
            whole=True,
        ),
        Column(_lazy("信息项"), lambda card: wording.item(card.item)),
        Column(_lazy("文件"), lambda card: _place(card.file_name, card.line)),
        Column(_lazy("结论"), lambda card: Cell(lists.label(card.verdict), note=card.name or "")),
        Column(_lazy("决定人"), lambda card: shown.actor(card.decided_by)),
        Column(_lazy("状态"), lambda card: Cell(lists.label(card.state), tag=_TONES.get(card.state, ""))),
    ),
    _decided,
    _lazy("还没有作过匹配决定。"),
    (lists.SEARCH, Filter("state", _lazy("状态"), "choice", lambda: lists.words(State))),
)


@visitors.page(permission.DESK, "GET", "POST")
def decided(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List what was decided, the newest first."""
    return lists.answer(request, visitor, DECISIONS, "operator/decisions.html", {"here": _DECIDED})


@visitors.page(permission.DESK, "GET", "POST")
def settle(request: HttpRequest, visitor: Visitor, number: UUID, line: int) -> HttpResponseBase:
    """Show a row; by POST attach it to a subject, say that none is meant, or return it.

    What is against a firm takes two. Then the next row that waits is shown.
    """
    context = _one(number, line, visitor)
    if request.method != "POST":
        return pages.render(request, "operator/matching_row.html", context)
    act, reason = request.POST.get("act", ""), request.POST.get("reason", "").strip()
    given: dict[str, Any] = {"batch": number, "line": line, "reason": reason}
    try:
        if act == "match":
            code = request.POST.get("other", "").strip() or request.POST.get("uscc", "")
            if not code:
                raise SharingError(_("请选择一个主体，或填写统一社会信用代码"))
            done = _errand("match.match", visitor, **given, uscc=code)
            waits = done.get("state") == State.PROPOSED
        elif act in ("dismiss", "send_back"):
            if not reason:
                raise SharingError(_("请写明原因"))
            waits = _errand(f"match.{act}", visitor, **given).get("state") == State.PROPOSED
        else:
            raise SharingError(_("请选择归集到哪个主体，或无此主体、退回"))
    except _ERRORS as error:
        return _mistaken(request, context, error)
    messages.success(request, _("已提出，等另一人复核") if waits else _("已办理"))
    return _onward(visitor, number, line)


@visitors.page(permission.CHECKER, "POST")
def confirm(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Put another person's decision in force."""
    card = _decision(number)
    try:
        _errand("match.confirm", visitor, decision=number)
    except _ERRORS as error:
        return _mistaken(request, _one(card.batch, card.line, visitor), error)
    messages.success(request, _("已复核，决定生效"))
    return _onward(visitor, card.batch, card.line)


@visitors.page(permission.DESK, "POST")
def take_back(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Take a decision back, or decline one that is only proposed; the row waits again."""
    card, reason = _decision(number), request.POST.get("reason", "").strip()
    try:
        if not reason:
            raise SharingError(_("请写明原因"))
        _errand("match.reverse", visitor, decision=number, reason=reason)
    except _ERRORS as error:
        return _mistaken(request, _one(card.batch, card.line, visitor), error)
    messages.success(request, _("决定不再有效，这一行重新等待匹配"))
    return redirect("operator_settle", number=card.batch, line=card.line)


def _errand(act: str, visitor: Visitor, **given: Any) -> dict[str, Any]:
    return errands.ask(act, **given, actor=visitor.actor, as_of=visitor.at)


def _mistaken(request: HttpRequest, context: dict[str, Any], error: Exception) -> HttpResponse:
    told = {"mistake": pages.words(error), "given": request.POST}
    return pages.render(request, "operator/matching_row.html", {**context, **told}, status=422)


def _onward(visitor: Visitor, batch: UUID, line: int) -> HttpResponseBase:
    """Go to the row that waits next, so that a person works one after the other."""
    following = waiting_rows.find(after=(batch, line), limit=1, as_of=visitor.at)
    if not following:
        return redirect(_HERE)
    return redirect("operator_settle", number=following[0].batch, line=following[0].line)


def _decision(number: UUID) -> Card:
    try:
        return decisions.get(number)
    except UnknownDecision as error:
        raise Http404(str(error)) from error


def _one(batch: UUID, line: int, visitor: Visitor) -> dict[str, Any]:
    try:
        row = waiting_rows.get(batch, line, as_of=visitor.at)
    except UnknownRow as error:
        raise Http404(str(error)) from error
    taken: list[dict[str, Any]] = [
        {
            "card": card,
            "tone": _TONES.get(card.state, ""),
            "by": shown.actor(card.decided_by),
            "second": shown.actor(card.confirmed_by),
            "closed": shown.actor(card.closed_by),
        }
        for card in decisions.on(batch, line)
    ]
    live = next((one["card"] for one in taken if one["card"].state in TAKEN), None)
    return {
        "here": _HERE,
        "row": row,
        "from": loader.load().provider_label(row.provider),
        "candidates": [] if live else [one.document() for one in row.candidates()],
        "taken": taken,
        "live": live,
        "proposed": live is not None and live.state is State.PROPOSED,
        "checks": permission.CHECKER.admits(visitor.role.party_kind, visitor.role.role),
    }
