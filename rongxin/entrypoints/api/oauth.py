"""Tokens for machines: OAuth 2.0 client credentials with `private_key_jwt` and DPoP, as FAPI 2.0 has them."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Form, Router, Schema

from rongxin.entrypoints.api import authentication
from rongxin.parties import access_tokens
from rongxin.proof import client_assertion, dpop, foreign_tokens

router = Router(tags=["令牌 Tokens"])
_CONTENT_TYPE = "application/json"


class TokenRequest(Schema):
    grant_type: str = ""
    client_assertion_type: str = ""
    client_assertion: str = Field("", max_length=foreign_tokens.BYTES_MAX)


@router.post("/token", auth=None, summary="取得令牌 Ask for a token")
def token(
    request: HttpRequest,
    form: Form[TokenRequest],
) -> HttpResponse:
    """Give an institution's machine a token of five minutes, bound to the key of the `DPoP` header.

    `scope` says what it opens: `all`, or `duties` where the institution is not served.
    Errors are those of RFC 6749 §5.2 and RFC 9449 §5.
    """
    if form.grant_type != "client_credentials":
        return _error("unsupported_grant_type", "grant_type must be client_credentials")
    if form.client_assertion_type != client_assertion.FORM:
        return _error("invalid_client", f"client_assertion_type must be {client_assertion.FORM}", status=401)
    try:
        granted = access_tokens.grant(
            form.client_assertion,
            authentication.asked(request),
            issuer=authentication.issuer(request),
            as_of=timezone.now(),
        )
    except access_tokens.Refused as error:
        return _error(error.code, str(error), status=401 if error.code == "invalid_client" else 400)
    told = {"access_token": granted.token, "token_type": "DPoP", "expires_in": granted.seconds}
    return _answer({**told, "scope": granted.scope.value})


@router.get("/metadata", auth=None, summary="授权服务器元数据 Metadata (RFC 8414)")
def metadata(request: HttpRequest) -> dict[str, Any]:
    """Say where tokens are given and what is understood."""
    return described(authentication.issuer(request))


def described(issuer: str) -> dict[str, Any]:
    """Return the document of RFC 8414."""
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/api/v1/oauth/token",
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(client_assertion.ALGORITHMS),
        "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
    }


def _answer(body: dict[str, Any], *, status: int = 200) -> HttpResponse:
    answer = HttpResponse(json.dumps(body), status=status, content_type=_CONTENT_TYPE)
    answer["Cache-Control"] = "no-store"
    return answer


def _error(code: str, why: str, *, status: int = 400) -> HttpResponse:
    return _answer({"error": code, "error_description": why}, status=status)
