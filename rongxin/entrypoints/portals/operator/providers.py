"""数据提供单位: whose firms each one speaks of; a batch about others waits for a second person ((五))."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.catalogue import loader
from rongxin.entrypoints.portals import coded, lists, pages, shown, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties import providers
from rongxin.parties.errors import NotAllowed, PartiesError
from rongxin.parties.providers import Card
from rongxin.parties.rules import permission
from rongxin.vocabulary.subject_kind import SubjectKind

_HERE = "operator_providers"
_DECLARES = permission.SYSTEM | permission.DESK


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[Card]:
    """Return all of them: a node has some dozens."""
    found = [card for card in providers.every() if wanted["find"] in f"{_name(card)} {card.id}"]
    if wanted["undeclared"]:
        found = [card for card in found if not card.remit.declared]
    return Part(found[: window.rows_max], None)


def _name(card: Card) -> str:
    known = loader.load().providers.get(card.id)
    return wording.named(known.label) if known else card.name


PROVIDERS = Listing(
    _HERE,
    _lazy("数据提供单位"),
    (
        Column(_lazy("单位"), lambda card: Cell(_name(card), reverse("operator_provider", args=[card.id]))),
        Column(_lazy("信息项"), lambda card: len(card.mandate), number=True),
        Column(_lazy("职责范围"), lambda card: shown.remit(card) or Cell(_("未登记"), tag="warn")),
    ),
    _rows,
    _lazy("没有符合条件的数据提供单位。"),
    (Filter("find", _lazy("单位名称"), "search"), Filter("undeclared", _lazy("只看未登记范围的"), "tick")),
)


@visitors.page(permission.STAFF, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the providers with what is declared of each."""
    return lists.answer(request, visitor, PROVIDERS, "operator/providers.html", {"here": _HERE})


@visitors.page(permission.STAFF, "GET", "POST")
def one(request: HttpRequest, visitor: Visitor, provider: str) -> HttpResponseBase:
    """Show a provider; by POST declare whose information it hands in."""
    card = providers.get(provider)
    declares = _DECLARES.admits(visitor.role.party_kind, visitor.role.role)
    context = {
        "here": _HERE,
        "card": card,
        "name": _name(card),
        "remit": shown.remit(card),
        "items": [loader.load().label(item) for item in sorted(card.mandate)],
        "declares": declares,
        "kinds": list(SubjectKind),
        "rows": coded.REGIONS.rows(card.remit.regions),
        **coded.offered(),
        "chosen": [kind.value for kind in card.remit.subject_kinds],
    }
    if request.method != "POST":
        return pages.render(request, "operator/provider.html", context)
    given, chosen = request.POST.getlist("regions"), request.POST.getlist("kinds")
    try:
        if not declares:
            raise NotAllowed(_("职责范围由经办、复核人员或系统管理员登记"))
        wanted = providers.remit(coded.REGIONS.read(given), chosen)
        providers.declare(provider, wanted, actor=visitor.actor, as_of=visitor.at)
    except PartiesError as error:
        told = {"mistake": pages.words(error), "rows": given, "chosen": chosen}
        return pages.render(request, "operator/provider.html", context | told, status=422)
    messages.success(request, _("已登记，从下一批报送起适用"))
    return redirect("operator_provider", provider=provider)
