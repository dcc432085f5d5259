"""结果反馈: an institution tells what became of its cases; the firm reads what was told of it ((七))."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import File, Query, Router, Schema
from ninja.files import UploadedFile
from pydantic import Field

from rongxin.consent import cases
from rongxin.entrypoints.api import authentication, paging
from rongxin.entrypoints.api.batches import on_disk
from rongxin.entrypoints.api.problems import Problem
from rongxin.financing import outcome_files, outcomes
from rongxin.financing.outcomes import Line
from rongxin.financing.rules import Rejection, Security, Stage, Told

router = Router(tags=["结果反馈 Outcome feedback"])
_Money = Annotated[Decimal | None, Field(description="元 CNY")]


class ToldIn(Schema):
    """One step of a case; which values belong to which stage, see the guide."""

    stage: Stage
    on: date = Field(description="发生日期；还款情况为截至日期")
    amount_cny: _Money = None
    rate_bp: int | None = Field(None, description="年利率，基点（0.01%）")
    term_months: int | None = None
    security: Security | None = Field(None, description="担保方式")
    rejection: Rejection | None = Field(None, description="未批准原因类别")
    outstanding_cny: _Money = None
    overdue_days: int | None = None
    overdue_cny: _Money = None

    def told(self) -> Told:
        return Told(**{name: getattr(self, name) for name in Told.__dataclass_fields__})


class StepIn(ToldIn):
    reference: str = Field(min_length=1, max_length=128, description="机构自己的业务编号")


class StepsIn(Schema):
    outcomes: list[StepIn] = Field(min_length=1, max_length=1000)


class CorrectionIn(ToldIn):
    why: str = Field(min_length=1, max_length=500, description="更正原因")


class WithdrawalIn(Schema):
    why: str = Field(min_length=1, max_length=500, description="撤回原因")


@router.post("", auth=authentication.INSTITUTION, summary="报送结果 Tell outcomes")
def tell(request: HttpRequest, told: StepsIn) -> dict[str, Any]:
    """Take up to a thousand steps; each ends as accepted, duplicate or refused, by its place from 1."""
    caller = authentication.caller(request)
    numbers = cases.numbers_of(caller.party, {one.reference for one in told.outcomes})
    known = [
        Line(place, numbers[one.reference], one.told())
        for place, one in enumerate(told.outcomes, start=1)
        if one.reference in numbers
    ]
    taken = outcomes.tell(caller.party, known, actor=caller.actor, as_of=caller.at)
    refused = dict(taken.refused) | {
        place: outcomes.NO_CASE
        for place, one in enumerate(told.outcomes, start=1)
        if one.reference not in numbers
    }
    return {
        "accepted": [{"number": place, "outcome": id} for place, id in sorted(taken.accepted.items())],
        "duplicates": list(taken.duplicates),
        "refused": [{"number": place, "reason": refused[place]} for place in sorted(refused)],
    }


@router.post("/files", auth=authentication.INSTITUTION, summary="报送结果文件 Hand in a file of outcomes")
def take_file(request: HttpRequest, file: File[UploadedFile]) -> dict[str, Any]:
    """Take CSV, workbook, JSON Lines or Parquet; every row is accounted for, a file can come again."""
    caller = authentication.caller(request)
    with on_disk(file) as path:
        receipt = outcome_files.take(
            path, caller.party, name=file.name or "file", actor=caller.actor, as_of=caller.at
        )
    return receipt.document()


@router.post("/{outcome_id}/correction", auth=authentication.INSTITUTION, summary="更正结果 Correct")
def correct(request: HttpRequest, outcome_id: UUID, correction: CorrectionIn) -> dict[str, Any]:
    """Put another step in the place of a wrong one; the old one stays readable, to the firm too."""
    caller = authentication.caller(request)
    told, why = correction.told(), correction.why
    card = outcomes.correct(outcome_id, caller.party, told, why, actor=caller.actor, as_of=caller.at)
    return card.document()


@router.post("/{outcome_id}/withdrawal", auth=authentication.INSTITUTION, summary="撤回结果 Take back")
def withdraw(request: HttpRequest, outcome_id: UUID, withdrawal: WithdrawalIn) -> dict[str, Any]:
    """Take back a step that never was, with nothing in its place; it stays readable, to the firm too."""
    caller = authentication.caller(request)
    why = withdrawal.why
    card = outcomes.withdraw(outcome_id, caller.party, why, actor=caller.actor, as_of=caller.at)
    return card.document()


@router.get("", auth=authentication.INSTITUTION, summary="本机构的结果 Own outcomes of a case")
def own(request: HttpRequest, reference: str) -> list[dict[str, Any]]:
    """List what was told of one case of the institution's own, corrected steps included."""
    caller = authentication.caller(request)
    if not cases.numbers_of(caller.party, {reference}):
        raise Problem(404, "unknown_case", outcomes.NO_CASE)
    return [card.document() for card in outcomes.of_reference(caller.party, reference)]


@router.get("/about-me", auth=authentication.SUBJECT, summary="关于本企业的结果 Outcomes about the firm")
def about_me(
    request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted]
) -> list[dict[str, Any]]:
    """List what institutions told of the firm's own cases, the newest first."""
    caller = authentication.caller(request)
    rows = [
        card.document() | {"institution": card.case.institution_id}
        for card in outcomes.of_subject(int(caller.party))
    ]
    return paging.whole(request, answer, wanted, rows, "-told_at", "outcome")
