"""使用情况反馈与数据质量: what a department's data were good for, and how good they were."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.delivery import usage_feedback
from rongxin.entrypoints.api import quality as quality_pdf
from rongxin.entrypoints.portals import lists, pages, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.financing.rules import Stage
from rongxin.journal.windows import Part, Window
from rongxin.parties.rules import permission
from rongxin.rights import objections
from rongxin.sharing.quality import rules, sheets
from rongxin.vocabulary.zone import BUSINESS_ZONE


@visitors.page(permission.PROVIDER)
def use(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Show what use was made of the provider's information in a month."""
    sheet = usage_feedback.of(visitor.role.party, request.GET.get("month") or None, as_of=visitor.at)
    context = {"here": "provider_use", "sheet": sheet, "stages": {one.value: one.label for one in Stage}}
    return pages.render(request, "provider/use.html", context)


def _sheet(visitor: Visitor, asked: str) -> dict[str, Any]:
    month = sheets.checked_month(asked or None, as_of=visitor.at)
    return sheets.of(month, provider=visitor.role.party, as_of=visitor.at)


def _lines(visitor: Visitor, wanted: Wanted, _window: Window) -> Part[dict[str, Any]]:
    """Return all of a month's items: no provider has more of them than a page holds."""
    sheet = _sheet(visitor, wanted["month"])
    objected, text = _objected(visitor, sheet["month"]), wanted["find"]
    found = [
        {**one, "objected": objected.get(one["item"]["id"], (0, 0))}
        for one in sheet["lines"]
        if text in wording.named(one["item"]["label"])
    ]
    return Part(found, None)


def _objected(visitor: Visitor, month: str) -> dict[str, tuple[int, int]]:
    """Return of each item how many objections came in a month, and how many of them were upheld."""
    first, last = rules.span_of(month)
    since, until = (datetime.combine(day, time(), BUSINESS_ZONE) for day in (first, last + timedelta(days=1)))
    return objections.counts(visitor.role.party, since, until)


def _timely(line: dict[str, Any]) -> Cell:
    found = line["timeliness"]
    if found is None:
        return Cell("—")
    late = _("%(rows)s行逾期") % {"rows": found["late"]} if found["late"] else ""
    return Cell(found["text"], note=late, warns=True)


def _in_time(line: dict[str, Any]) -> str:
    return f"{line['schedule']['in_time']}/{line['schedule']['due']}" if line["schedule"] else "—"


def _contested(line: dict[str, Any]) -> Cell:
    lodged, upheld = line["objected"]
    return Cell(str(lodged), note=_("%(upheld)s件成立") % {"upheld": upheld} if upheld else "")


def _counted(name: str) -> Callable[[dict[str, Any]], int]:
    return lambda line: line["rows"][name]


QUALITY = Listing(
    "provider_quality",
    _lazy("各信息项的质量"),
    (
        Column(_lazy("信息项"), lambda line: wording.named(line["item"]["label"])),
        Column(_lazy("必填完整"), lambda line: line["completeness"]["required"]["text"], number=True),
        Column(_lazy("规范"), lambda line: line["acceptance"]["text"], number=True),
        Column(_lazy("及时"), _timely, number=True),
        Column(_lazy("按期"), _in_time, number=True),
        Column(_lazy("异议"), _contested, number=True),
        Column(_lazy("行数"), _counted("read"), number=True),
        Column(_lazy("入库"), _counted("accepted"), number=True),
        Column(_lazy("退回"), _counted("rejected"), number=True),
        Column(_lazy("待匹配"), _counted("pending"), number=True),
        Column(_lazy("重复"), _counted("duplicate"), number=True),
    ),
    _lines,
    _lazy("本月没有入库的批次。"),
    (Filter("month", _lazy("月份（如 2026-11）")), Filter("find", _lazy("信息项"), "search")),
)


@visitors.page(permission.PROVIDER, "GET", "POST")
def quality(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """Show how complete, valid and timely the provider's batches of a month are."""
    sheet = _sheet(visitor, QUALITY.wanted(request)["month"])
    objected = _objected(visitor, sheet["month"]).values()
    context = {
        "here": "provider_quality",
        "sheet": sheet,
        "lodged": sum(lodged for lodged, _upheld in objected),
        "upheld": sum(upheld for _lodged, upheld in objected),
    }
    return lists.answer(request, visitor, QUALITY, "provider/quality.html", context)


@visitors.page(permission.PROVIDER)
def report(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Hand out the monthly report on the provider's data, as the API does."""
    month = sheets.checked_month(request.GET.get("month") or None, as_of=visitor.at)
    return quality_pdf.pdf_of(visitor.role.party, month, as_of=visitor.at)
