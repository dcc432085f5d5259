"""征信机构参与运营: mandates by two persons, their people, and every act of these watched ((六))."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.entrypoints.portals import lists, pages, shown, visitors
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.operator import matter
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties import accounts, memberships
from rongxin.parties.bureaus import mandates
from rongxin.parties.bureaus.mandates import Card, Wish
from rongxin.parties.errors import NotAllowed, PartiesError
from rongxin.parties.rules import permission
from rongxin.parties.rules.membership import Role

_HERE, _PAGE = "operator_bureaus", "operator/bureau.html"
_ID = re.compile("[a-z][a-z0-9_]{2,63}")
_PROPOSES = permission.DESK | permission.SECURITY
_SEES = _PROPOSES | permission.AUDIT
_ROLES = (Role.CLERK, Role.CHECKER)
_GRANT, _END = "grant", "end"


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[tuple[Card, str]]:
    """Return all of them: no node has more mandates than a page holds."""
    found = [
        (card, _tag(card, visitor.today)[0])
        for card in mandates.every()
        if wanted["find"] in f"{card.name} {card.bureau} {card.basis}"
    ]
    return Part(found[: window.rows_max], None)


BUREAUS = Listing(
    _HERE,
    _lazy("征信机构参与运营"),
    (
        Column(
            _lazy("征信机构"),
            lambda row: Cell(row[0].name, reverse("operator_bureau", args=[row[0].id]), note=row[0].bureau),
        ),
        Column(_lazy("依据"), lambda row: row[0].basis),
        Column(_lazy("自"), lambda row: row[0].valid_from.isoformat(), whole=True),
        Column(_lazy("至"), lambda row: row[0].valid_until.isoformat(), whole=True),
        Column(_lazy("状态"), lambda row: Cell(row[1], tag="")),
    ),
    _rows,
    _lazy("没有征信机构参与运营。"),
    (Filter("find", _lazy("名称或依据"), "search"),),
)


def _acts(bureau: str) -> Listing:
    """Return the list of what a bureau's people asked for."""

    def rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
        return mandates.acts(bureau, window)

    return Listing(
        "operator_bureau",
        _lazy("征信机构的行为"),
        (
            Column(_lazy("时间"), lambda row: lists.at(datetime.fromisoformat(row["at"])), whole=True),
            Column(_lazy("办理人"), lambda row: shown.actor(f"account:{row['account']}")),
            Column(_lazy("请求"), lambda row: row["act"]),
            Column(_lazy("存证编号"), lambda row: row["entry"]),
        ),
        rows,
        _lazy("其人员还没有请求过什么。"),
    )


@visitors.page(_SEES, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the mandates, the newest first; by POST put one forward."""
    proposes = _PROPOSES.admits(visitor.role.party_kind, visitor.role.role)
    context = {"here": _HERE, "given": request.POST, "proposes": proposes, "most": _most(visitor)}
    if request.method != "POST" or lists.asked(request):
        return lists.answer(request, visitor, BUREAUS, "operator/bureaus.html", context)
    try:
        if not proposes:
            raise NotAllowed(_("参与授权由经办、复核或安全管理员提出"))
        card = mandates.propose(_wish(request), actor=visitor.actor, as_of=visitor.at)
    except PartiesError as error:
        told = {"mistake": pages.words(error), "list": lists.shown(request, visitor, BUREAUS)}
        return pages.render(request, "operator/bureaus.html", {**context, **told}, status=422)
    messages.success(request, _("已提出，由安全管理员中的另一人核准后生效"))
    return redirect("operator_bureau", number=card.id)


@visitors.page(_SEES, "GET", "POST")
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show a mandate, its bureau's people and what they did; by POST grant it or end the bureau's part."""
    card = _card(number)
    context = _one(card, visitor)
    if lists.asked(request):
        return lists.answer(request, visitor, _acts(card.bureau), _PAGE, context)
    context["list"] = lists.shown(request, visitor, _acts(card.bureau))
    by: dict[str, Any] = {"actor": visitor.actor, "as_of": visitor.at}
    acts = {
        _GRANT: lambda why: mandates.grant(number, **by),
        _END: lambda why: mandates.end(card.bureau, why=why, **by),
    }
    here = redirect("operator_bureau", number=number)
    told: dict[str, Any] = {"refusal": NotAllowed, "errors": PartiesError, "page": _PAGE}
    return matter.answer(request, context, acts, freely=_GRANT, here=here, **told)


@visitors.page(permission.SECURITY, "POST")
def appoint(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Let a person act for the bureau; the key is shown this once."""
    card, given = _card(number), request.POST
    try:
        if given.get("role") not in _ROLES:
            raise NotAllowed(_("请选择角色"))
        someone = accounts.named(given.get("username", "").strip())
        if someone is None:
            raise NotAllowed(_("没有这个账号；本人先实名登录一次，登录后的页面上方写有账号"))
        by: dict[str, Any] = {"actor": visitor.actor, "as_of": visitor.at}
        _role, key = mandates.appoint_with_key(card.bureau, someone.id, Role(given["role"]), **by)
    except PartiesError as error:
        return _mistaken(request, visitor, card, error)
    place = reverse("operator_bureau", args=[number])
    context = {
        **_one(card, visitor),
        "list": lists.shown(request, visitor, _acts(card.bureau), place=place),
        "key": key.secret,
        "key_until": key.expires_at,
        "whose": someone.display_name,
    }
    return pages.render(request, _PAGE, context)


@visitors.page(permission.SECURITY, "POST")
def dismiss(request: HttpRequest, visitor: Visitor, number: UUID, role: int) -> HttpResponseBase:
    """End the role of one of the bureau's people, and with it every key of it."""
    card = _card(number)
    if role not in {one.id for one in memberships.of_bureau(card.bureau)}:
        raise Http404(str(role))
    memberships.end(role, why="dismissed", actor=visitor.actor, as_of=visitor.at)
    messages.success(request, _("已终止，其接口密钥同时失效"))
    return redirect("operator_bureau", number=number)


def _mistaken(request: HttpRequest, visitor: Visitor, card: Card, error: Exception) -> HttpResponseBase:
    place = reverse("operator_bureau", args=[card.id])
    context = {
        **_one(card, visitor),
        "list": lists.shown(request, visitor, _acts(card.bureau), place=place),
        "mistake": pages.words(error),
        "given": request.POST,
    }
    return pages.render(request, _PAGE, context, status=422)


def _card(number: UUID) -> Card:
    try:
        return mandates.get(number)
    except PartiesError as error:
        raise Http404(str(error)) from error


def _most(visitor: Visitor) -> int:
    return mandates.policy(visitor.today).term_days_max


def _wish(request: HttpRequest) -> Wish:
    bureau, name, code, basis = (
        request.POST.get(one, "").strip() for one in ("bureau", "name", "uscc", "basis")
    )
    if not _ID.fullmatch(bureau) or len(name) < 2:
        raise NotAllowed(_("请填写名称；标识用小写字母、数字和下划线，以字母开头"))
    try:
        first, last = (date.fromisoformat(request.POST.get(one, "")) for one in ("valid_from", "valid_until"))
    except ValueError as error:
        raise NotAllowed(_("请填写日期，形如 2026-12-31")) from error
    return Wish(bureau, name[:200], code[:32], basis[:500], first, last)


def _tag(card: Card, today: date) -> tuple[str, bool]:
    """Return how a mandate stands, and whether it is in force."""
    if card.ended_at is not None:
        return _("已终止"), False
    if today > card.valid_until:
        return _("已到期"), False
    if not card.granted_by:
        return _("待核准"), False
    return (_("有效"), True) if today >= card.valid_from else (_("尚未开始"), False)


def _one(card: Card, visitor: Visitor) -> dict[str, Any]:
    decides = permission.SECURITY.admits(visitor.role.party_kind, visitor.role.role)
    stands, in_force = _tag(card, visitor.today)
    acts = [] if card.granted_by else [(_GRANT, _("核准"))]
    return {
        "here": _HERE,
        "title": card.name,
        "state": stands,
        "waits": not card.granted_by and not card.ended_at,
        "facts": [
            (_("标识"), card.bureau),
            (_("依据"), card.basis),
            (_("有效期"), f"{card.valid_from} — {card.valid_until}"),
            (_("提出人"), shown.actor(card.proposed_by)),
            (_("核准人"), shown.actor(card.granted_by)),
            (_("结束"), card.ended_why),
        ],
        "acts": [*acts, (_END, _("终止其参与"))] if decides and not card.ended_at else [],
        "meaning": _("提出人不能核准自己提出的。终止一人即可，立即生效：其全部授权、人员和密钥随之失效。"),
        "reasoned": True,
        "back": _("回到征信机构"),
        "appoints": decides and in_force,
        "decides": decides,
        "mandate": card,
        "roles": [(role.value, role.label) for role in _ROLES],
        "people": [
            {"role": role, "account": accounts.get(role.account)}
            for role in memberships.of_bureau(card.bureau)
        ],
    }
