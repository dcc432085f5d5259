"""数据核验 for a clerk: what a firm declared, compared by whoever keeps the record; no value comes back."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from rongxin.catalogue import loader
from rongxin.consent import cases as matters
from rongxin.consent.register import Grant
from rongxin.disclosure import bands, claims, gate
from rongxin.disclosure.claims import Answered, Askable, Misread
from rongxin.disclosure.release import Refusal, Release, ReleasedItem
from rongxin.entrypoints.portals import lists, pages, visitors, wording
from rongxin.entrypoints.portals.institution import cases, reports
from rongxin.entrypoints.portals.lists import Cell, Column, Listing, Wanted
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.exchange.question import Match
from rongxin.journal.windows import Part, Window
from rongxin.parties import subjects
from rongxin.parties.rules import permission
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.reason import Reason

_HERE = "institution_checks"
# What a browser offers a picker for; everything else is typed.
_INPUTS = {"date": "date", "month": "month"}
_TEXT_MAX = 200
_TONES = {Match.MATCH: "good", Match.MISMATCH: "warn", Match.NO_RECORD: ""}

#: What stands above the answers of an item, by what it holds; "no answer" is never "no record".
_SAID = {
    Availability.RECORDS: _lazy("提供单位已逐项答复。"),
    Availability.NO_RECORD: _lazy("提供单位没有这家企业的记录。没有记录不等于申报的值不对。"),
    Availability.PARTIAL: _lazy("提供单位只答复了一部分，其余字段的原因在表中。"),
    Availability.PROVIDER_UNAVAILABLE: _lazy(
        "提供单位暂时没有应答：既不是没有记录，也不是不一致。可稍后再核验，没有应答的不占授权的次数。"
    ),
    Availability.SOURCE_NOT_CONNECTED: _lazy("提供单位尚未接入平台，没有被询问。"),
    Availability.NOT_APPLICABLE: _lazy("这一信息项不适用于这类主体。"),
    Availability.WITHHELD: _lazy("没有获准核验，没有得到答复。"),
}
_BUDGET = _lazy(
    "同一字段每天只能核验有限几个不同的值，多次不一致后须间隔一段时间，以防逐个试出对方的数据；"
    "次数和间隔由提供单位设定，这一次已记入存证并提示平台运营单位。今天核验过的同一个值可以再核验，不占次数。"
)


def _rows(visitor: Visitor, wanted: Wanted, window: Window) -> Part[dict[str, Any]]:
    return cases.part_of(visitor, window, find=wanted["find"], closed=False)


def _matter(row: dict[str, Any]) -> Cell:
    page = "institution_check" if _carried(row["active"], row["firm"])[1] else "institution_case"
    return Cell(row["case"].reference, reverse(page, args=[row["case"].id]))


def _what(row: dict[str, Any]) -> Cell:
    found = _carried(row["active"], row["firm"])[1]
    if found:
        return Cell(wording.listed(one.item.label for one in found))
    return Cell("", note=_("授权未包含可核验的信息") if row["active"] else row["state"])


CHECKS = Listing(
    _HERE,
    _lazy("可核验的融资业务"),
    (
        Column(_lazy("业务编号"), _matter),
        Column(_lazy("企业"), lambda row: row["firm"].name),
        Column(_lazy("可核验"), _what),
    ),
    _rows,
    _lazy("还没有未办结的融资业务。先在工作台登记业务、向企业申请授权，再凭授权核验。"),
    (lists.SEARCH,),
    (("newest", _lazy("最近登记的在前")),),
)


@visitors.page(permission.INSTITUTION, "GET", "POST")
def listed(request: HttpRequest, visitor: Visitor) -> HttpResponseBase:
    """List the open cases, each with what may be compared by its consent."""
    return lists.answer(request, visitor, CHECKS, "institution/checks.html", {"here": _HERE})


@visitors.page(permission.INSTITUTION, "GET", "POST")
def one(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponse:
    """Show what may be claimed in a case; by POST have the claims compared, alone or with the report."""
    case = cases.own(number, visitor)
    firm = subjects.get(case.subject_id)
    live, askable = _carried([] if case.closed else cases.active_of(case), firm)
    given = _given(request, askable)
    context: dict[str, Any] = {"here": _HERE, "case": case, "firm": firm, "live": live}
    context["items"] = [_fields_of(one, given, today=visitor.today) for one in askable]
    if request.method != "POST" or live is None:
        return pages.render(request, "institution/check.html", context)
    wrong = claims.misread(given, today=visitor.today)
    if wrong or not given:
        return pages.render(request, "institution/check.html", {**context, **_mistake(wrong)}, status=422)
    if request.POST.get("form") == "report":
        return reports.of(request, visitor, case, live, claims=given)
    return _compared(request, visitor, case, live, given, context)


def _compared(
    request: HttpRequest,
    visitor: Visitor,
    case: matters.Card,
    live: Grant,
    given: dict[str, dict[str, str]],
    context: dict[str, Any],
) -> HttpResponse:
    asked = reports.question(visitor, case, live, items=tuple(given), claims=given)
    answer = gate.release(asked, actor=visitor.actor, as_of=visitor.at)
    if isinstance(answer, Refusal):
        refused = {"refused": wording.reason(answer.reason), "onward": reports.onward(answer.reason)}
        return pages.render(request, "institution/check.html", {**context, **refused}, status=403)
    return pages.render(request, "institution/check.html", {**context, **_answers(answer, given)})


def _mistake(wrong: tuple[Misread, ...]) -> dict[str, str]:
    """Say what to put right, and lead to the first field of it."""
    if not wrong:
        return {"mistake": _("请至少填写一个待核验的值"), "wrong": "claims"}
    said = [f"{wording.named(one.field.label)}：{one.message}" for one in wrong]
    return {"mistake": "；".join(said), "wrong": f"{wrong[0].item.item}.{wrong[0].field.name}"}


def _carried(active: list[Grant], firm: subjects.Card) -> tuple[Grant | None, tuple[Askable, ...]]:
    """Return the newest consent by which something can be claimed, with what that is; else the newest."""
    found = ((grant, claims.askable(grant, firm.kind)) for grant in active)
    return next((pair for pair in found if pair[1]), (next(iter(active), None), ()))


def _given(request: HttpRequest, askable: tuple[Askable, ...]) -> dict[str, dict[str, str]]:
    """Return what was typed, item → field → value; what was left empty isn't claimed."""
    given: dict[str, dict[str, str]] = {}
    for one in askable:
        for field in one.fields:
            text = " ".join(request.POST.get(f"{one.item.item}.{field.name}", "").replace("\0", "").split())
            if text:
                given.setdefault(one.item.item, {})[field.name] = text[:_TEXT_MAX]
    return given


def _fields_of(one: Askable, given: dict[str, dict[str, str]], *, today: date) -> dict[str, Any]:
    typed = given.get(one.item.item, {})
    return {
        "item": one.item,
        "provider": loader.load().provider_label(one.item.channels[0].provider),
        "fields": [
            {
                "name": f"{one.item.item}.{field.name}",
                "field": field,
                "input": _INPUTS.get(field.field_type.widget, "text"),
                "value": typed.get(field.name, ""),
                "banded": field.type == "band",
                "bands": bands.of(one.item.item, field.name, on=today),
            }
            for field in one.fields
        ],
    }


def _answers(answer: Release, given: dict[str, dict[str, str]]) -> dict[str, Any]:
    return {
        "answer": answer,
        "answers": [_item(item, given[item.item]) for item in answer.items],
    }


def _item(item: ReleasedItem, claimed: dict[str, str]) -> dict[str, Any]:
    spent = item.reason is Reason.VERIFICATION_BUDGET
    withheld = item.availability is Availability.WITHHELD
    return {
        "label": loader.load().item(item.item).label,
        "availability": item.availability,
        "said": _BUDGET if spent else _SAID[item.availability],
        "why": wording.reason(item.reason) if item.reason and withheld else "",
        "lines": [_line(one, claimed[one.field.name], item) for one in claims.answered(item, claimed)],
    }


def _line(one: Answered, claimed: str, item: ReleasedItem) -> dict[str, Any]:
    if one.match is not None:
        return {"field": one.field, "claimed": claimed, "word": one.match.label, "tone": _TONES[one.match]}
    why = one.reason or item.reason
    note = wording.reason(why) if why else ""
    return {"field": one.field, "claimed": claimed, "word": _lazy("未答复"), "tone": "", "note": note}
