"""接入与续评: whether the institution is served, through which day, and its renewal ((十))."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rongxin.catalogue.attachments import File
from rongxin.entrypoints.portals import pages, uploads, visitors, wording
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.governance.conditions import extensions, fulfilment
from rongxin.governance.conditions.rules import State
from rongxin.governance.errors import (
    ApplicationRefused,
    ConditionRefused,
    GovernanceError,
    UnknownCondition,
)
from rongxin.governance.onboarding import documents, door, parameters
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
        asked = _asked(visitor)
        files = {key: _chosen(request, key, label) for key, label in asked.documents.items()}
        documents.check(list(files.values()), asked.file_bytes_max)
        hashes = {key: file.sha256 for key, file in files.items()}
        with transaction.atomic():
            card = door.renew(visitor.role.party, hashes, actor=visitor.actor, as_of=visitor.at)
            documents.hand_in(card.id, list(files.values()), as_of=visitor.at)
    except (GovernanceError, PartiesError) as error:
        context = {**_standing(visitor), "mistake": pages.words(error)}
        return pages.render(request, "institution/standing.html", context, status=422)
    messages.success(request, _("已提交续评申请，由平台两人评估、核准"))
    return redirect(_HERE)


@visitors.page(permission.INSTITUTION_ADMINISTRATOR, "POST", unserved=True)
def report(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Report a condition as met, with the file that shows it."""
    said = request.POST.get("statement", "")
    try:
        file = uploads.of(request, _field(number))
        if file is None or not file.content:
            raise ConditionRefused(_("请选择证明材料"))
        by: dict[str, Any] = {"actor": visitor.actor, "as_of": visitor.at}
        fulfilment.report(visitor.role.party, number, said, file, **by)
    except UnknownCondition as error:
        raise Http404(str(error)) from error
    except (GovernanceError, PartiesError) as error:
        typed = {"number": number, "statement": said}
        context = {**_standing(visitor), "mistake": pages.words(error), "typed": typed}
        return pages.render(request, "institution/standing.html", context, status=422)
    messages.success(request, _("已报告，由平台验收"))
    return redirect(_HERE)


@visitors.page(permission.INSTITUTION_ADMINISTRATOR, "POST", unserved=True)
def extend(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Ask for a later day of a condition, with the reason."""
    wanted, reason = request.POST.get("due_on", ""), request.POST.get("reason", "")
    by: dict[str, Any] = {"actor": visitor.actor, "as_of": visitor.at}
    try:
        try:
            day = date.fromisoformat(wanted)
        except ValueError as error:
            raise ConditionRefused(_("请填写希望延到的日期，形如 2026-12-31")) from error
        extensions.ask(visitor.role.party, number, day, reason, **by)
    except UnknownCondition as error:
        raise Http404(str(error)) from error
    except (GovernanceError, PartiesError) as error:
        typed = {"extends": number, "due_on": wanted, "reason": reason}
        context = {**_standing(visitor), "mistake": pages.words(error), "typed": typed}
        return pages.render(request, "institution/standing.html", context, status=422)
    messages.success(request, _("已申请延期，由平台两人先后审核、批准；同意之前，原期限不变"))
    return redirect(_HERE)


def _chosen(request: HttpRequest, key: str, label: str) -> File:
    file = uploads.of(request, key)
    if file is None or not file.content:
        raise ApplicationRefused(_("请选择材料：%(document)s") % {"document": wording.named(label)})
    return file


def _asked(visitor: Visitor) -> Questionnaire:
    return parameters.in_force(visitor.today)


def _field(condition: UUID) -> str:
    """Return the name of a condition's file field: what is kept of one isn't shown at another."""
    return f"evidence-{condition}"


def _condition(card: fulfilment.Card, visitor: Visitor) -> dict[str, Any]:
    late = card.overdue(visitor.today)
    tone = "good" if card.state is State.ACCEPTED else "warn" if late or card.state is State.SENT_BACK else ""
    return {
        "card": card,
        "field": _field(card.id),
        "tone": tone,
        "overdue": late,
        "file": documents.held(card.application).get(card.evidence_sha256),
    }


def _standing(visitor: Visitor) -> dict[str, Any]:
    own = institutions.get(visitor.role.party)
    asked_for = extensions.of_institution(own.id)
    until = extensions.may_ask(own.id, on=visitor.today)
    renewals = door.renewals(own.id)
    administers = permission.INSTITUTION_ADMINISTRATOR.admits(visitor.role.party_kind, visitor.role.role)
    waits = any(one.state in WAITING for one in renewals)
    asked = _asked(visitor)
    return {
        "here": _HERE,
        "institution": own,
        "standing": institutions.standing(own.id, as_of=visitor.at),
        "days_left": (own.assessed_until - visitor.today).days if own.assessed_until else None,
        "conditions": [
            {**_condition(one, visitor), "asked": asked_for.get(one.id, []), "until": until.get(one.id)}
            for one in fulfilment.of_institution(own.id)
        ],
        "reports": administers,
        "renewals": renewals,
        "asked": asked,
        "due": own.assessed_until is None or (own.assessed_until - visitor.today).days <= asked.remind_days,
        "renews": administers and not waits and own.standing is not Standing.CLOSED,
        "waits": waits,
    }
