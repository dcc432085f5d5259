"""What the portals of providers and institutions share: an objection, answered by who stated the fact."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.entrypoints.api import handed_in
from rongxin.entrypoints.portals import lists, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties import subjects
from rongxin.parties.rules.membership import PartyKind
from rongxin.rights import objections, opened, papers
from rongxin.rights.errors import RightsError
from rongxin.rights.objection_cards import Card
from rongxin.rights.rules.objection import OPEN


def listing(here: str, title: Promise, *, shown_at: str, about: Column, none: Promise) -> Listing:
    """Make the list of a portal: its own column says what an objection is about; a row has its `card`."""
    due = Column(
        _lazy("答复期限"),
        lambda row: Cell(
            row["due_on"],
            reverse(shown_at, args=[row["objection"]]),
            note=_("已逾期") if row["overdue"] else "",
            warns=True,
        ),
    )
    firm = Column(_lazy("企业"), lambda row: row["firm"])
    state = Column(_lazy("状态"), lambda row: wording.named(row["state_label"]))
    sorts = (("due", _lazy("先到期的在前")), ("newest", _lazy("新提出的在前")))
    return Listing(here, title, (due, firm, about, state), _rows, none, (lists.SEARCH, lists.EVERY), sorts)


def own(number: UUID, visitor: Visitor) -> Card:
    """Return an objection that the visitor's party answers; any other is not there."""
    try:
        card = objections.get(number)
    except RightsError as error:
        raise Http404(str(error)) from error
    answers = {PartyKind.PROVIDER: card.provider, PartyKind.INSTITUTION: card.institution}
    if answers[visitor.role.party_kind] != visitor.role.party:
        raise Http404(str(number))
    return card


def context(card: Card, request: HttpRequest, visitor: Visitor) -> dict[str, Any]:
    """Return what a page shows of an objection, and the reason that was typed."""
    return {
        "objection": card.document(on=visitor.today, reader=_reader(visitor)),
        "open": card.state in OPEN,
        "firm": subjects.get(card.subject).name,
        "statement": objections.statement_of(card.id),
        "papers": papers.of(card.id),
        "reason": request.POST.get("reason", ""),
    }


def evidence(number: UUID, paper: UUID, visitor: Visitor) -> HttpResponse:
    """Hand out a piece of evidence, to be saved and never shown inside a page."""
    return handed_in.given(
        *opened.evidence(own(number, visitor).id, paper),
        visitor.role.party_kind,
        visitor.role.party,
        reference=str(number),
        actor=visitor.actor,
        as_of=visitor.at,
    )


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    checks = "provider" if visitor.role.party_kind is PartyKind.PROVIDER else "institution"
    part = objections.queue(
        window,
        **{checks: visitor.role.party},
        open_only=not wanted["all"],
        find=wanted["find"],
        sort=wanted.sort,
    )
    firms = subjects.many({card.subject for card in part.rows})
    today, reader = visitor.today, _reader(visitor)
    return part.of(
        lambda card: {
            **card.document(on=today, reader=reader),
            "firm": firms[card.subject].name,
            "card": card,
        }
    )


def _reader(visitor: Visitor) -> str:
    """Return the institution that reads, "" where it is a provider."""
    return visitor.role.party or "" if visitor.role.party_kind is PartyKind.INSTITUTION else ""
