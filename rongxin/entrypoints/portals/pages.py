"""What all pages share: the frame around them, and refusals and errors in words with what to do next."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string

from rongxin.entrypoints.portals import menus, unbroken, uploads, wording
from rongxin.journal.windows import Window

_DIGITS_MAX = 18
_SOUGHT_MAX = 100
_LOG = logging.getLogger(__name__)


def node() -> str:
    """Return the node's name."""
    return str(settings.RONGXIN_NODE_NAME)


def render(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a page in the common frame; `here` in the context says which entry of the menu it belongs to."""
    menu, here = _menu(request), str(context.get("here", ""))
    # No browser fills a file in again: who is told of a mistake gets it back, or is told that it is lost.
    comes_back = status == uploads.MISTAKE and "mistake" in context and "visitor" in vars(request)
    kept, lost = uploads.brought_along(request) if comes_back else ({}, [])
    shared = {
        "node": node(),
        "menu": menu,
        "submenu": next((one for one in menu if len(one.entries) > 1 and one.holds(here)), None),
        "notice": settings.RONGXIN_NOTICE,
        "here": "",
        "visitor": getattr(request, "visitor", None),
        "signed_in": _is_signed_in(request),
        "kept_files": kept,
        "lost_files": lost,
    }
    page = render_to_string(template, {**shared, **context}, request)
    return HttpResponse(unbroken.kept(page), status=status)


def _is_signed_in(request: HttpRequest) -> bool:
    """Whether somebody reads an open page who is signed in; for whoever has no session nothing is asked."""
    user = getattr(request, "user", None)  # none yet where a request is refused at the door
    return settings.SESSION_COOKIE_NAME in request.COOKIES and user is not None and user.is_authenticated


def _menu(request: HttpRequest) -> tuple[menus.Group, ...]:
    visitor = getattr(request, "visitor", None)
    return () if visitor is None else menus.groups(visitor.role)


def refusal(request: HttpRequest, status: int, what: str, what_to_do: str = "") -> HttpResponse:
    """Say that something can't be done, why, and what to do instead."""
    return render(request, "refusal.html", {"what": what, "what_to_do": what_to_do}, status=status)


def words(error: Exception) -> str:
    """Return what to tell a person of an error, in the language of the page."""
    return wording.of_error(error)[1]


def first(rows_max: int) -> Window:
    """Return the beginning of a list."""
    return Window(rows_max)


def window(request: HttpRequest, rows_max: int = 50) -> Window:
    """Return the part of a list that a page is asked for."""
    return Window(rows_max, tuple(request.GET.getlist("after")) or None)


def sought(request: HttpRequest) -> str:
    """Return what somebody looks for in a list, by the form `find.html`."""
    return request.GET.get("find", "").strip()[:_SOUGHT_MAX]


def onward(last: tuple[str, ...] | None, **kept: str) -> str:
    """Return the query of the next part, with what else the list was asked for; "" where the list ends."""
    asked = [(name, value) for name, value in kept.items() if value]
    return urlencode([*asked, *(("after", place) for place in last)]) if last else ""


def whole(text: str) -> int | None:
    """Read a whole number as a form sends it; None for anything else, and for more digits than a number has
    that is kept anywhere.
    """
    return int(text) if text.isdecimal() and len(text) <= _DIGITS_MAX else None


def told(request: HttpRequest, error: Exception) -> HttpResponse:
    """Turn the error of a room into a page; what isn't one of ours is logged and told without its text."""
    if isinstance(error, Http404):
        raise error
    status, what = wording.of_error(error)
    if status >= 500:
        _LOG.error("unexpected error at %s", request.path, exc_info=error)
    return refusal(request, status, what)
