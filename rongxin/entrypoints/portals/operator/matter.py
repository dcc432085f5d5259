"""What two people decide on, by `operator/matter.html` or what extends it: shown, one of its acts done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from rongxin.entrypoints.portals import pages

_PAGE = "operator/matter.html"


def answer(
    request: HttpRequest,
    context: dict[str, Any],
    acts: Mapping[str, Callable[[str], object]],
    *,
    freely: str,
    refusal: type[Exception],
    errors: type[Exception] | tuple[type[Exception], ...],
    here: HttpResponseBase,
    page: str = _PAGE,
    done: str = "",
    again: Callable[[], dict[str, Any]] | None = None,
) -> HttpResponseBase:
    """Show a matter, or do one of `acts`, each given the reason, which `freely` alone needs none of.

    What isn't offered or lacks its reason is a `refusal`; `errors` are told on the page, which keeps the
    reason; `again` shows the matter anew where a refused act leaves it otherwise than it was. Then the
    visitor is told what was `done` and goes `here`.
    """
    if request.method != "POST":
        return pages.render(request, page, context)
    act, why = request.POST.get("act", ""), request.POST.get("reason", "").strip()
    try:
        if act not in [value for value, _label in context["acts"]]:
            raise refusal(_("请选择要办理的事项"))
        if act != freely and not why:
            raise refusal(_("请写明理由"))
        acts[act](why)
    except errors as error:
        told = {**(again() if again else context), "mistake": pages.words(error), "reason": why}
        return pages.render(request, page, told, status=422)
    messages.success(request, done or _("已办理，立即生效"))
    return here
