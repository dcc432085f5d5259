"""报送计划: when the batches of each provider and item are due and what came of it; set by a page ((五))."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.catalogue import loader
from rongxin.catalogue.schema import Item
from rongxin.entrypoints.portals import lists, pages, shown, visitors, wording
from rongxin.entrypoints.portals.lists import Cell, Column, Filter, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.journal.windows import Part, Window
from rongxin.parties import providers
from rongxin.parties.rules import permission
from rongxin.sharing import item_sources
from rongxin.sharing.errors import SharingError
from rongxin.sharing.schedule import lateness, plans
from rongxin.sharing.schedule.plans import Segment
from rongxin.sharing.schedule.rules import GRACE_MAX, Every, State

_HERE = "operator_schedules"
_SETS = permission.SYSTEM | permission.DESK
_GRACE = 3
_BACK_DAYS, _AHEAD_DAYS, _SHOWN, _NEXT = 92, 31, 20, 3
_EVERY = {
    Every.DAY: _lazy("每个工作日"),
    Every.WEEK: _lazy("每周"),
    Every.MONTH: _lazy("每月"),
    Every.NEVER: _lazy("不定期：不催报"),
}
_TONES = {State.LATE: "warn", State.MISSING: "warn", State.IN_TIME: "good"}


def _pairs() -> list[tuple[providers.Card, Item]]:
    """Return every provider with each item that it may hand in as files."""
    known = loader.load().items
    return [
        (card, known[name])
        for card in providers.every()
        if card.is_active
        for name in sorted(card.mandate)
        if name in known and known[name].aggregation is not None
    ]


def _names() -> list[tuple[str, str]]:
    return [(card.id, card.name) for card in providers.every() if card.is_active]


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    """Return what is expected, or by choice what nothing is agreed for, too: as many as the annex names."""
    standing = {(one["provider"], one["item"]): one for one in lateness.shown(as_of=visitor.at)}
    lines: list[dict[str, Any]] = [
        {"provider": card, "item": item, "plan": standing.get((card.id, item.item))}
        for card, item in _pairs()
        if wanted["provider"] in ("", card.id)
        and wanted["find"]
        in f"{wording.named(item.label)} {item.label} {wording.named(card.name)} {card.name}"
    ]
    kept = [line for line in lines if _wanted(line["plan"], wanted)]
    return Part(kept[: window.rows_max], None)


def _wanted(plan: dict[str, Any] | None, wanted: Wanted) -> bool:
    if wanted["late"]:
        return bool(plan and plan["overdue"])
    return plan is not None or bool(wanted["all"])


def _plan(plan: dict[str, Any] | None) -> str:
    if plan is None:
        return _("没有计划")
    return shown.plan(Every(plan["every"]), plan["day"], plan["grace_working_days"])


def _last(line: dict[str, Any]) -> Cell:
    plan = line["plan"]
    told = plan and (plan["overdue"] or plan["last"])
    if not told:
        return Cell(_("还没有到期的报送") if plan else "—")
    return Cell(wording.named(told["label"]), tag=_TONES.get(State(told["state"]), ""), note=told["due_on"])


SCHEDULES = Listing(
    _HERE,
    _lazy("报送计划"),
    (
        Column(
            _lazy("信息项"),
            lambda line: Cell(
                wording.named(line["item"].label),
                reverse("operator_schedule", args=[line["provider"].id, line["item"].item]),
            ),
        ),
        Column(_lazy("提供单位"), lambda line: wording.named(line["provider"].name)),
        Column(_lazy("计划"), lambda line: _plan(line["plan"])),
        Column(_lazy("报送情况"), _last),
        Column(
            _lazy("下次应报"),
            lambda line: line["plan"]["next"]["due_on"] if line["plan"] and line["plan"]["next"] else "—",
            whole=True,
        ),
    ),
    _rows,
    _lazy("没有报送计划。"),
    (
        lists.SEARCH,
        Filter("provider", _lazy("数据提供单位"), "choice", _names),
        Filter("late", _lazy("只看逾期未报的"), "tick"),
        Filter("all", _lazy("也看没有计划的"), "tick"),
    ),
)


@visitors.page(permission.STAFF, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the plans in force, by provider and item."""
    return lists.answer(request, visitor, SCHEDULES, "operator/schedules.html", {"here": _HERE})


@visitors.page(permission.STAFF, "GET", "POST")
def one(request: HttpRequest, visitor: Visitor, provider: str, item: str) -> HttpResponseBase:
    """Show a plan with its due days and reminders; by POST set it from today on."""
    card, known = _pair(provider, item)
    context = _one(card, known, visitor)
    if request.method != "POST":
        return pages.render(request, "operator/schedule.html", context)
    try:
        if not context["sets"]:
            raise SharingError(_("报送计划由系统管理员、经办或复核人员设定"))
        made = _set(request, visitor, card, known)
    except SharingError as error:
        told = {"mistake": pages.words(error), "given": request.POST}
        return pages.render(request, "operator/schedule.html", {**context, **told}, status=422)
    plan = made.plan
    done = {
        "plan": shown.plan(plan.every, plan.day, plan.grace_working_days),
        "version": made.version,
    }
    messages.success(request, _("已设定：%(plan)s（第%(version)s版），自今日起执行") % done)
    return redirect("operator_schedule", provider=card.id, item=known.item)


def _pair(provider: str, item: str) -> tuple[providers.Card, Item]:
    found = next((pair for pair in _pairs() if (pair[0].id, pair[1].item) == (provider, item)), None)
    if found is None:
        raise Http404(f"{provider}/{item}")
    return found


def _set(request: HttpRequest, visitor: Visitor, card: providers.Card, item: Item) -> Segment:
    every, day = request.POST.get("every", ""), request.POST.get("day", "").strip()
    grace = pages.whole(request.POST.get("grace", "").strip())
    if every not in list(Every):
        raise SharingError(_("请选择多久报送一次"))
    if grace is None or (day and pages.whole(day) is None):
        raise SharingError(_("日子和宽限天数应为整数"))
    return plans.set_plan(
        item=item.item,
        provider=card.id,
        every=Every(every),
        # A form sends what was typed before another choice; these two know no day.
        day=pages.whole(day) if Every(every) in (Every.WEEK, Every.MONTH) else None,
        grace_working_days=grace,
        actor=visitor.actor,
        as_of=visitor.at,
    )


def _one(card: providers.Card, item: Item, visitor: Visitor) -> dict[str, Any]:
    first, last = visitor.today - timedelta(days=_BACK_DAYS), visitor.today + timedelta(days=_AHEAD_DAYS)
    every = lateness.of(first, last, provider=card.id, as_of=visitor.at)
    segments, days = every.get((card.id, item.item), ([], []))
    ahead = [each for each in days if each.due.due_on > visitor.today][:_NEXT]
    past = [each for each in days if each.due.due_on <= visitor.today][-_SHOWN:]
    now = segments[-1].plan if segments else None
    reminded = lateness.reminders(provider=card.id, as_of=visitor.at)
    return {
        "here": _HERE,
        "provider": card,
        "item": item,
        "versions": [_version(each) for each in reversed(segments)],
        "days": [
            {**lateness.document(each), "tone": _TONES.get(each.state, "")} for each in reversed(past + ahead)
        ],
        "reminders": [each for each in reminded if each["item"] == item.item][:_SHOWN],
        "shared": item_sources.others(item, card.id, as_of=visitor.at),
        "sets": _SETS.admits(visitor.role.party_kind, visitor.role.role),
        "everies": [(each.value, _EVERY[each]) for each in Every],
        "grace_max": GRACE_MAX,
        "given": {
            "every": now.every.value if now else Every.MONTH.value,
            "day": now.day if now and now.day else "",
            "grace": now.grace_working_days if now else _GRACE,
        },
    }


def _version(segment: Segment) -> dict[str, Any]:
    plan = segment.plan
    return {
        "label": shown.plan(plan.every, plan.day, plan.grace_working_days),
        "since": plan.since,
        "until": segment.until,
        "agreed": segment.version > 0,
        "version": segment.version,
    }
