"""使用情况反馈与数据质量: what a department's data were good for, and how good they were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _lazy

from rongxin.delivery import usage_feedback
from rongxin.entrypoints.portals import lists, pages, visitors, wording
from rongxin.entrypoints.portals.lists import Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.financing.rules import Stage
from rongxin.journal.windows import Part, Window
from rongxin.parties.rules import permission
from rongxin.sharing.quality import sheets


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
    found = _sheet(visitor, wanted["month"])["lines"]
    text = wanted["find"]
    return Part([one for one in found if text in wording.named(one["item"]["label"])], None)


def _counted(name: str) -> Callable[[dict[str, Any]], int]:
    return lambda line: line["rows"][name]


QUALITY = Listing(
    "provider_quality",
    _lazy("各信息项的质量"),
    (
        Column(_lazy("信息项"), lambda line: wording.named(line["item"]["label"])),
        Column(_lazy("必填完整"), lambda line: line["completeness"]["required"]["text"], number=True),
        Column(_lazy("规范"), lambda line: line["acceptance"]["text"], number=True),
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
    context = {"here": "provider_quality", "sheet": sheet}
    return lists.answer(request, visitor, QUALITY, "provider/quality.html", context)
