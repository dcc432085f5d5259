"""申请: one form for the chosen products, its answers checked, then consent and submission one by one."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from rongxin.consent import notices
from rongxin.consent.errors import ConsentError
from rongxin.consent.signing.matters import Card as Matter
from rongxin.consent.templates import Draft
from rongxin.entrypoints.portals import offered, pages, shown, uploads, visitors
from rongxin.entrypoints.portals.enterprise import meters, own, requests, signatures
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.financing.applying import applications, cards, papers, signing, statements
from rongxin.financing.applying.applications import Signed, Wish
from rongxin.financing.applying.cards import Card
from rongxin.financing.applying.rules import State
from rongxin.financing.errors import ApplicationRefused, FinancingError, UnknownFinancingApplication
from rongxin.financing.products import offers
from rongxin.parties import institutions
from rongxin.parties.kept_files import KeptFileGone
from rongxin.parties.rules import permission
from rongxin.parties.rules.identity import Assertion
from rongxin.parties.rules.membership import Role

_HERE = "enterprise_products"


@visitors.page(permission.SUBJECT, "GET", "POST")
def apply(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """Fill in one form for the chosen products; an earlier draft can be taken up again."""
    asked = request.POST if request.method == "POST" else request.GET
    chosen = _chosen(asked.getlist("product"), visitor)
    if not chosen:
        messages.error(request, _("请先选择产品"))
        return redirect("enterprise_products")
    earlier = asked.get("instead_of", "")
    promise = statements.commitment(visitor.today)
    context: dict[str, Any] = {
        "here": _HERE,
        "chosen": [offered.product(card) for card in chosen],
        "questions": _questions(request, visitor),
        "promise": promise,
        "promise_html": shown.in_html(shown.in_language(promise.text)),
        "instead_of": earlier,
        **{name: request.POST.get(name, "") for name in ("amount", "term", "purpose")},
    }
    if request.method != "POST":
        return pages.render(request, "enterprise/apply.html", context | _of_draft(earlier, visitor))
    try:
        wish = _wish(request, chosen, visitor)
        made = applications.fill_in(
            visitor.subject,
            wish,
            files=uploads.every(request, "files"),
            instead_of=UUID(earlier) if earlier else None,
            actor=visitor.actor,
            as_of=visitor.at,
        )
    except (FinancingError, KeptFileGone, ValueError) as error:
        foreign = isinstance(error, ValueError)
        context["mistake"] = _("草稿编号有误，请重新填写") if foreign else pages.words(error)
        return pages.render(request, "enterprise/apply.html", context, status=422)
    return redirect("enterprise_form", number=made[0].form)


@visitors.page(permission.SUBJECT)
def form(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show the answers of a form and to whom they go; each is consented to and submitted by itself."""
    some = _form(number, visitor)
    drafts = [card for card in some if card.state is State.DRAFT]
    change = "&".join(f"product={card.product.product}" for card in some)
    words = cards.words_of(number)
    context = {
        "here": _HERE,
        "lines": [_line(card, visitor) for card in some],
        "amount": offered.money(some[0].amount_cny),
        "term": some[0].term_months,
        "words": words,
        "stated": statements.shown(words.stated, on=visitor.today),
        "papers": papers.of(number),
        "drafts": drafts,
        "untouched": len(drafts) == len(some),
        "change": f"{reverse('enterprise_apply')}?{change}&instead_of={number}",
    }
    return pages.render(request, "enterprise/form.html", context)


@visitors.page(permission.SUBJECT, "GET", "POST")
def submit(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show what one institution asks to see, for how long and with what risks; take the yes and submit."""
    card = _draft(number, visitor)
    waits = signing.awaiting(card, on=visitor.today)
    draft = _draft_shown(card, waits, visitor)
    notice = notices.current(visitor.today)
    said = applications.said_of(card.form)
    context: dict[str, Any] = {
        "here": _HERE,
        "card": card,
        "institution": institutions.get(card.institution),
        **offered.product(card.product),
        "notice_shown": notice,
        "chief": visitor.role.role is Role.LEGAL_REPRESENTATIVE,
        "licence_at": signatures.licence_needed(request, visitor),
        "notice_html": shown.in_html(shown.in_language(notice.text)),
        "shown": {
            act: signing.shown_to(card, said, consents=act == "consent", on=visitor.today)[1]
            for act in ("consent", "without")
        },
        **signatures.state_of(waits, visitor),
    }
    if draft is not None:
        context |= {
            "consent": requests.terms(draft),
            "clusters": requests.clusters(draft.items, draft.modes),
            "meters": meters.asked(draft.items, waits.content.get("entered") if waits else None),
        }
    act = request.POST.get("act", "")
    if act == "values" and draft is not None:
        context["values"] = own.values(visitor, draft.items)
    if request.method != "POST" or act == "values":
        return pages.render(request, "enterprise/submit.html", context)
    assertion = visitors.asserted(request, as_of=visitor.at)
    if assertion is None:
        return visitors.prove_again(request)
    signed = _signed(request, assertion, draft.items) if draft is not None and act == "consent" else None
    if signed is not None and not request.POST.get("read"):
        context["mistake"] = _("请先阅读风险告知书，再勾选“我已阅读”")
        return pages.render(request, "enterprise/submit.html", context, status=422)
    try:
        done = applications.submit(
            number,
            signed,
            assertion=assertion,
            shown=request.POST.get(f"shown-{act}", ""),
            actor=visitor.actor,
            as_of=visitor.at,
        )
    except (FinancingError, ConsentError) as error:
        context["mistake"] = pages.words(error)
        return pages.render(request, "enterprise/submit.html", context, status=422)
    if done.state is State.DRAFT:
        messages.success(request, _("您已签署；其他人签齐后才提交给机构"))
        return redirect("enterprise_form", number=card.form)
    messages.success(request, _("已提交给“%(name)s”") % {"name": context["institution"].name})
    return _onward(card, visitor)


def _signed(request: HttpRequest, assertion: Assertion, items: Iterable[str]) -> Signed:
    version, digest = request.POST.get("notice_version", ""), request.POST.get("notice_sha256", "")
    person = bool(request.POST.get("person_agrees"))
    return Signed(assertion, version, digest, person, meters.sent(request, items))


def _line(card: Card, visitor: Visitor) -> dict[str, Any]:
    waits = signing.awaiting(card, on=visitor.today)
    return {
        **offered.product(card.product),
        "application": card,
        **signatures.state_of(waits, visitor),
    }


def _onward(card: Card, visitor: Visitor) -> HttpResponse:
    """Go to the next institution of the form, or to the application where it was the last."""
    left = [one for one in _form(card.form, visitor) if one.state is State.DRAFT]
    if left:
        return redirect("enterprise_submit", number=left[0].id)
    return redirect("enterprise_application", number=card.id)


def _draft_shown(card: Card, waits: Matter | None, visitor: Visitor) -> Draft | None:
    """Return what is consented to: what others signed already, or what the product asks for today."""
    if waits is None:
        return cards.proposal(card, on=visitor.today)
    return Draft.from_json(waits.content["draft"]) if waits.content["draft"] else None


def _chosen(given: list[str], visitor: Visitor) -> list[offers.Card]:
    """Return the published products that were chosen, in the order of the list."""
    return [card for card in offers.published(as_of=visitor.at) if str(card.product) in given]


def _wish(request: HttpRequest, chosen: list[offers.Card], visitor: Visitor) -> Wish:
    try:
        amount = Decimal(request.POST.get("amount", "").replace(",", "").replace("，", ""))
        term = int(request.POST.get("term", ""))
    except (InvalidOperation, ValueError) as error:
        raise ApplicationRefused(_("申请金额（元）与期限（月）应为数字")) from error
    stated = {
        one.name: request.POST.get(f"stated-{one.name}", "") for one in statements.questions(visitor.today)
    }
    promise = statements.commitment(visitor.today)
    promised = (promise.version, promise.sha256) if request.POST.get("promised") else ("", "")
    versions = tuple(card.id for card in chosen)
    return Wish(versions, amount, term, request.POST.get("purpose", ""), stated, promised)


def _questions(request: HttpRequest, visitor: Visitor) -> list[dict[str, Any]]:
    return [
        {"question": one, "value": request.POST.get(f"stated-{one.name}", "")}
        for one in statements.questions(visitor.today)
    ]


def _of_draft(number: str, visitor: Visitor) -> dict[str, Any]:
    """Return what stands in a draft that is taken up again."""
    if not number:
        return {}
    try:
        some = _form(UUID(number), visitor)
    except ValueError as error:
        raise Http404(number) from error
    words = cards.words_of(some[0].form)
    questions = [
        {"question": one, "value": words.stated.get(one.name, "")}
        for one in statements.questions(visitor.today)
    ]
    return {
        "amount": f"{some[0].amount_cny:f}".removesuffix(".00"),
        "term": some[0].term_months,
        "purpose": words.purpose,
        "questions": questions,
        "papers": papers.of(some[0].form),
    }


def _form(number: UUID, visitor: Visitor) -> list[Card]:
    try:
        return applications.of_form(number, visitor.subject)
    except UnknownFinancingApplication as error:
        raise Http404(str(error)) from error


def _draft(number: UUID, visitor: Visitor) -> Card:
    try:
        card = applications.own(number, subject=visitor.subject)
    except UnknownFinancingApplication as error:
        raise Http404(str(error)) from error
    if card.state is not State.DRAFT:
        raise Http404(str(number))
    return card
