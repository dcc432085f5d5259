"""信用信息报告: one question about one subject, answered through the gate as JSON, page or PDF."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Router, Schema

from rongxin.catalogue import loader, regions
from rongxin.delivery import report
from rongxin.delivery.rendering import html, presentation
from rongxin.delivery.rendering.press import Press
from rongxin.delivery.signature import issuing
from rongxin.disclosure import claims, deferred, gate, register
from rongxin.disclosure.deferred import State
from rongxin.disclosure.errors import UnknownRequest
from rongxin.disclosure.release import Recipient, Refusal, Release, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.entrypoints.api import authentication, idempotency, problems, rate_limits
from rongxin.parties import accounts, institutions, subjects
from rongxin.parties.rules import quota
from rongxin.vocabulary import uscc as codes
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason

router = Router(tags=["报告 Reports"])
PRESS = Press()


class ReportRequest(Schema):
    """What an institution asks. Without case and consent the answer is the public report."""

    uscc: str = Field(description="统一社会信用代码")
    purpose: Purpose = Purpose.FINANCING_SUPPORT
    reference: str = Field(min_length=1, max_length=128, description="机构自己的业务编号")
    person: str = Field(min_length=1, max_length=128, description="查询人：机构经办人员的姓名或工号")
    branch: str = Field("", max_length=128, description="查询人所在的分支机构")
    case: UUID | None = Field(None, description="融资业务编号")
    consent: UUID | None = Field(None, description="授权编号")
    items: list[str] | None = Field(None, description="信息项；缺省为清单全部", min_length=1, max_length=100)
    claims: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="数据核验：信息项 → 字段 → 待核验的值", max_length=100
    )
    seal_to: str = Field(
        "", max_length=1000, description="密封：机构的 X25519 或 SM2 公钥（PEM），提供单位直接加密给机构"
    )


class Progress(Schema):
    """How far a request is that is answered later (`Prefer: respond-async`)."""

    request: UUID
    status: State
    status_label: str
    asked_at: datetime
    collect_by: datetime | None = Field(description="可取时：最迟何时取走，逾期删除")
    reason: str | None = Field(description="未予提供的原因")
    report: str = Field(description="取得应答的地址")


@router.get(
    "/{request_id}", auth=authentication.INSTITUTION, summary="取得报告 Have a report, or have it again"
)
def again(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Give the institution what it asked for to be answered later, or its own report again while its consent
    lets the answers be kept, in the form that `Accept` names. Either is decided anew and stands in the
    journal; no provider is asked. 202 while it isn't ready.
    """
    caller = authentication.caller(request)
    form = form_of(request)
    waits = deferred.progress(request_id, institution=caller.party)
    state = waits.state if waits else None
    # Who repeats a request to have it answered later is told where it stands; collecting it is another act.
    if waits and (state is State.WAITING or (state is State.READY and request.method == "POST")):
        return _accepted(request, waits, at=caller.at)
    if state is State.READY:
        answer = deferred.collect(request_id, institution=caller.party, as_of=caller.at)
        return refused(answer) if isinstance(answer, Refusal) else rendered(answer, form)
    if waits and waits.reason:
        return _refused(waits.reason, waits.entry)
    return _kept_again(request, request_id, form)


@router.get(
    "/{request_id}/status",
    auth=authentication.INSTITUTION,
    response=Progress,
    summary="延时应答的进度 How far a request is",
)
def status(request: HttpRequest, request_id: UUID) -> Progress:
    """Say how far a request is that is answered later; nothing is given by this."""
    caller = authentication.caller(request)
    found = deferred.progress(request_id, institution=caller.party)
    if found is None:
        raise UnknownRequest(request_id)
    return _progress(found)


def _kept_again(request: HttpRequest, request_id: UUID, form: str) -> HttpResponse:
    caller = authentication.caller(request)
    earlier = register.earlier(request_id, recipient=caller.party)
    if earlier is None:
        raise UnknownRequest(request_id)
    institution, account = institutions.get(caller.party), accounts.get(caller.account)
    answer = gate.release(
        Request(
            recipient=Recipient(
                RecipientKind.INSTITUTION, institution.id, institution.name, account.display_name
            ),
            uscc=subjects.get(earlier.subject).uscc or "",
            items=earlier.items,
            purpose=earlier.purpose,
            reference=earlier.reference,
            consent_id=earlier.consent,
            repeats=request_id,
            export=form == _PDF,
        ),
        actor=caller.actor,
        as_of=caller.at,
    )
    if isinstance(answer, Refusal):
        return refused(answer)
    return rate_limits.told(rendered(answer, form), answer.quota, at=caller.at)


@router.post("", auth=authentication.INSTITUTION, summary="查询信用信息报告 Ask for a credit report")
@idempotency.by_number(again)
def create(request: HttpRequest, question: ReportRequest) -> HttpResponse:
    """Answer with the report in the form that `Accept` names: application/json, text/html or
    application/pdf. With `Prefer: respond-async` (RFC 7240) answer 202 at once and have providers asked in
    their own time: the report is then collected at `Location`.
    """
    caller = authentication.caller(request)
    form = form_of(request)
    _check_claims(question, today=timezone.localdate(caller.at))
    institution = caller.institution or institutions.get(caller.party)
    asked = _request(request, question, institution, export=form == _PDF)
    if _later(request):
        taken = deferred.defer(asked, actor=caller.actor, as_of=caller.at)
        if isinstance(taken, Refusal):
            return refused(taken)
        return rate_limits.told(_accepted(request, taken, at=caller.at), taken.quota, at=caller.at)
    answer = gate.release(asked, actor=caller.actor, as_of=caller.at)
    if isinstance(answer, Refusal):
        return refused(answer)
    return rate_limits.told(rendered(answer, form), answer.quota, at=caller.at)


def _request(
    request: HttpRequest, question: ReportRequest, institution: institutions.Card, *, export: bool
) -> Request:
    return Request(
        recipient=Recipient(
            RecipientKind.INSTITUTION, institution.id, institution.name, question.person, question.branch
        ),
        uscc=code_of(question.uscc),
        items=tuple(question.items or loader.load().all_names),
        purpose=question.purpose,
        reference=question.reference,
        case_id=question.case,
        consent_id=question.consent,
        claims=question.claims,
        seal_to=question.seal_to,
        number=idempotency.number_of(request),
        export=export,
    )


def _check_claims(question: ReportRequest, *, today: date) -> None:
    """Refuse what is no value of its field, and a band in which its provider doesn't answer."""
    wrong = claims.misread(question.claims, today=today)
    if wrong:
        places = [
            {"where": f"body.claims.{one.item.item}.{one.field.name}", "what": one.message} for one in wrong
        ]
        raise problems.Problem(422, "invalid_request", "请求内容有误", errors=places)


def _later(request: HttpRequest) -> bool:
    preferences = request.headers.get("Prefer", "").replace(";", ",").split(",")
    return "respond-async" in {one.strip().lower() for one in preferences}


def _accepted(request: HttpRequest, waits: deferred.Progress, *, at: datetime) -> HttpResponse:
    """Say where a deferred request stands and where its answer will be (RFC 9110 §15.3.3)."""
    body = json.dumps(_progress(waits).model_dump(mode="json"), ensure_ascii=False)
    answer = HttpResponse(body, status=202, content_type="application/json; charset=utf-8")
    answer["Location"] = f"/api/v1/reports/{waits.request}"
    answer["Preference-Applied"] = "respond-async"
    answer["Retry-After"] = str(deferred.policy(timezone.localdate(at)).look_again_seconds)
    return answer


def _progress(found: deferred.Progress) -> Progress:
    return Progress(
        request=found.request,
        status=found.state,
        status_label=found.state.label,
        asked_at=found.asked_at,
        collect_by=found.until,
        reason=found.reason.value if found.reason else None,
        report=f"/api/v1/reports/{found.request}",
    )


def code_of(text: str) -> str:
    """Return the code in its written form; one that can't be a code is a slip of the pen, not a question."""
    code = codes.clean(text)
    found = codes.examine(code)
    if not found.acceptable:
        raise problems.Problem(400, "invalid_uscc", found.message, where="body.uscc")
    return code


def form_of(request: HttpRequest) -> str:
    """Choose the form before anything is asked of the gate, so that no release is made for a form we lack."""
    form = request.get_preferred_type(list(_FORMS)) if request.headers.get("Accept") else "application/json"
    if form is None:
        raise problems.Problem(406, "not_acceptable", f"报告的形式只有 {'、'.join(_FORMS)}")
    return form


_PDF = "application/pdf"
_FORMS = ("application/json", "text/html", _PDF)


def refused(refusal: Refusal) -> HttpResponse:
    """Return the gate's no, with its reason and where it stands in the journal."""
    answer = _refused(refusal.reason, refusal.entry)
    return rate_limits.told(answer, refusal.quota, at=refusal.refused_at)


def _refused(reason: Reason, entry: UUID | None) -> HttpResponse:
    waits = reason in quota.REASONS
    return problems.response(
        429 if waits else 403,
        "quota_exhausted" if waits else "refused",
        reason.label,
        reason=reason.value,
        article=reason.article,
        entry=str(entry),
    )


def rendered(release: Release, form: str) -> HttpResponse:
    """Return a release as a report in the form that was chosen."""
    catalogue = loader.load()
    document = report.build(release, catalogue, node=settings.RONGXIN_NODE_NAME)
    if form == "application/json":
        return as_json(document)
    prepared = presentation.prepare(
        document, region_label=regions.label(release.subject.region), notice=settings.RONGXIN_NOTICE
    )
    if form == _PDF:
        signed = issuing.sign(PRESS.pdf(prepared), as_of=release.released_at)
        response = HttpResponse(signed, content_type=form)
        response["Content-Disposition"] = f'attachment; filename="report-{release.id}.pdf"'
        return response
    return HttpResponse(
        html.render(prepared, PRESS.charts(prepared)), content_type="text/html; charset=utf-8"
    )


def as_json(document: dict[str, Any]) -> HttpResponse:
    return HttpResponse(report.to_json(document), content_type="application/json; charset=utf-8")
