"""授权申请: read who asks for what, see it with one's own values, read the risks, and say yes or no."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Item
from rongxin.consent import cases, grants, notices, online, requests, templates
from rongxin.consent.errors import ConsentError, UnknownConsent
from rongxin.consent.signing import matters
from rongxin.consent.signing.rules import What
from rongxin.consent.templates import Draft
from rongxin.entrypoints.portals import pages, shown, visitors
from rongxin.entrypoints.portals.enterprise import meters, own, signatures
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties import institutions
from rongxin.parties.rules import permission
from rongxin.parties.rules.membership import Role
from rongxin.vocabulary import sharing_mode
from rongxin.vocabulary.sharing_mode import SharingMode

_WAYS = {
    SharingMode.PHYSICAL_AGGREGATION: _lazy("平台已归集的记录"),
    SharingMode.INTERFACE_CALL: _lazy("查询时向提供单位调取"),
    SharingMode.DATA_VERIFICATION: _lazy("不给出数值，只回答它报出的内容是否一致"),
    SharingMode.DERIVED: _lazy("平台加工的评价"),
    SharingMode.REPORTED: _lazy("各机构反馈给平台的融资结果"),
}


@visitors.page(permission.SUBJECT)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """List what waits for an answer, the oldest first."""
    today = visitor.today
    waiting = [_summary(card, visitor) for card in requests.open_of_subject(visitor.subject, on=today)]
    return pages.render(
        request, "enterprise/requests.html", {"here": "enterprise_requests", "waiting": waiting}
    )


@visitors.page(permission.SUBJECT, "GET", "POST")
def review(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show a request on one screen; by POST with the firm's own values, as the institution would see them."""
    card = _own(number, visitor)
    context = _summary(card, visitor) | {"licence_at": signatures.licence_needed(request, visitor)}
    if request.method == "POST":
        context["values"] = own.values(visitor, card.draft.items)
    return pages.render(request, "enterprise/request.html", {"here": "enterprise_requests", **context})


@visitors.page(permission.SUBJECT, "GET", "POST")
def sign(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show the risk notice in force and take the firm's yes, by the word of the identity provider."""
    card = _own(number, visitor)
    notice = notices.current(visitor.today)
    context = {
        "here": "enterprise_requests",
        **_summary(card, visitor),
        "licence_at": signatures.licence_needed(request, visitor),
        "notice_shown": notice,
        **shown.notice(notice.text),
    }
    assertion = visitors.asserted(request, as_of=visitor.at)
    if assertion is None:
        return visitors.prove_again(request)
    if request.method != "POST":
        return pages.render(request, "enterprise/sign.html", context)
    if not request.POST.get("read"):
        mistake = _("请先阅读风险告知书，再勾选“我已阅读”")
        return pages.render(request, "enterprise/sign.html", {**context, "mistake": mistake}, status=422)
    try:
        grant = grants.grant_online(
            card.case_id,
            card.draft,
            grants.Signing(
                assertion=assertion,
                notice_version=request.POST.get("notice_version", ""),
                notice_sha256=request.POST.get("notice_sha256", ""),
                person_assertion=assertion if request.POST.get("person_agrees") else None,
                shown=request.POST.get("shown", ""),
                numbers=meters.sent(request, card.draft.items),
            ),
            request_id=number,
            actor=visitor.actor,
            as_of=visitor.at,
        )
    except ConsentError as error:
        return pages.render(
            request, "enterprise/sign.html", {**context, "mistake": pages.words(error)}, status=422
        )
    if not isinstance(grant, grants.Grant):
        messages.success(request, _("您已签署；其他人签齐后授权才生效"))
        return redirect("enterprise_request", number=number)
    messages.success(
        request, _("已授权“%(name)s”，可随时在此页暂停或撤回") % {"name": context["institution"].name}
    )
    return redirect("enterprise_consent", number=grant.id)


@visitors.page(permission.SUBJECT, "POST")
def decline(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Say no; it costs nothing and needs no reason."""
    card = _own(number, visitor)
    grants.decline(card.id, actor=visitor.actor, as_of=visitor.at)
    messages.success(request, _("已拒绝这份授权申请，机构得不到任何需要授权的信息"))
    return redirect("enterprise_requests")


def _own(number: UUID, visitor: Visitor) -> requests.Card:
    try:
        card = requests.get(number)
    except UnknownConsent as error:
        raise Http404(str(error)) from error
    if cases.get(card.case_id).subject_id != visitor.subject:
        raise Http404(str(number))
    return card


def _summary(card: requests.Card, visitor: Visitor) -> dict[str, Any]:
    """Return what a request says on a day: to the second person who signs, to the letter what the first
    saw.
    """
    case = cases.get(card.case_id)
    content, digest = online.shown_to(card, case, on=visitor.today)
    waits = matters.awaiting(What.CONSENT, card.id, on=visitor.today)
    return {
        "card": card,
        "case": case,
        "institution": institutions.get(case.institution_id),
        "terms": terms(Draft.from_json(content["draft"])),
        "clusters": clusters(card.draft.items, card.draft.modes),
        "shown": digest,
        "meters": meters.asked(card.draft.items, content.get("entered")),
        # Whose own consent it would be; an agent can't give it.
        "chief": visitor.role.role is Role.LEGAL_REPRESENTATIVE,
        **signatures.state_of(waits, visitor),
    }


def terms(draft: Draft) -> dict[str, Any]:
    """Return the conditions of a consent in words."""
    template = templates.in_force(draft.template, draft.valid_from)
    return {
        "purpose": draft.purpose.label,
        "template": template.label,
        "conditions": template.conditions,
        "from": draft.valid_from,
        "until": draft.valid_until,
        "period": draft.data_period,
        "often": shown.often(draft.frequency),
        "retention_days": draft.retention_days,
    }


def _ways(item: Item, modes: frozenset[SharingMode]) -> list[Any]:
    """What is the platform's own comes to it in one way: there is none to choose."""
    taken = modes | sharing_mode.OWN
    return list(dict.fromkeys(_WAYS[channel.mode] for channel in item.channels if channel.mode in taken))


def clusters(items: frozenset[str], modes: frozenset[SharingMode]) -> list[dict[str, Any]]:
    """Return the items of a consent under the annex's categories: what it is, from whom, and in which way."""
    catalogue, found = loader.load(), []
    for number, label, of_category in catalogue.sections():
        asked = [item for item in of_category if item.item in items]
        if asked:
            lines = [
                {
                    "item": item.item,
                    "label": item.label,
                    "fields": [field.label for field in item.fields],
                    "persons": any(field.consent for field in item.fields),
                    "sources": list(
                        dict.fromkeys(catalogue.provider_label(channel.provider) for channel in item.channels)
                    ),
                    "ways": _ways(item, modes),
                }
                for item in asked
            ]
            found.append({"number": number, "label": label, "lines": lines})
    return found
