"""迁入的授权: what another platform says was consented to; with its evidence it is checked like a paper."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.catalogue import loader
from rongxin.consent import moving
from rongxin.consent.errors import ConsentError, NotPossible, UnknownConsent
from rongxin.consent.moving import Card
from rongxin.consent.templates import Draft
from rongxin.entrypoints.portals import lists, shown, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.operator import matter
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties import institutions, subjects
from rongxin.parties.rules import permission

_HERE, _PROPOSE = "operator_imports", "propose"
_SEES = permission.DESK | permission.AUDIT


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[tuple[Card, str]]:
    part = moving.part_of(window, find=wanted["find"], ready_only=bool(wanted["ready"]))
    firms = subjects.many({card.subject_id for card in part.rows})
    return part.of(lambda card: (card, firms[card.subject_id].name))


def _stands(row: tuple[Card, str]) -> Cell:
    lacking = _lacking(row[0])
    return (
        Cell(_("缺少%(what)s") % {"what": lacking}, tag="warn")
        if lacking
        else Cell(_("可提交复核"), tag="good")
    )


def _lacking(card: Card) -> str:
    return wording.listed(one["label"] for one in card.document()["missing"])


IMPORTS = Listing(
    _HERE,
    _lazy("迁入的授权"),
    (
        Column(
            _lazy("企业"),
            lambda row: Cell(row[1], reverse("operator_import", args=[row[0].id])),
        ),
        Column(_lazy("机构"), lambda row: institutions.get(row[0].institution_id).name),
        Column(_lazy("业务编号"), lambda row: row[0].reference),
        Column(_lazy("迁入"), lambda row: lists.at(row[0].imported_at), whole=True),
        Column(_lazy("状态"), _stands),
    ),
    _rows,
    _lazy("没有等待办理的迁入授权。"),
    (lists.SEARCH, Filter("ready", _lazy("只看可提交复核的"), "tick")),
)


@visitors.page(_SEES, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List what waits, the oldest first."""
    return lists.answer(request, visitor, IMPORTS, "operator/imports.html", {"here": _HERE})


@visitors.page(permission.DESK, "GET", "POST")
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show one with what its evidence lacks; by POST hand it in, for another person to check its paper."""
    try:
        card = moving.get(number)
    except UnknownConsent as error:
        raise Http404(str(error)) from error
    acts = {_PROPOSE: lambda why: moving.propose(number, actor=visitor.actor, as_of=visitor.at)}
    told: dict[str, Any] = {"refusal": NotPossible, "errors": ConsentError}
    told["done"] = _("已提交，由另一人在“书面授权复核”中与扫描件核对后生效")
    return matter.answer(request, _one(card), acts, freely=_PROPOSE, here=redirect(_HERE), **told)


def _one(card: Card) -> dict[str, Any]:
    content, known, lacking = card.content, loader.load(), _lacking(card)
    draft = Draft.from_json(dict(content["draft"])) if content.get("draft") else None
    firm = subjects.get(card.subject_id)
    facts = [
        (_("统一社会信用代码"), firm.uscc),
        (_("机构"), institutions.get(card.institution_id).name),
        (_("业务编号"), card.reference),
        (_("签字人"), str(content.get("signed_by") or "")),
        (_("签署日期"), str(content.get("signed_on") or "")),
    ]
    if draft is not None:
        facts += [
            (_("授权的信息项"), wording.listed(known.label(name) for name in sorted(draft.items))),
            (_("用途"), wording.named(draft.purpose.label)),
            (_("有效期"), f"{draft.valid_from} — {draft.valid_until}"),
            (_("使用次数"), shown.often(draft.frequency)),
        ]
    return {
        "here": _HERE,
        "title": firm.name,
        "state": _("已提交复核") if not card.waits else _("缺少证据") if lacking else _("可提交复核"),
        "waits": bool(lacking),
        "facts": [*facts, (_("缺少"), lacking)],
        "acts": [] if lacking or not card.waits else [(_PROPOSE, _("提交复核"))],
        "meaning": _("提交后由另一人与扫描件核对，核对一致才生效。"),
        "back": _("回到迁入的授权"),
    }
