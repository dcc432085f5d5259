"""跳转授权的页面: an institution's customer lands here, sees what is asked for, and decides (RFC 6749, 9126).

No script. Before the person is known the page says who asks and nothing else; the link alone opens nothing. A
decision needs the session in which the person was known, and the form of this page (CSRF).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from rongxin.catalogue import loader
from rongxin.consent import notices, online
from rongxin.consent.errors import ConsentError
from rongxin.consent.redirection import pushed, rules
from rongxin.consent.redirection.errors import LinkUnusable
from rongxin.consent.redirection.pushed import Link
from rongxin.consent.rules import CaseKind, business_day
from rongxin.consent.signing import demands
from rongxin.consent.templates import Draft
from rongxin.entrypoints import security
from rongxin.entrypoints.api import authentication
from rongxin.entrypoints.portals import identifying, pages, shown, visitors, wording
from rongxin.entrypoints.portals.enterprise import meters
from rongxin.parties import institutions, memberships, registering, subjects
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules.identity import Agreement, Assertion, compare
from rongxin.parties.rules.membership import Role
from rongxin.vocabulary.actor import Actor, ActorKind


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
    person = _person(request, link, now)
    if not isinstance(person, _Person):
        return _ask_who(request, link, ours, why=person)
    if act in ("grant", "refuse"):
        return _decide(request, act, link, ours, person, now)
    return _show(request, link, ours, person, now)


def _decide(
    request: HttpRequest, act: str, link: Link, ours: Mapping[str, str], person: _Person, now: datetime
) -> HttpResponse:
    if act == "grant" and request.POST.get("read") != "yes":
        return _show(request, link, ours, person, now, why=_("请先阅读风险告知书并勾选。"), status=422)
    said: dict[str, str]
    try:
        if not person.known:  # on the way of the first visit (附件 注3: 企业实名注册后线上授权)
            registering.recognise(subjects.get(link.case.subject_id), person.assertion, as_of=now)
        if act == "grant":
            granted = pushed.grant(
                ours["request_uri"],
                client=ours["client_id"],
                assertion=person.assertion,
                notice=(request.POST.get("notice_version", ""), request.POST.get("notice_sha256", "")),
                person_agrees=request.POST.get("person_agrees") == "yes",
                shown=request.POST.get("shown", ""),
                numbers=meters.sent(request, link.request.draft.items),
                actor=person.actor,
                as_of=now,
            )
            # RFC 8628 has the word for it: others of the firm have yet to sign, here or in the portal.
            said = {"code": granted[1]} if granted[1] else {"error": "authorization_pending"}
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
    return SeeOther(_back(request, link, **said))


# ---------------------------------------------------------------------- who the person is


@dataclass(frozen=True)
class _Person:
    """Whom the identity provider vouched for a moment ago in this browser, and as what they may decide."""

    actor: Actor
    assertion: Assertion
    role: Role
    #: Registered already; the legal representative is, with the first decision.
    known: bool


def _person(request: HttpRequest, link: Link, now: datetime) -> _Person | str:
    """Return who decides here, or why whoever reads this may not; "" where nobody is known."""
    account, assertion = visitors.signed_in(request), visitors.asserted(request, as_of=now)
    if account is None or assertion is None:
        return ""
    subject = link.case.subject_id
    actor = Actor(ActorKind.ACCOUNT, str(account), f"subject:{subject}")
    role = memberships.role_in_subject(account, subject, on=business_day(now))
    if role is not None:
        return _Person(actor, assertion, role, known=True)
    agreement = compare(assertion, subjects.record_of(subject), as_of=now)
    if agreement is not Agreement.AGREES:
        said = wording.named(agreement.message)
        return _("%(why)s 如由他人办理，请该人重新确认身份。") % {"why": said}
    return _Person(actor, assertion, Role.LEGAL_REPRESENTATIVE, known=False)


# ---------------------------------------------------------------------- pages


def _ask_who(request: HttpRequest, link: Link, ours: Mapping[str, str], *, why: str) -> HttpResponse:
    here = f"{request.path}?{urlencode(ours)}"
    context = {**ours, **identifying.ways(here), "why": why}
    return _rendered(request, "authorize_sign_in", link, context, status=403 if why else 200)


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
    content, digest = online.shown_to(link.request, link.case, on=business_day(now))
    terms, catalogue = Draft.from_json(content["draft"]), loader.load()
    notice = notices.current(business_day(now))
    items = [catalogue.item(name) for name in catalogue.all_names if name in terms.items]
    context = {
        **ours,
        "why": why,
        "shown": digest,
        "meters": meters.asked(link.request.draft.items, content.get("entered")),
        "wanted": demands.needed(link.case.subject_id, as_of=now),
        "subject": subjects.get(link.case.subject_id),
        "person": person.assertion.name,
        "case": link.case,
        "case_kind": wording.named(CaseKind(link.case.kind).label),
        "terms": terms,
        "modes": wording.listed(mode.label for mode in sorted(terms.modes)),
        "often": shown.often(terms.frequency),
        "items": [{"label": one.label, "fields": [field.label for field in one.fields]} for one in items],
        "risk_notice": notice,
        **shown.notice(notice.text),
        "may_agree": person.role is Role.LEGAL_REPRESENTATIVE,
    }
    return _rendered(request, "authorize", link, context, status=status)


def _rendered(
    request: HttpRequest, name: str, link: Link | None, more: Mapping[str, Any], *, status: int
) -> HttpResponse:
    shared = {
        "here": "authorize",
        "institution": institutions.get(link.case.institution_id) if link else None,
    }
    answer = pages.render(request, f"enterprise/{name}.html", {**shared, **more}, status=status)
    if link is not None:
        # A browser follows a form's redirect only where the page allowed it: to the registered origin alone.
        answer["Content-Security-Policy"] = security.policy(form_action=rules.origin(link.redirect_uri))
    return answer


def _back(request: HttpRequest, link: Link, **said: str) -> str:
    issuer = authentication.issuer(request)
    return rules.answered(link.redirect_uri, issuer=issuer, state=link.state, **said)
