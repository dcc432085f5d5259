"""跳转授权的页面: an institution's customer lands here, sees what is asked for, and decides (RFC 6749, 9126).

No script. Before the person is known the page says who asks and nothing else; the link alone opens nothing. A
decision needs the session in which the person was known, and the form of this page (CSRF).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from rongxin.catalogue import loader
from rongxin.consent import notices
from rongxin.consent.errors import ConsentError
from rongxin.consent.redirection import pushed, rules
from rongxin.consent.redirection.errors import LinkUnusable
from rongxin.consent.redirection.pushed import Link
from rongxin.consent.rules import CaseKind, FrequencyUnit, business_day
from rongxin.entrypoints import security
from rongxin.entrypoints.api import authentication
from rongxin.entrypoints.api.registrations import identity_provider
from rongxin.entrypoints.portals import pages, wording
from rongxin.parties import accounts, institutions, memberships, registering, subjects
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules.identity import Assertion, Assurance
from rongxin.parties.rules.membership import Role
from rongxin.vocabulary.actor import Actor, ActorKind

_SPANS = {
    FrequencyUnit.TERM: _lazy("授权期内共"),
    FrequencyUnit.YEAR: _lazy("每年"),
    FrequencyUnit.MONTH: _lazy("每月"),
    FrequencyUnit.DAY: _lazy("每日"),
}


class SeeOther(HttpResponseRedirect):
    """The answer to a form is another page, whatever the form's method was."""

    status_code = 303


@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Show a pushed request to whom it concerns, and take the decision."""
    given = request.POST if request.method == "POST" else request.GET
    request_uri, client, now = given.get("request_uri", ""), given.get("client_id", ""), timezone.now()
    try:
        link = pushed.opened(request_uri, client=client, as_of=now)
    except LinkUnusable as error:
        return _rendered(request, "authorize_over", None, {"why": pages.words(error)}, status=400)
    ours = {"request_uri": request_uri, "client_id": client}
    act = given.get("act", "") if request.method == "POST" else ""
    if act == "sign_in":
        return _sign_in(request, link, ours, now)
    person = _person(request, link, now)
    if person is None:
        return _ask_who(request, link, ours)
    if act in ("grant", "refuse"):
        return _decide(request, act, link, ours, person, now)
    return _show(request, link, ours, person, now)


def _sign_in(request: HttpRequest, link: Link, ours: Mapping[str, str], now: datetime) -> HttpResponse:
    evidence = {name: request.POST.get(name, "")[:500] for name, _ in identity_provider().fields}
    try:
        assertion = identity_provider().attest(evidence, as_of=now)
        account = _recognised(link.case.subject_id, assertion, now)
    except PartiesError as error:
        return _ask_who(request, link, ours, why=pages.words(error), status=403)
    request.session.cycle_key()
    request.session[_key(link)] = {
        "account": account,
        "name": assertion.name,
        "commitment": assertion.id_commitment,
        "assurance": assertion.assurance.value,
        "issuer": assertion.issuer,
        "at": assertion.at.isoformat(),
        "represents": assertion.represents,
    }
    return SeeOther(f"{request.path}?{urlencode(ours)}")


def _recognised(subject_id: int, assertion: Assertion, now: datetime) -> int:
    """Return the account of somebody who may act for the firm; its legal representative is registered here,
    where that is the first visit (附件 注3: 企业实名注册后线上授权).
    """
    known = accounts.of_person(assertion)
    if known is not None and memberships.role_in_subject(known.id, subject_id, on=business_day(now)):
        return known.id
    username = f"p{secrets.token_hex(8)}"
    subject = subjects.get(subject_id)
    return registering.recognise(subject, assertion, username=username, as_of=now).account.id


def _decide(
    request: HttpRequest, act: str, link: Link, ours: Mapping[str, str], person: _Person, now: datetime
) -> HttpResponse:
    if act == "grant" and request.POST.get("read") != "yes":
        return _show(request, link, ours, person, now, why=_("请先阅读风险告知书并勾选。"), status=422)
    said: dict[str, str]
    try:
        if act == "grant":
            granted = pushed.grant(
                ours["request_uri"],
                client=ours["client_id"],
                assertion=person.assertion,
                notice=(request.POST.get("notice_version", ""), request.POST.get("notice_sha256", "")),
                person_agrees=request.POST.get("person_agrees") == "yes",
                actor=person.actor,
                as_of=now,
            )
            said = {"code": granted[1]}
        else:
            pushed.refuse(ours["request_uri"], client=ours["client_id"], actor=person.actor, as_of=now)
            said = {"error": "access_denied"}
    except LinkUnusable as error:
        return _rendered(request, "authorize_over", None, {"why": pages.words(error)}, status=400)
    except (ConsentError, PartiesError) as error:
        back = _back(request, link, error="invalid_request")
        return _rendered(
            request, "authorize_over", link, {"why": pages.words(error), "back": back}, status=409
        )
    request.session.pop(_key(link), None)
    return SeeOther(_back(request, link, **said))


# ---------------------------------------------------------------------- who the person is


class _Person:
    """Whom the identity provider vouched for in this browser, for this request alone."""

    def __init__(self, kept: Mapping[str, Any], role: Role, subject: int) -> None:
        self.actor, self.role = Actor(ActorKind.ACCOUNT, str(kept["account"]), f"subject:{subject}"), role
        self.assertion = Assertion(
            kept["name"],
            kept["commitment"],
            Assurance(kept["assurance"]),
            kept["issuer"],
            datetime.fromisoformat(kept["at"]),
            kept["represents"],
        )


def _person(request: HttpRequest, link: Link, now: datetime) -> _Person | None:
    kept = request.session.get(_key(link))
    if kept is None:
        return None
    role = memberships.role_in_subject(int(kept["account"]), link.case.subject_id, on=business_day(now))
    return None if role is None else _Person(kept, role, link.case.subject_id)


def _key(link: Link) -> str:
    return f"authorize.{link.id}"


# ---------------------------------------------------------------------- pages


def _ask_who(
    request: HttpRequest, link: Link, ours: Mapping[str, str], *, why: str = "", status: int = 200
) -> HttpResponse:
    fields = [{"name": name, "label": label} for name, label in identity_provider().fields]
    return _rendered(
        request, "authorize_sign_in", link, {**ours, "fields": fields, "why": why}, status=status
    )


def _show(
    request: HttpRequest,
    link: Link,
    ours: Mapping[str, str],
    person: _Person,
    now: datetime,
    *,
    why: str = "",
    status: int = 200,
) -> HttpResponse:
    terms, catalogue = link.request.terms_on(business_day(now)), loader.load()
    items = [catalogue.item(name) for name in catalogue.items if name in terms.items]
    context = {
        **ours,
        "why": why,
        "subject": subjects.get(link.case.subject_id),
        "person": person.assertion.name,
        "case": link.case,
        "case_kind": wording.named(CaseKind(link.case.kind).label),
        "terms": terms,
        "modes": wording.listed(mode.label for mode in sorted(terms.modes)),
        "often": _("%(unit)s不超过%(limit)s次")
        % {"unit": _SPANS[terms.frequency.unit], "limit": terms.frequency.limit},
        "items": [{"label": one.label, "fields": [field.label for field in one.fields]} for one in items],
        "risk_notice": notices.current(business_day(now)),
        "may_agree": person.role is Role.LEGAL_REPRESENTATIVE,
    }
    return _rendered(request, "authorize", link, context, status=status)


def _rendered(
    request: HttpRequest, name: str, link: Link | None, more: Mapping[str, Any], *, status: int
) -> HttpResponse:
    shared = {
        "node": settings.RONGXIN_NODE_NAME,
        "notice": settings.RONGXIN_NOTICE,
        "here": "authorize",
        "institution": institutions.get(link.case.institution_id) if link else None,
    }
    answer = render(request, f"enterprise/{name}.html", {**shared, **more}, status=status)
    if link is not None:
        # A browser follows a form's redirect only where the page allowed it: to the registered origin alone.
        answer["Content-Security-Policy"] = security.policy(form_action=rules.origin(link.redirect_uri))
    return answer


def _back(request: HttpRequest, link: Link, **said: str) -> str:
    issuer = authentication.issuer(request)
    return rules.answered(link.redirect_uri, issuer=issuer, state=link.state, **said)
