"""接入条件: what institutions were approved on, the first due first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.entrypoints.portals import lists, shown, visitors
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.governance.conditions import extensions, fulfilment
from rongxin.governance.conditions.fulfilment import Card
from rongxin.governance.conditions.rules import EXTENSION_OPEN, State
from rongxin.governance.onboarding import documents
from rongxin.journal.windows import Part, Window
from rongxin.parties.rules import permission
from rongxin.parties.rules.membership import PartyKind

_HERE = "operator_conditions"
_SEES = permission.DESK | permission.SECURITY | permission.AUDIT
_TONES = {State.ACCEPTED: "good", State.REPORTED: "warn", State.SENT_BACK: "warn"}


@dataclass(frozen=True)
class _Line:
    card: Card
    late: bool
    asks: bool


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[_Line]:
    state = State(wanted["state"]) if wanted["state"] else None
    part = fulfilment.part_of(window, find=wanted["find"], state=state, everything=bool(wanted["all"]))
    asked = extensions.waiting_of([card.id for card in part.rows])
    return part.of(lambda card: _Line(card, card.overdue(visitor.today), card.id in asked))


def _institution(row: _Line) -> Cell:
    at = reverse("operator_institution", args=[row.card.institution])
    return Cell(shown.name(PartyKind.INSTITUTION, row.card.institution), f"{at}#conditions")


def _due(row: _Line) -> Cell:
    return lists.due({"due_on": str(row.card.due_on or _("未定期限")), "overdue": row.late})


def _state(row: _Line) -> Cell:
    note = _("申请延期") if row.asks else ""
    return Cell(lists.label(row.card.state), tag=_TONES.get(row.card.state, ""), note=note, warns=row.asks)


CONDITIONS = Listing(
    _HERE,
    _lazy("接入条件"),
    (
        Column(_lazy("机构"), _institution),
        Column(_lazy("条件"), lambda row: row.card.text),
        Column(_lazy("期限"), _due),
        Column(_lazy("状态"), _state),
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
    asked = extensions.of_institution(institution)
    return [
        {
            "card": one,
            "asked": asked.get(one.id, []),
            "open": next((x for x in asked.get(one.id, []) if x.state in EXTENSION_OPEN), None),
            "tone": _TONES.get(one.state, ""),
            "overdue": one.overdue(visitor.today),
            "file": files[one.application].get(one.evidence_sha256),
            "by": shown.actor(one.reported_by),
            "answered_by": shown.actor(one.answered_by),
        }
        for one in found
    ]
