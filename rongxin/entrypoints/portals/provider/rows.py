"""逐行更正: single rows of a batch corrected, ended or taken back, each with the reason and its receipt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rongxin.catalogue import loader
from rongxin.entrypoints.portals import pages, shown, visitors
from rongxin.entrypoints.portals.provider import batches
from rongxin.entrypoints.portals.provider.batches import own
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules import permission
from rongxin.records.errors import RecordsError
from rongxin.sharing import errands
from rongxin.sharing.aggregation import row_changes
from rongxin.sharing.errors import SharingError

# Fields that may be corrected at a time on the page.
_AT_ONCE = 4
_ERRORS = (SharingError, RecordsError, PartiesError)


@visitors.page(permission.PROVIDER, "GET", "POST")
def changed(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """List what was done to single rows; by POST correct, end or take back one."""
    card = own(number, visitor)
    item = loader.load().item(card.item)
    context: dict[str, Any] = {
        "here": "provider",
        "card": card,
        "item": item,
        "fields": [(one.name, one.label) for one in item.fields],
        "numbers": range(_AT_ONCE),
        "changes": [{**one, "who": shown.actor(one["by"])} for one in row_changes.of_batch(number)],
        "given": request.POST,
    }
    if request.method != "POST":
        return pages.render(request, "provider/rows.html", context)
    try:
        told = _do(request, visitor, number)
    except _ERRORS as error:
        context["mistake"] = pages.words(error)
        return pages.render(request, "provider/rows.html", context, status=422)
    messages.success(request, told)
    return redirect("provider_rows", number=number)


@visitors.page(permission.PROVIDER, "POST")
def withdraw_batch(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Take a whole batch back as if it had never come; confirmed by its file's name."""

    def act() -> str:
        done = errands.ask("batch.withdraw", batch=str(number), actor=visitor.actor, as_of=visitor.at)
        return _("已撤回，%(ended)s条记录不再有效") % done

    return _whole(request, visitor, number, act)


@visitors.page(permission.PROVIDER, "POST")
def end_batch(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """End all rows of a batch that still count, which were right till today; confirmed by its file's name."""
    why, reason = request.POST.get("why", ""), request.POST.get("reason", "").strip()

    def act() -> str:
        if why not in row_changes.ENDINGS or not reason:
            raise SharingError(_("请选择终止的原因并写明依据"))
        given: dict[str, Any] = {"batch": str(number), "why": why, "reason": reason}
        done = errands.ask("batch.end", **given, actor=visitor.actor, as_of=visitor.at)
        return _("已终止%(ended)s条记录，以后的报送不会使它们恢复") % done

    return _whole(request, visitor, number, act)


def _whole(request: HttpRequest, visitor: Visitor, number: UUID, act: Callable[[], str]) -> HttpResponseBase:
    """Act on a whole batch of one's own whose file's name was typed again, and come back to it."""
    card = own(number, visitor)
    try:
        if request.POST.get("name", "").strip() != card.file_name:
            raise SharingError(_("没有办理：请照样填写文件名确认"))
        messages.success(request, act())
    except _ERRORS as error:
        return batches.mistaken(request, visitor, number, error)
    return redirect("provider_batch", number=number)


def _do(request: HttpRequest, visitor: Visitor, number: UUID) -> str:
    line, reason = request.POST.get("line", "").strip(), request.POST.get("reason", "").strip()
    at = pages.whole(line)
    if at is None or not reason:
        raise SharingError(_("请填写行号（与文件一致，首行为列名时数据从第2行起）和原因"))
    given: dict[str, Any] = {"batch": str(number), "line": at, "reason": reason}
    by: dict[str, Any] = {"actor": visitor.actor, "as_of": visitor.at}
    act = request.POST.get("act", "")
    if act == "correct":
        pairs = zip(request.POST.getlist("field"), request.POST.getlist("value"), strict=False)
        values = {field: value.strip() for field, value in pairs if field}
        if not values:
            raise SharingError(_("请选择要更正的列并填写新值"))
        errands.ask("row.correct", **given, values=values, **by)
        return _("第%(line)s行已更正，曾得到它的机构会收到更正通知") % {"line": line}
    if act == "end":
        errands.ask("row.end", **given, why=request.POST.get("why") or "over", **by)
        return _("第%(line)s行的记录已终止") % {"line": line}
    if act == "withdraw":
        errands.ask("row.withdraw", **given, **by)
        return _("第%(line)s行已撤回") % {"line": line}
    raise SharingError(_("请选择更正、终止或撤回"))
