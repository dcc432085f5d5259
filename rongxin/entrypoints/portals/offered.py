"""How pages show a product: rates as yearly percentages, money in yuan, what is asked for in plain words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from rongxin.catalogue import loader
from rongxin.financing.products import offers, rules
from rongxin.financing.products.offers import Card
from rongxin.financing.products.rules import Fee, percent
from rongxin.parties import institutions


def product(card: Card) -> dict[str, Any]:
    """Return a version of a product as pages show it."""
    terms = card.terms
    amount, months = terms.example_terms
    cheapest, dearest = terms.example(terms.rate_min_bp), terms.example(terms.rate_max_bp)
    catalogue = loader.load()
    return {
        "card": card,
        "terms": terms,
        "institution": institutions.get(card.institution),
        "amount": _span(f"{terms.amount_min_cny:,.0f}", f"{terms.amount_max_cny:,.0f}"),
        "term": _span(str(terms.term_min_months), str(terms.term_max_months)),
        "rate": _span(percent(terms.rate_min_bp), percent(terms.rate_max_bp)),
        "annual_cost": _span(percent(cheapest.annual_bp), percent(dearest.annual_bp)),
        "security": [one.label for one in terms.security],
        "example_amount": f"{amount:,.0f}",
        "example_months": months,
        "example_cost": _span(f"{cheapest.total_cny:,.0f}", f"{dearest.total_cny:,.0f}"),
        "fees": [{"label": fee.label, "price": price(fee)} for fee in terms.fees],
        "items": [catalogue.item(name) for name in terms.items],
    }


def offer(one: offers.Offer) -> dict[str, Any]:
    """Return a product beside a firm."""
    return {**product(one.card), "offer": one}


def price(fee: Fee) -> str:
    """Return what a fee comes to, in words."""
    if fee.fixed_cny is not None:
        said = _("%(price)s元，每年") if fee.every_year else _("%(price)s元，一次性")
        return said % {"price": money(fee.fixed_cny)}
    said = _("金额的%(price)s，每年") if fee.every_year else _("金额的%(price)s，一次性")
    return said % {"price": percent(fee.rate_bp or 0)}


def money(amount: Decimal) -> str:
    """Return an amount as people read it: no cents where there are none."""
    return f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"


def order() -> str:
    """Return by what the list is put in order, as the page says it."""
    return rules.ORDER


def _span(low: str, high: str) -> str:
    return low if low == high else _("%(from_)s 至 %(to)s") % {"from_": low, "to": high}
