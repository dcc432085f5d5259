"""Pages for 平台运营: what the operator watches. Counts only, nothing of a subject; read-only.

The operator's people see it as they are signed in; a machine shows the operator's API key as a password (HTTP
Basic). A demo's figures are invented, so there the page is open.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from rongxin.entrypoints.api import authentication
from rongxin.entrypoints.api.problems import Problem
from rongxin.entrypoints.portals import pages, visitors
from rongxin.parties import providers
from rongxin.parties.errors import UnknownParty
from rongxin.parties.rules import permission
from rongxin.sharing.errors import BadMonth
from rongxin.sharing.quality import rules, sheets


@require_safe
def quality(request: HttpRequest) -> HttpResponse:
    """Show how complete, valid and timely what departments hand in is, of a month and the months before."""
    if not _admitted(request):
        return _who_are_you()
    now = timezone.now()
    try:
        month = sheets.checked_month(request.GET.get("month") or None, as_of=now)
        sheet = sheets.of(month, provider=request.GET.get("provider") or None, as_of=now)
    except (BadMonth, UnknownParty) as error:
        raise Http404(str(error)) from error
    context = {
        "sheet": sheet,
        "before": rules.months_until(month, 2)[0],
        "later": rules.month_after(month) if month < sheets.month_of(now) else None,
        "providers": providers.every(),
        "trend": [{**one, "bar": _bar(one["acceptance"])} for one in sheet["trend"]],
        "lines": [{**line, "bar": _bar(line["acceptance"])} for line in sheet["lines"]],
        "here": "operator_quality",
    }
    return pages.render(request, "operator/quality.html", context)


def _bar(share: Mapping[str, Any]) -> int:
    """How long a bar is of a hundred."""
    return share["part"] * 100 // share["whole"] if share["whole"] else 0


def _admitted(request: HttpRequest) -> bool:
    found = None if visitors.must_change(request) else visitors.current(request)
    if found is not None and permission.STAFF.admits(found.role.party_kind, found.role.role):
        vars(request)["visitor"] = found  # for the templates' heading
        return True
    if settings.RONGXIN_MODE == "demo":
        return True
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        key = base64.b64decode(given, validate=True).decode().partition(":")[2]
        return authentication.STAFF.authenticate(request, key) is not None
    except (binascii.Error, UnicodeDecodeError, Problem):
        return False


def _who_are_you() -> HttpResponse:
    text = _("本页面供平台运营人员使用：用户名任意，密码为平台运营单位的接口密钥。\n")
    answer = HttpResponse(text, status=401, content_type="text/plain; charset=utf-8")
    answer["WWW-Authenticate"] = 'Basic realm="rongxin operator", charset="UTF-8"'
    return answer
