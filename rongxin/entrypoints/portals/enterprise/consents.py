"""我的授权: what each consent says, what was done by it, and how to pause or take it back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rongxin.consent import cases, given_numbers, grants
from rongxin.consent.deletion import duties, meaning, policy
from rongxin.consent.errors import UnknownConsent
from rongxin.consent.register import Grant
from rongxin.consent.rules import TRANSITIONS, Act, Status
from rongxin.consent.templates import Draft
from rongxin.disclosure import recipients
from rongxin.entrypoints.portals import pages, shown, visitors
from rongxin.entrypoints.portals.enterprise.requests import clusters, terms
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties import institutions
from rongxin.parties.rules import permission


@visitors.page(permission.SUBJECT)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """List all consents ever given, those in force first."""
    given = [_line(grant) for grant in grants.of_subject(visitor.subject)]
    live = [line for line in given if line["live"]]
    context = {"here": "enterprise_consents", "live": live, "over": [one for one in given if not one["live"]]}
    return pages.render(request, "enterprise/consents.html", context)


@visitors.page(permission.SUBJECT)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show a consent: a receipt of its key facts, what may be done with it, and what is owed for it."""
    grant = _own(number, visitor)
    context = {"here": "enterprise_consents", **_line(grant), **_facts(grant)}
    context |= {
        "owed": [card.document(on=visitor.today) for card in duties.of_consent(number)],
        "meaning": shown.in_html(shown.in_language(meaning.current(visitor.today).text)),
        "receipt_days": policy.on(visitor.today).receipt_days,
    }
    return pages.render(request, "enterprise/consent.html", context)


@visitors.page(permission.SUBJECT, "POST")
def pause(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Pause at once; from here on every query by it is refused until it is resumed."""
    grants.pause(_own(number, visitor).id, actor=visitor.actor, as_of=visitor.at)
    messages.success(request, _("已暂停：从现在起机构的查询一律拒绝，恢复后才能继续"))
    return redirect("enterprise_consent", number=number)


@visitors.page(permission.SUBJECT, "POST")
def resume(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    grants.resume(_own(number, visitor).id, actor=visitor.actor, as_of=visitor.at)
    messages.success(request, _("已恢复：机构可以继续按授权查询"))
    return redirect("enterprise_consent", number=number)


@visitors.page(permission.SUBJECT, "POST")
def withdraw(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Take the consent back at once; what that means stands beside the button."""
    grant = _own(number, visitor)
    grants.withdraw(grant.id, actor=visitor.actor, as_of=visitor.at)
    # The worker does the same from the journal's news, should this process end here.
    recipients.settle(grant.id, as_of=visitor.at)
    messages.success(request, _("已撤回：从现在起机构不能再凭这份授权得到任何信息"))
    return redirect("enterprise_consent", number=number)


def _own(number: UUID, visitor: Visitor) -> Grant:
    try:
        grant = grants.get(number)
    except UnknownConsent as error:
        raise Http404(str(error)) from error
    if grant.subject_id != visitor.subject:
        raise Http404(str(number))
    return grant


def _line(grant: Grant) -> dict[str, Any]:
    possible = TRANSITIONS[grant.status]
    return {
        "grant": grant,
        "institution": institutions.get(grant.institution_id),
        "live": grant.status in (Status.ACTIVE, Status.PAUSED),
        "can_pause": Act.PAUSE in possible,
        "can_resume": Act.RESUME in possible,
        "can_withdraw": Act.WITHDRAW in possible,
    }


def _facts(grant: Grant) -> dict[str, Any]:
    agreed = grant.terms
    draft = Draft(
        template=agreed.template.partition("@")[0],
        items=agreed.items,
        modes=agreed.modes,
        purpose=agreed.purpose,
        data_period=agreed.data_period,
        valid_from=agreed.valid_from,
        valid_until=agreed.valid_until,
        frequency=agreed.frequency,
        retention_days=agreed.retention_days,
    )
    return {
        "case": cases.get(grant.case_id),
        "terms": terms(draft),
        "clusters": clusters(agreed.items, agreed.modes),
        "signers": agreed.signers,
        "form": agreed.form.label,
        "meters": [
            {"of": item.label, "label": field.label, "masked": text}
            for item, field, text in given_numbers.masked(grant.id)
        ],
    }
