"""数据质量: a month's figures of every provider for the operator, of its own for a provider ((五))."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Router

from rongxin.delivery import quality_report
from rongxin.delivery.rendering.press import Press
from rongxin.entrypoints.api import authentication, paging
from rongxin.entrypoints.api.authentication import Caller
from rongxin.entrypoints.api.problems import Problem
from rongxin.parties.rules.membership import PartyKind
from rongxin.sharing.quality import sheets

router = Router(tags=["数据质量 Quality"])
_EITHER = authentication.PROVIDER | authentication.STAFF | authentication.BUREAU
_PRESS = Press()


@router.get("", auth=_EITHER, summary="数据质量表 Quality of a month")
def show(
    request: HttpRequest, month: str | None = None, provider: str | None = None, find: paging.Find = ""
) -> dict[str, Any]:
    """Return the sheet of a month (YYYY-MM, without one the present): a provider's own, or for the operator
    that of all or of the one named; `find`: of the items with this in their or their provider's name.
    """
    caller = authentication.caller(request)
    asked = sheets.checked_month(month, as_of=caller.at)
    return sheets.of(asked, provider=_allowed(caller, provider), find=find, as_of=caller.at)


@router.get("/report.pdf", auth=_EITHER, summary="数据质量月报 Monthly report to a provider")
def report(request: HttpRequest, month: str | None = None, provider: str | None = None) -> HttpResponse:
    """Return the monthly report to a provider as PDF."""
    caller = authentication.caller(request)
    asked = sheets.checked_month(month, as_of=caller.at)
    owner = _allowed(caller, provider)
    if owner is None:
        raise Problem(422, "provider_missing", "月报按单位出具：请以 provider 指明数据提供单位")
    return pdf_of(owner, asked, as_of=caller.at)


def pdf_of(owner: str, month: str, *, as_of: datetime) -> HttpResponse:
    """Print and hand out a provider's report."""
    printed = quality_report.pdf(
        _PRESS,
        owner,
        month,
        node=settings.RONGXIN_NODE_NAME,
        notice=settings.RONGXIN_NOTICE,
        as_of=as_of,
    )
    answer = HttpResponse(printed, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="quality-{owner}-{month}.pdf"'
    return answer


def _allowed(caller: Caller, provider: str | None) -> str | None:
    """Return whose figures a caller gets: a provider's are its own, whatever it asks for."""
    if caller.party_kind is not PartyKind.PROVIDER:
        return provider
    if provider not in (None, caller.party):
        raise Problem(403, "not_permitted", "数据提供单位只能查看本单位的数据质量")
    return caller.party
