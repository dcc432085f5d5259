"""Headers that hold for every page: nothing from elsewhere, nothing inline, nobody's frame."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

# No nonce and no hash: a page of ours has no script or style in it, so an injected one never runs.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


def policy(*, form_action: str) -> str:
    """Return the policy of a page whose form may lead to one other origin, too."""
    return POLICY.replace("form-action 'self'", f"form-action 'self' {form_action}")


class ContentSecurityPolicy:
    """Set the policy on every answer that doesn't carry a stricter one of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response
