"""使用情况反馈: a provider reads what use was made of its information, live and by month ((六))."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from rongxin.entrypoints.api import authentication
from rongxin.entrypoints.api.problems import Problem
from rongxin.parties.rules.membership import PartyKind
from rongxin.rights import feedback

router = Router(tags=["使用情况反馈 Usage feedback"])
_READ = authentication.PROVIDER | authentication.STAFF | authentication.BUREAU


@router.get(
    "",
    auth=_READ,
    summary="使用情况反馈 Use of a month",
)
def show(request: HttpRequest, month: str | None = None, provider: str | None = None) -> dict[str, Any]:
    """Return a month's use (YYYY-MM, without one the present) with the objections lodged in it: a provider's
    own, or the operator's choice.
    """
    caller = authentication.caller(request)
    if caller.party_kind is PartyKind.PROVIDER:
        if provider not in (None, caller.party):
            raise Problem(403, "not_permitted", "数据提供单位只能查看本单位信息的使用情况")
        provider = caller.party
    if provider is None:
        raise Problem(422, "provider_missing", "请以 provider 指明数据提供单位")
    return feedback.of(provider, month, as_of=caller.at)
