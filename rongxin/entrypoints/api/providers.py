"""数据提供单位: how well each one's gateway answers, told before a consent is asked for ((五))."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from rongxin.catalogue import loader
from rongxin.entrypoints.api import authentication
from rongxin.sharing import call_register, gateways

router = Router(tags=["数据提供单位 Providers"])


@router.get("/health", auth=authentication.INSTITUTION, summary="应答情况 How providers answer")
def health(request: HttpRequest) -> list[dict[str, Any]]:
    """Return for each provider with a gateway how many questions of the last day it answered, how fast."""
    caller = authentication.caller(request)
    catalogue = loader.load()
    return [
        {
            "provider": one.provider,
            "label": catalogue.provider_label(one.provider),
            "asked": one.asked,
            "answered": one.answered,
            "rate": one.rate,
            "mean_ms": one.mean_ms,
            "last_answered_at": one.last_answered_at,
        }
        for one in call_register.health(gateways.known(), as_of=caller.at)
    ]
