"""接入条件: what institutions were approved on, the first due first."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.entrypoints.portals import lists, shown, visitors
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.governance.conditions import fulfilment
from rongxin.governance.conditions.fulfilment import Card
from rongxin.governance.conditions.rules import State
from rongxin.governance.onboarding import documents
from rongxin.journal.windows import Part, Window
from rongxin.parties.rules import permission
from rongxin.parties.rules.membership import PartyKind

_HERE = "operator_conditions"
_SEES = permission.DESK | permission.SECURITY | permission.AUDIT
_TONES = {State.ACCEPTED: "good", State.REPORTED: "warn", State.SENT_BACK: "warn"}


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[tuple[Card, bool]]:
    state = State(wanted["state"]) if wanted["state"] else None
    part = fulfilment.part_of(window, find=wanted["find"], state=state, everything=bool(wanted["all"]))
    return part.of(lambda card: (card, card.overdue(visitor.today)))


def _institution(row: tuple[Card, bool]) -> Cell:
    card, _late = row
    at = reverse("operator_institution", args=[card.institution])
    return Cell(shown.name(PartyKind.INSTITUTION, card.institution), f"{at}#conditions")


def _due(row: tuple[Card, bool]) -> Cell:
    card, late = row
    return lists.due({"due_on": str(card.due_on or _("未定期限")), "overdue": late})


CONDITIONS = Listing(
    _HERE,
    _lazy("接入条件"),
    (
        Column(_lazy("机构"), _institution),
        Column(_lazy("条件"), lambda row: row[0].text),
        Column(_lazy("期限"), _due),
        Column(_lazy("状态"), lambda row: Cell(lists.label(row[0].state), tag=_TONES.get(row[0].state, ""))),
    ),
    _rows,
    _lazy("没有待落实或待验收的接入条件。"),
    (lists.SEARCH, Filter("state", _lazy("状态"), "choice", lambda: lists.words(State)), lists.EVERY),
)


@visitors.page(_SEES, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the conditions that are not accepted yet, the first due first."""
    return lists.answer(request, visitor, CONDITIONS, "operator/conditions.html", {"here": _HERE})


def of_institution(institution: str, visitor: Visitor) -> list[dict[str, Any]]:
    """Return an institution's conditions as its page shows them, each with the file that shows it is met."""
    found = fulfilment.of_institution(institution)
    files = {one.application: documents.held(one.application) for one in found}
    return [
        {
            "card": one,
            "tone": _TONES.get(one.state, ""),
            "overdue": one.overdue(visitor.today),
            "file": files[one.application].get(one.evidence_sha256),
            "by": shown.actor(one.reported_by),
            "answered_by": shown.actor(one.answered_by),
        }
        for one in found
    ]
