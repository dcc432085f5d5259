"""In which language a visitor reads: by their choice, kept in a cookie; before any, as their browser asks."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from rongxin.entrypoints.portals import visitors

# By its short name in the address, Django's code.
_CODES = {"zh": "zh-hans", "en": "en"}


@require_safe
def choose(request: HttpRequest, language: str) -> HttpResponseBase:
    """Keep the choice and go back to the page from which it was made."""
    if language not in _CODES:
        raise Http404(language)
    answer = redirect(visitors.next_page(request, reverse("front")))
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        _CODES[language],
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return answer
