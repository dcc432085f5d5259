"""找贷款: every product beside the firm, rule by rule, laid side by side; chosen ones are applied for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse

from rongxin.entrypoints.portals import offered, pages, visitors
from rongxin.entrypoints.portals.enterprise import own
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.financing.products import offers
from rongxin.parties.rules import permission

_HERE = "enterprise_products"


@visitors.page(permission.SUBJECT, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Show what is offered, in the stated order; by POST with the firm's own public grade looked at."""
    asked = request.method == "POST"
    grade = _grade(visitor) if asked else None
    some = offers.for_subject(visitor.subject, grade=grade, as_of=visitor.at)
    find = pages.sought(request)
    shown = [offered.offer(one) for one in some]
    context = {
        "here": _HERE,
        "offers": [one for one in shown if find in _words(one)],
        "find": find,
        "any": bool(shown),
        "order": offered.order(),
        "grade": grade,
        "grade_asked": asked,
        "by_grade": any(one.card.terms.admission.grade_min for one in some),
    }
    return pages.render(request, "enterprise/products.html", context)


@visitors.page(permission.SUBJECT)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show one product whole: cost, security, rules, and what is asked for."""
    some = offers.for_subject(visitor.subject, as_of=visitor.at)
    found = next((each for each in some if each.card.product == number), None)
    if found is None:
        raise Http404(str(number))
    return pages.render(request, "enterprise/product.html", {"here": _HERE, **offered.offer(found)})


def _words(one: dict[str, Any]) -> str:
    """Return what a product can be found by."""
    terms = one["terms"]
    said = (terms.name, terms.summary, one["institution"].name, terms.kind.label, *one["security"])
    return " ".join(said)


def _grade(visitor: Visitor) -> str | None:
    """Look at the firm's own public grade, by the same door as everybody's."""
    released = own.release(visitor, ("credit_evaluation",))
    for item in released.items:
        for row in item.rows:
            if (field := row.fields.get("grade")) is not None and field.value is not None:
                return str(field.value)
    return None
