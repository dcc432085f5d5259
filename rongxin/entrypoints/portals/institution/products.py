"""本机构的产品: propose, check, publish and retire what the institution offers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rongxin.catalogue import loader
from rongxin.consent import templates
from rongxin.entrypoints.portals import coded, offered, pages, visitors
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.financing.errors import FinancingError, UnknownProduct
from rongxin.financing.products import offers
from rongxin.financing.products.offers import Card
from rongxin.financing.products.rules import GRADES, ProductKind, Repayment, State
from rongxin.financing.rules import Security
from rongxin.parties.errors import PartiesError
from rongxin.parties.rules import permission
from rongxin.parties.rules.size_class import SizeClass
from rongxin.vocabulary.subject_kind import SubjectKind

_HERE = "institution_products"
_FEES = range(3)
_NUMBERS = ("term_min_months", "term_max_months", "first_answer_days")
_PLAIN = ("name", "kind", "summary", "repayment", "amount_min_cny", "amount_max_cny", "consent_template")
_RATES = ("rate_min_bp", "rate_max_bp")
_CODED = {
    "regions": coded.REGIONS,
    "industries": coded.INDUSTRIES,
    "excluded_industries": coded.INDUSTRIES,
}


@visitors.page(permission.INSTITUTION)
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """List every version, those that wait for a second person first; those with this in name or summary, or
    in this state, where one is asked for.
    """
    find, state = request.GET.get("find", "").strip(), request.GET.get("state", "")
    every = offers.of_institution(visitor.role.party)
    some = [card for card in every if _found(card, find) and state in ("", card.state.value)]
    some.sort(key=lambda card: card.state is not State.PROPOSED)
    lines = [offered.product(card) for card in some]
    context = {"here": _HERE, "lines": lines, "any": every, "find": find, "state": state}
    context["states"] = list(State)
    return pages.render(request, "institution/products.html", context)


@visitors.page(permission.INSTITUTION)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show a product's versions, the newest in full, and what can be done with it."""
    return pages.render(request, "institution/product.html", _whole(number, visitor))


@visitors.page(permission.INSTITUTION, "GET", "POST")
def propose(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """Propose a product, or another version of the one that `of` names."""
    asked = request.POST if request.method == "POST" else request.GET
    of = _number(asked.get("of", ""))
    earlier = _versions(of, visitor)[0] if of else None
    context = {"here": _HERE, "of": of, **_choices(visitor), **_filled(request, earlier)}
    if request.method != "POST":
        return pages.render(request, "institution/product_form.html", context)
    try:
        terms = offers.read(_terms(request))
        card = offers.propose(visitor.role.party, terms, product=of, actor=visitor.actor, as_of=visitor.at)
    except (FinancingError, PartiesError) as error:
        context["mistake"] = pages.words(error)
        return pages.render(request, "institution/product_form.html", context, status=422)
    messages.success(request, _("已提交，由另一人复核后发布"))
    return redirect("institution_product", number=card.product)


@visitors.page(permission.INSTITUTION_CHECKER, "POST")
def publish(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Publish what another person proposed."""
    return _act(request, visitor, number, offers.publish, _("已发布，企业现在可以看到"))


@visitors.page(permission.INSTITUTION, "POST")
def decline(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Send a proposed version back."""
    return _act(request, visitor, number, offers.decline, _("已退回"))


@visitors.page(permission.INSTITUTION, "POST")
def retire(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Take a product off the list."""
    return _act(request, visitor, number, offers.retire, _("已下架，已提交的申请照常办理"))


def _found(card: Card, find: str) -> bool:
    return not find or find.casefold() in f"{card.terms.name}\n{card.terms.summary}".casefold()


def _act(
    request: HttpRequest, visitor: Visitor, number: UUID, verb: Callable[..., Card], done: str
) -> HttpResponseBase:
    _versions(number, visitor)
    try:
        verb(number, visitor.role.party, actor=visitor.actor, as_of=visitor.at)
    except (FinancingError, PartiesError) as error:
        context = {**_whole(number, visitor), "mistake": pages.words(error)}
        return pages.render(request, "institution/product.html", context, status=422)
    messages.success(request, done)
    return redirect("institution_product", number=number)


def _whole(number: UUID, visitor: Visitor) -> dict[str, Any]:
    versions = _versions(number, visitor)
    states = {card.state for card in versions}
    return {
        "here": _HERE,
        **offered.product(versions[0]),
        "versions": versions,
        "proposed": State.PROPOSED in states,
        "published": State.PUBLISHED in states,
        "checker": permission.INSTITUTION_CHECKER.admits(visitor.role.party_kind, visitor.role.role),
    }


def _versions(number: UUID, visitor: Visitor) -> list[Card]:
    try:
        return offers.versions(number, visitor.role.party)
    except UnknownProduct as error:
        raise Http404(str(error)) from error


def _number(given: str) -> UUID | None:
    try:
        return UUID(given) if given else None
    except ValueError as error:
        raise Http404(given) from error


def _choices(visitor: Visitor) -> dict[str, Any]:
    """Return what can be chosen in the form."""
    today = visitor.today
    names = sorted({one.template for one in templates.every() if one.effective_from <= today})
    sections = [
        {"label": label, "items": [item for item in items if any(c.consent for c in item.channels)]}
        for _number_, label, items in loader.load().sections()
    ]
    return {
        "kinds": list(ProductKind),
        "repayments": list(Repayment),
        "securities": list(Security),
        "sizes": [size for size in SizeClass if size is not SizeClass.UNKNOWN],
        "subject_kinds": list(SubjectKind),
        "grades": GRADES,
        "templates": [templates.in_force(name, today) for name in names],
        **coded.offered(),
        "sections": [section for section in sections if section["items"]],
    }


def _filled(request: HttpRequest, earlier: Card | None) -> dict[str, Any]:
    """Return what stands in the form: what was sent, what the earlier version says, or nothing."""
    if request.method == "POST":
        many = ("security", "items", "size_classes", "kinds_of_subject")
        chosen = {f"chosen_{name}": request.POST.getlist(name) for name in many}
        sent = {name: kind.read(request.POST.getlist(name)) for name, kind in _CODED.items()}
        return {"given": request.POST, **chosen, **_rows(sent)}
    if earlier is None:
        usual = {"kind": "loan", "repayment": "interest_monthly", "first_answer_days": "3"}
        return {"given": {**usual, "consent_template": "one_time_underwriting"}, **_rows({})}
    said = earlier.terms.model_dump(mode="json")
    admission = said["admission"]
    given = {name: said[name] for name in (*_PLAIN, *_NUMBERS)}
    given |= {name: f"{said[name] / 100:g}" for name in _RATES}
    given |= {"papers": "\n".join(said["papers"]), "grade_min": admission["grade_min"] or ""}
    given |= {"age_months_min": admission["age_months_min"] or ""}
    for number, fee in zip(_FEES, said["fees"], strict=False):
        rate = fee["rate_bp"]
        given |= {
            f"fee{number}_label": fee["label"],
            f"fee{number}_percent": f"{rate / 100:g}" if rate is not None else "",
            f"fee{number}_fixed": fee["fixed_cny"] or "",
            f"fee{number}_yearly": "1" if fee["every_year"] else "",
        }
    return {
        "given": given,
        "chosen_security": said["security"],
        "chosen_items": said["items"],
        "chosen_size_classes": admission["size_classes"],
        "chosen_kinds_of_subject": admission["subject_kinds"],
        **_rows(admission),
    }


def _rows(codes: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    return {f"{name}_rows": kind.rows(codes.get(name, ())) for name, kind in _CODED.items()}


def _terms(request: HttpRequest) -> dict[str, Any]:
    """Return the terms that a form says, as the room reads them; what is left blank is left out."""
    given = request.POST
    said: dict[str, Any] = {name: given.get(name, "").strip() for name in (*_PLAIN, *_NUMBERS)}
    said |= {name: _points(given.get(name, "")) for name in _RATES}
    said["papers"] = [line.strip() for line in given.get("papers", "").splitlines() if line.strip()]
    said |= {name: given.getlist(name) for name in ("security", "items")}
    if not said["items"]:
        said["consent_template"] = ""
    admission: dict[str, Any] = {name: list(kind.read(given.getlist(name))) for name, kind in _CODED.items()}
    admission["size_classes"] = given.getlist("size_classes")
    admission["subject_kinds"] = given.getlist("kinds_of_subject")
    admission |= {name: given[name] for name in ("age_months_min", "grade_min") if given.get(name)}
    fees = [fee for number in _FEES if (fee := _fee(request, number))]
    return {**said, "admission": admission, "fees": fees}


def _fee(request: HttpRequest, number: int) -> dict[str, Any] | None:
    label, rate, fixed, yearly = (
        request.POST.get(f"fee{number}_{part}", "").strip()
        for part in ("label", "percent", "fixed", "yearly")
    )
    if not (label or rate or fixed):
        return None
    fee: dict[str, Any] = {"label": label, "every_year": bool(yearly)}
    return fee | ({"rate_bp": _points(rate)} if rate else {}) | ({"fixed_cny": fixed} if fixed else {})


def _points(percent: str) -> str | int:
    """Return a percentage in hundredths of a percent; what is none stays for the room to refuse."""
    try:
        return round(float(percent) * 100)
    except (ValueError, OverflowError):
        return percent
