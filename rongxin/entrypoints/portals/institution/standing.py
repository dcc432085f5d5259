"""接入与续评: whether the institution is served, through which day, and its renewal ((十))."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rongxin.entrypoints.portals import pages, visitors, wording
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.governance.errors import ApplicationRefused, GovernanceError
from rongxin.governance.onboarding import door, parameters
from rongxin.governance.onboarding.rules import WAITING, Questionnaire
from rongxin.parties import institutions
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules import permission
from rongxin.parties.rules.standing import Standing

_HERE = "institution_standing"
_EITHER = permission.INSTITUTION | permission.INSTITUTION_ADMINISTRATOR


@visitors.page(_EITHER, unserved=True)
def show(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """Show the standing, the renewals and what became of them."""
    return pages.render(request, "institution/standing.html", _standing(visitor))


@visitors.page(permission.INSTITUTION_ADMINISTRATOR, "POST", unserved=True)
def renew(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """Apply for another year with every document of the questionnaire."""
    try:
        documents = {key: _hash(request, key, label) for key, label in _asked(visitor).documents.items()}
        door.renew(visitor.role.party, documents, actor=visitor.actor, as_of=visitor.at)
    except (GovernanceError, PartiesError) as error:
        context = {**_standing(visitor), "mistake": pages.words(error)}
        return pages.render(request, "institution/standing.html", context, status=422)
    messages.success(request, _("已提交续评申请，由平台两人评估、核准"))
    return redirect(_HERE)


def _hash(request: HttpRequest, key: str, label: str) -> str:
    file = request.FILES.get(key)
    if not isinstance(file, UploadedFile) or not file.size:
        raise ApplicationRefused(_("请选择材料：%(document)s") % {"document": wording.named(label)})
    found = sha256()
    for part in file.chunks():
        found.update(part)
    return found.hexdigest()


def _asked(visitor: Visitor) -> Questionnaire:
    return parameters.in_force(visitor.today)


def _standing(visitor: Visitor) -> dict[str, Any]:
    own = institutions.get(visitor.role.party)
    renewals = door.renewals(own.id)
    administers = permission.INSTITUTION_ADMINISTRATOR.admits(visitor.role.party_kind, visitor.role.role)
    waits = any(one.state in WAITING for one in renewals)
    asked = _asked(visitor)
    return {
        "here": _HERE,
        "institution": own,
        "standing": institutions.standing(own.id, as_of=visitor.at),
        "days_left": (own.assessed_until - visitor.today).days if own.assessed_until else None,
        "renewals": renewals,
        "asked": asked,
        "due": own.assessed_until is None or (own.assessed_until - visitor.today).days <= asked.remind_days,
        "renews": administers and not waits and own.standing is not Standing.CLOSED,
        "waits": waits,
    }
