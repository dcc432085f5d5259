"""使用情况反馈与数据质量: what a department's data were good for, and how good they were."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from rongxin.delivery import usage_feedback
from rongxin.entrypoints.portals import pages, visitors
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties.rules import permission
from rongxin.sharing.quality import sheets


@visitors.page(permission.PROVIDER)
def use(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Show what use was made of the provider's information in a month."""
    sheet = usage_feedback.of(visitor.role.party, request.GET.get("month") or None, as_of=visitor.at)
    return pages.render(request, "provider/use.html", {"here": "provider_use", "sheet": sheet})


@visitors.page(permission.PROVIDER)
def quality(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Show how complete, valid and timely the provider's batches of a month are."""
    month = sheets.checked_month(request.GET.get("month") or None, as_of=visitor.at)
    sheet = sheets.of(month, provider=visitor.role.party, as_of=visitor.at)
    return pages.render(request, "provider/quality.html", {"here": "provider_quality", "sheet": sheet})
