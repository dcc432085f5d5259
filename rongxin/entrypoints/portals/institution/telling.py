"""结果反馈: what became of a case, told step by step on a page, or of many cases by a file ((七))."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from rongxin.entrypoints.api.batches import on_disk
from rongxin.entrypoints.portals import pages, visitors
from rongxin.entrypoints.portals.enterprise.applications import what
from rongxin.entrypoints.portals.institution import cases
from rongxin.entrypoints.portals.institution.outcomes import fields_of, next_of, told_of
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.financing import outcome_files, outcomes
from rongxin.financing.errors import FinancingError, UnfitFile, UnfitOutcome
from rongxin.financing.outcomes import Line
from rongxin.financing.rules import FINAL
from rongxin.parties import subjects
from rongxin.parties.rules import permission

_REASONS_SHOWN = 200


@visitors.page(permission.INSTITUTION, "GET", "POST")
def step(request: HttpRequest, visitor: Visitor, number: UUID) -> HttpResponseBase:
    """Show the form for the next step of a case; by POST tell it."""
    case = cases.own(number, visitor)
    line = outcomes.of_case(case.id)
    stages = next_of(case.id)
    given = request.POST if request.method == "POST" else request.GET
    stage = next((one for one in stages if one.value == given.get("stage")), next(iter(stages), None))
    context: dict[str, Any] = {
        "here": "institution",
        "case": case,
        "firm": subjects.get(case.subject_id),
        "line": [{"told": told, "what": what(told)} for told in line],
        "stages": stages,
        "stage": stage,
        "ends": stage in FINAL,
        "fields": fields_of(stage, given) if stage else [],
        "on": given.get("on") or visitor.today.isoformat(),
        "today": visitor.today,
    }
    if request.method != "POST":
        return pages.render(request, "institution/step.html", context)
    try:
        lines = [Line(1, case.id, told_of(request.POST))]
        taken = outcomes.tell(visitor.role.party, lines, actor=visitor.actor, as_of=visitor.at)
        if taken.refused:
            raise UnfitOutcome(taken.refused[1])
    except FinancingError as error:
        context["mistake"] = pages.words(error)
        return pages.render(request, "institution/step.html", context, status=422)
    messages.success(
        request, _("已反馈，企业可以看到") if taken.accepted else _("这一步此前已反馈过，没有重复记录")
    )
    return redirect("institution_case", number=number)


@visitors.page(permission.INSTITUTION, "GET", "POST")
def many(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Say what a file of outcomes holds; by POST take one and say what became of each row."""
    context: dict[str, Any] = {
        "here": "institution_outcomes",
        "columns": outcome_files.COLUMNS.items(),
        "words": [(one, outcome_files.COLUMNS[one], list(some)) for one, some in outcome_files.WORDS.items()],
    }
    if request.method != "POST":
        return pages.render(request, "institution/outcomes.html", context)
    file = request.FILES.get("file")
    try:
        if file is None:
            raise UnfitFile(_("没有选择文件：请选择 CSV、XLSX、JSON 或 Parquet 文件"))
        with on_disk(file) as path:
            receipt = outcome_files.take(
                path, visitor.role.party, name=file.name or "", actor=visitor.actor, as_of=visitor.at
            )
    except FinancingError as error:
        context["mistake"] = pages.words(error)
        return pages.render(request, "institution/outcomes.html", context, status=422)
    shown = {"receipt": receipt, "refused": receipt.refused[:_REASONS_SHOWN], "shown": _REASONS_SHOWN}
    return pages.render(request, "institution/outcomes.html", {**context, **shown})
