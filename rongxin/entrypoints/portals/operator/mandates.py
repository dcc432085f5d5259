"""部门履职依据: put forward by one person, granted by another, revoked at once ((五))."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from uuid import UUID

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
from rongxin.entrypoints.portals.operator import matter
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties import departments, duty_mandates
from rongxin.parties.duty_mandates import Card
from rongxin.parties.errors import NotAllowed, PartiesError
from rongxin.parties.rules import duty, permission

_HERE = "operator_mandates"
_ID = re.compile("[a-z][a-z0-9_]{1,63}")
_PROPOSES = permission.DESK | permission.SECURITY
_SEES = _PROPOSES | permission.AUDIT | permission.SYSTEM


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[Card]:
    return duty_mandates.part_of(window, waiting_only=bool(wanted["waiting"]), find=wanted["find"])


MANDATES = Listing(
    _HERE,
    _lazy("部门履职依据"),
    (
        Column(
            _lazy("履职事项"),
            lambda card: Cell(card.terms.duty, reverse("operator_mandate", args=[card.id])),
        ),
        Column(_lazy("部门"), lambda card: departments.get(card.terms.department).name),
        Column(_lazy("法律依据"), lambda card: card.terms.legal_basis),
        Column(_lazy("有效期至"), lambda card: card.terms.valid_until.isoformat()),
        Column(_lazy("状态"), lambda card: Cell(lists.label(card.state), tag=_tone(card))),
    ),
    _rows,
    _lazy("还没有履职依据。提出并由另一人核准后，部门才能查询。"),
    (Filter("find", _lazy("部门"), "search"), Filter("waiting", _lazy("只看待核准的"), "tick")),
)


def _tone(card: Card) -> str:
    return {duty.State.PROPOSED: "warn", duty.State.GRANTED: "good"}.get(card.state, "")


@visitors.page(_SEES, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the mandates; by POST put one forward, or take a department in."""
    context = _context(request, visitor)
    if request.method != "POST" or lists.asked(request):
        return lists.answer(request, visitor, MANDATES, "operator/mandates.html", context)
    try:
        if request.POST.get("do") == "admit":
            done = _admit(request, visitor)
        else:
            done = _propose(request, visitor)
    except PartiesError as error:
        told = {"mistake": pages.words(error), "list": lists.shown(request, visitor, MANDATES)}
        return pages.render(request, "operator/mandates.html", {**context, **told}, status=422)
    messages.success(request, done)
    return redirect(_HERE)


@visitors.page(_SEES, "GET", "POST")
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show a mandate whole; by POST grant, decline or revoke it."""
    context = _one(duty_mandates.get(number), visitor)
    by: dict[str, Any] = {"actor": visitor.actor, "as_of": visitor.at}
    acts = {
        duty.Act.GRANT.value: lambda why: duty_mandates.grant(number, **by),
        duty.Act.DECLINE.value: lambda why: duty_mandates.decline(number, reason=why, **by),
        duty.Act.REVOKE.value: lambda why: duty_mandates.revoke(number, reason=why, **by),
    }
    here = redirect("operator_mandate", number=number)
    told: dict[str, Any] = {"refusal": NotAllowed, "errors": PartiesError}
    return matter.answer(request, context, acts, freely=duty.Act.GRANT.value, here=here, **told)


def _admit(request: HttpRequest, visitor: Visitor) -> str:
    if not permission.SYSTEM.admits(visitor.role.party_kind, visitor.role.role):
        raise NotAllowed(_("部门由系统管理员登记"))
    name, known_by = (request.POST.get(one, "").strip() for one in ("name", "id"))
    if not name or not _ID.fullmatch(known_by):
        raise NotAllowed(_("请填写部门名称；标识用小写字母、数字和下划线，以字母开头"))
    departments.admit(known_by, name=name[:200], actor=visitor.actor, as_of=visitor.at)
    return _("已登记“%(name)s”；核准履职依据之前，它什么也看不到") % {"name": name}


def _propose(request: HttpRequest, visitor: Visitor) -> str:
    if not _PROPOSES.admits(visitor.role.party_kind, visitor.role.role):
        raise NotAllowed(_("履职依据由经办、复核或安全管理员提出"))
    given = request.POST
    try:
        first, last = (date.fromisoformat(given.get(name, "")) for name in ("valid_from", "valid_until"))
    except ValueError as error:
        raise NotAllowed(_("请填写日期，形如 2026-12-31")) from error
    limit = pages.whole(given.get("daily_limit", ""))
    if limit is None:
        raise NotAllowed(_("每天的查询数应为整数"))
    opens = given.get("opens", "").strip()
    terms = duty.Terms(
        department=given.get("department", ""),
        duty=given.get("duty", "").strip(),
        legal_basis=given.get("legal_basis", "").strip(),
        items=dict.fromkeys(given.getlist("items"), opens),
        valid_from=first,
        valid_until=last,
        regions=coded.REGIONS.read(given.getlist("regions")),
        subjects=tuple(given.get("subjects", "").upper().split()),
        daily_limit=limit,
    )
    duty_mandates.propose(terms, actor=visitor.actor, as_of=visitor.at)
    return _("已提出，由安全管理员中的另一人核准后生效")


def _context(request: HttpRequest, visitor: Visitor) -> dict[str, Any]:
    role = visitor.role
    return {
        "here": _HERE,
        "given": request.POST,
        "chosen": request.POST.getlist("items"),
        "regions_rows": _typed(request.POST.getlist("regions")),
        **coded.offered(),
        "departments": departments.every(),
        "sections": [{"label": label, "items": items} for _n, label, items in loader.load().sections()],
        "proposes": _PROPOSES.admits(role.party_kind, role.role),
        "admits": permission.SYSTEM.admits(role.party_kind, role.role),
    }


def _typed(regions: list[str]) -> list[str]:
    """Return the rows of the form: what was typed, also where it is no region, and some that are free."""
    typed = [text for text in regions if text.strip()]
    return typed + coded.REGIONS.rows(())[len(typed) :] if typed else coded.REGIONS.rows(())


def _one(card: Card, visitor: Visitor) -> dict[str, Any]:
    terms, known = card.terms, loader.load()
    decides = permission.SECURITY.admits(visitor.role.party_kind, visitor.role.role)
    words = {
        duty.Act.GRANT: _("核准"),
        duty.Act.DECLINE: _("不予核准"),
        duty.Act.REVOKE: _("撤销"),
    }
    opens = {law for law in terms.items.values() if law}
    return {
        "here": _HERE,
        "title": terms.duty,
        "state": card.state.label,
        "waits": card.state is duty.State.PROPOSED,
        "facts": [
            (_("部门"), departments.get(terms.department).name),
            (_("法律依据"), terms.legal_basis),
            (_("信息项"), wording.listed(known.label(name) for name in terms.items)),
            (_("须经授权的内容的法律依据"), _("、").join(sorted(opens)) or _("无：只能看到依法公开的部分")),
            (_("地区"), _("、").join(shown.region(code) for code in terms.regions)),
            (_("企业"), _("、").join(terms.subjects)),
            (_("有效期"), f"{terms.valid_from} — {terms.valid_until}"),
            (_("每天至多"), _("%(firms)s家企业") % {"firms": terms.daily_limit}),
            (_("提出人"), shown.actor(card.proposed_by)),
            (_("核准人"), shown.actor(card.decided_by)),
            (_("结束"), f"{shown.actor(card.closed_by)} {card.closed_why}".strip()),
        ],
        "acts": [(act.value, words[act]) for act in duty.TRANSITIONS[card.state]] if decides else [],
        "meaning": _("提出人不能核准自己提出的。撤销立即生效，正在进行的查询也随之停止。"),
        "reasoned": True,
        "back": _("回到部门履职依据"),
    }
