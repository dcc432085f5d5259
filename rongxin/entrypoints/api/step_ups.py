"""再次确认身份: what is demanded of an institution's people, and the code that answers it ((十))."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from rongxin.entrypoints.api import authentication, paging
from rongxin.parties import sign_ins, step_ups

router = Router(tags=["再次确认身份 Step-up"])
_OWN = authentication.INSTITUTION | authentication.INSTITUTION_ADMINISTRATOR


class Code(Schema):
    code: str = Field(min_length=1, max_length=16, description="验证器上显示的验证码")


@router.get(
    "/{institution}/step-ups",
    auth=_OWN | authentication.SECURITY | authentication.AUDIT,
    summary="再次确认身份的要求 What is demanded",
)
def show(
    request: HttpRequest, answer: HttpResponse, wanted: Query[paging.Wanted], institution: str
) -> list[dict[str, Any]]:
    """List of whom a new code is or was demanded, the newest first."""
    authentication.check_own_institution(request, institution)
    part = step_ups.of_institution(institution, paging.window(request, wanted))
    paging.link(request, answer, part)
    return [card.document() for card in part.rows]


@router.post("/{institution}/step-ups/{step_up}/code", auth=_OWN, summary="以验证码确认 Answer with a code")
def give_code(request: HttpRequest, institution: str, step_up: UUID, body: Code) -> dict[str, Any]:
    """Answer with a new code of the caller's own authenticator: the person's own, or an administrator's for a
    person whom the platform knows by the institution's word alone.
    """
    authentication.check_own_institution(request, institution)
    caller = authentication.caller(request)
    account, at = caller.account, caller.at
    step_ups.check_answerer(step_up, institution=institution, account=account, as_of=at)
    sign_ins.confirm_code(account, body.code, origin="api", as_of=at)
    return step_ups.vouch(step_up, institution=institution, account=account, as_of=at).document()
