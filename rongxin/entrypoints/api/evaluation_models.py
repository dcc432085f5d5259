"""评价模型: the register of versions, promotion by two persons, and the monthly reports ((七))."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from rongxin.delivery import model_report
from rongxin.delivery.rendering.press import Press
from rongxin.entrypoints.api import authentication, paging
from rongxin.entrypoints.api.problems import Problem
from rongxin.evaluation.monitoring import register, reports
from rongxin.evaluation.monitoring.register import Registration

router = Router(tags=["评价模型 Evaluation models"])
_PRESS = Press()
_STYLESHEET = Path(__file__).parents[1] / "static" / "rongxin" / "rongxin.css"
_JSON = "application/json"
_FORMS = (_JSON, model_report.PAGE, model_report.PAPER)


class ModelIn(Schema):
    """A version of the parameters with its model card."""

    version: str = Field(max_length=40, description="评价参数版本，如 2026-01-01")
    made_from: str = Field(min_length=1, max_length=500, description="依据：专家判断，或所用数据")
    document: str = Field(
        min_length=1, max_length=100_000, description="模型说明：用途、不适用范围、数据与检验结果"
    )
    data_from: date | None = Field(None, description="数据期间：起")
    data_until: date | None = Field(None, description="数据期间：止")
    expected_bad: dict[str, float] = Field(
        default_factory=dict, max_length=20, description="各等级的预期不良率（0–1），由数据拟合的版本填写"
    )


class Why(Schema):
    why: str = Field(min_length=1, max_length=500, description="理由")


@router.get("", auth=authentication.STAFF, summary="模型登记 All versions")
def every(request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted]) -> list[dict[str, Any]]:
    """List the registered versions, the newest registration first."""
    return paging.whole(request, answer, wanted, register.every(), "-registered_at", "version")


@router.post("", auth=authentication.SYSTEM, summary="登记模型 Register a version")
def enter(request: HttpRequest, model: ModelIn) -> dict[str, Any]:
    """Enter a version as a draft; its indicators and parameters are held to what they are now."""
    caller = authentication.caller(request)
    return register.register(Registration(**model.dict()), actor=caller.actor, as_of=caller.at)


@router.get("/reports", auth=authentication.STAFF, summary="模型月报 Which reports there are")
def report_months(
    request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted]
) -> list[dict[str, Any]]:
    """List the months whose report is made, the newest first."""
    return paging.whole(request, answer, wanted, reports.months(), "-month", "version")


@router.get("/reports/{month}", auth=authentication.STAFF, summary="一个月的模型月报 One month's report")
def report(request: HttpRequest, month: str) -> HttpResponse:
    """Return a month's report in the form that `Accept` names: application/json, text/html or
    application/pdf.
    """
    form = request.get_preferred_type(list(_FORMS)) if request.headers.get("Accept") else _JSON
    if form is None:
        raise Problem(406, "not_acceptable", f"月报的形式只有 {'、'.join(_FORMS)}")
    if form == _JSON:
        return HttpResponse(reports.frozen(month), content_type=f"{_JSON}; charset=utf-8")
    printed = model_report.printed(
        _PRESS,
        reports.held(month),
        node=settings.RONGXIN_NODE_NAME,
        notice=settings.RONGXIN_NOTICE,
        form=form,
        style=_STYLESHEET.read_text("utf-8"),
    )
    return HttpResponse(
        printed, content_type=form if form == model_report.PAPER else f"{form}; charset=utf-8"
    )


@router.get("/{version}", auth=authentication.STAFF, summary="一个版本 One version")
def one(request: HttpRequest, version: str) -> dict[str, Any]:
    """Return a version with its model card and how it compared in shadow."""
    return register.of(version)


@router.post("/{version}/shadow", auth=authentication.SYSTEM, summary="影子运行 Score in shadow")
def to_shadow(request: HttpRequest, version: str) -> dict[str, Any]:
    """Have a draft scored beside the champion from the next full run on; nobody is shown its scores."""
    caller = authentication.caller(request)
    return register.to_shadow(version, actor=caller.actor, as_of=caller.at)


@router.post("/{version}/proposal", auth=authentication.SYSTEM, summary="提出启用 Propose its promotion")
def propose(request: HttpRequest, version: str, body: Why) -> dict[str, Any]:
    """Propose that a challenger be put to use, by its latest comparison in shadow."""
    caller = authentication.caller(request)
    return register.propose(version, why=body.why, actor=caller.actor, as_of=caller.at)


@router.post(
    "/{version}/promotion",
    auth=authentication.SYSTEM | authentication.SECURITY,
    summary="核准启用 Promote, as another person",
)
def promote(request: HttpRequest, version: str) -> dict[str, Any]:
    """Put a proposed version to use; the one before it retires in the same moment."""
    caller = authentication.caller(request)
    return register.promote(version, actor=caller.actor, as_of=caller.at)


@router.post("/{version}/retirement", auth=authentication.SYSTEM, summary="停用 Retire")
def retire(request: HttpRequest, version: str, body: Why) -> dict[str, Any]:
    """Drop a draft or a challenger; the version in use is only ever replaced."""
    caller = authentication.caller(request)
    return register.retire(version, why=body.why, actor=caller.actor, as_of=caller.at)
