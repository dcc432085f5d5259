"""谁查过我: every use and refused attempt, and its place in the journal, which the page itself checks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.catalogue import loader
from rongxin.entrypoints.portals import lists, pages, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal import keyring, proofs
from rongxin.journal.errors import JournalError
from rongxin.journal.windows import Part, Window
from rongxin.parties.rules import permission
from rongxin.rights import uses
from rongxin.rights.errors import UnknownUse
from rongxin.rights.rules import use as rules
from rongxin.rights.uses import Use
from rongxin.vocabulary.availability import Availability


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    until = wanted.moment("to")
    return uses.part_of(
        visitor.subject,
        window,
        as_of=visitor.at,
        own=wanted["own"] == "1",
        since=wanted.moment("from"),
        until=until + timedelta(days=1) if until else None,
    ).of(_line)


def _result(row: dict[str, Any]) -> Cell:
    released = row["use"].released
    tag = "records" if released else "warn" if released is False else ""
    return Cell(row["outcome"], tag=tag, note=wording.named(row["why"]))


USES = Listing(
    "enterprise_uses",
    _lazy("谁查过我"),
    (
        Column(
            _lazy("时间"),
            lambda row: Cell(
                lists.at(row["use"].asked_at), reverse("enterprise_use", args=[row["use"].request])
            ),
            whole=True,
        ),
        Column(_lazy("谁"), lambda row: row["who"]),
        Column(_lazy("查询人"), lambda row: row["use"].person),
        Column(
            _lazy("用途"), lambda row: Cell(wording.named(row["purpose"]), note=row["use"].legal_basis or "")
        ),
        Column(_lazy("结果"), _result),
        Column(_lazy("有记录的项"), lambda row: row["count"] or "", number=True),
    ),
    _rows,
    _lazy("还没有人查过您的信息。"),
    (lists.SINCE, lists.UNTIL, Filter("own", _lazy("也显示本企业自己的查询"), "tick")),
    onward=_lazy("更早的查询"),
)


@visitors.page(permission.SUBJECT, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List who asked, when, for what and what came of it, newest first."""
    return lists.answer(request, visitor, USES, "enterprise/uses.html", {"here": "enterprise_uses"})


@visitors.page(permission.SUBJECT)
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show one use item by item, and prove that it stands in the journal."""
    try:
        told = uses.one(visitor.subject, number, as_of=visitor.at)
    except UnknownUse as error:
        raise Http404(str(error)) from error
    known = loader.load()
    items = [
        {
            "label": uses.label(name),
            "what": Availability(said[0]).label,
            "source": known.provider_label(said[1]) if said[1] else "",
            "rows": said[2],
        }
        for name, said in told.use.items.items()
    ]
    context = {"here": "enterprise_uses", **_line(told), "items": items, "proof": _proof(told)}
    return pages.render(request, "enterprise/use.html", context)


def _line(told: Use) -> dict[str, Any]:
    why = rules.words(told.use.reason)
    return {
        "use": told.use,
        "who": _("本企业") if told.use.recipient_kind == "subject" else told.recipient_name,
        "purpose": told.purpose_label,
        "outcome": _outcome(told.use.released),
        "why": why.label if why and told.use.released is False else "",
        "count": sum(bool(said[2]) for said in told.use.items.values()),
    }


def _outcome(released: bool | None) -> str:
    if released is None:
        return _("办理中")
    return _("已提供") if released else _("已拒绝")


def _proof(told: Use) -> dict[str, Any] | None:
    """Return the proof that the outcome (or, before there is one, the intent) is in the journal's tree."""
    try:
        proof = proofs.inclusion(told.use.outcome_entry or told.use.intent_entry).document()
    except JournalError:
        return None
    return {**proof, "key": keyring.journal_key().public.pem()}
