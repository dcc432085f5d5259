"""Errors as RFC 9457 problem details: mapped once, here, from the stable `code` of each context's errors."""

from __future__ import annotations

import json
import logging
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

_LOG = logging.getLogger(__name__)

# The status of each code; a code that is not named here is the caller's to mend (400).
_STATUS = {
    "unknown_subject": 404,
    "unknown_recipient": 404,
    "unknown_item": 404,
    "unknown_batch": 404,
    "unknown_consent": 404,
    "unknown_case": 404,
    "unknown_institution": 404,
    "unknown_provider": 404,
    "unknown_entry": 404,
    "not_permitted": 403,
    "refused": 403,
    "mandate_missing": 403,
    "conflict": 409,
    "rendering_failed": 503,
    "unknown_party": 404,
    "not_yet_covered": 409,
    "already_known": 409,
    "not_possible": 409,
    "not_allowed": 403,
    "not_theirs": 403,
    "signer_refused": 403,
    "identity_refused": 403,
    "identity_disagrees": 403,
    "notice_outdated": 409,
    "consent_tampered": 500,
}


class Problem(Exception):
    """An error that this door itself has to tell."""

    def __init__(self, status: int, code: str, title: str, **more: Any) -> None:
        super().__init__(title)
        self.status, self.code, self.title, self.more = status, code, title, more


def response(status: int, code: str, title: str, **more: Any) -> HttpResponse:
    """Return a problem document: what happened, where, what to do; never a stack trace."""
    body = {"type": f"urn:rongxin:problem:{code}", "status": status, "code": code, "title": title, **more}
    return HttpResponse(
        json.dumps(body, ensure_ascii=False), status=status, content_type="application/problem+json"
    )


def install(api: NinjaAPI) -> None:
    """Map every error of the API to a problem document."""

    @api.exception_handler(Problem)
    def _problem(request: HttpRequest, error: Problem) -> HttpResponse:
        return response(error.status, error.code, error.title, **error.more)

    @api.exception_handler(AuthenticationError)
    def _unauthenticated(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        answer = response(
            401, "unauthenticated", "未认证：请在 Authorization 头中携带有效的接口密钥 (Bearer)"
        )
        answer["WWW-Authenticate"] = "Bearer"
        return answer

    @api.exception_handler(ValidationError)
    def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        places = [{"where": ".".join(map(str, e["loc"])), "what": e["msg"]} for e in error.errors]
        return response(422, "invalid_request", "请求内容有误", errors=places)

    @api.exception_handler(HttpError)
    def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
        return response(error.status_code, "http_error", str(error))

    @api.exception_handler(Exception)
    def _any(request: HttpRequest, error: Exception) -> HttpResponse:
        code = getattr(error, "code", None)
        if isinstance(code, str):
            return response(_STATUS.get(code, 400), code, str(error))
        _LOG.exception("unexpected error at %s", request.path)
        return response(500, "internal_error", "服务内部错误，已记录；请稍后重试")
