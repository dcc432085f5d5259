"""From where a request came, where that counts: failures to sign in, applications at the open door."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def of(request: HttpRequest) -> str:
    """Return the address that the nearest trusted proxy saw."""
    if settings.RONGXIN_PROXIES:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
        if len(hops) >= settings.RONGXIN_PROXIES:
            return hops[-settings.RONGXIN_PROXIES]
    return str(request.META.get("REMOTE_ADDR", ""))
