"""Tokens for machines: OAuth 2.0 client credentials with `private_key_jwt` and DPoP, as FAPI 2.0 has them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Form, Router, Schema

from rongxin.consent import rules
from rongxin.consent.redirection import pushed
from rongxin.consent.redirection import rules as redirection
from rongxin.consent.redirection.errors import CodeRefused
from rongxin.entrypoints.api import authentication
from rongxin.parties import access_tokens
from rongxin.proof import client_assertion, dpop, foreign_tokens
from rongxin.vocabulary.actor import Actor, ActorKind

router = Router(tags=["令牌 Tokens"])
_CONTENT_TYPE = "application/json"
GRANTS = ("client_credentials", "authorization_code")


class TokenRequest(Schema):
    grant_type: str = ""
    client_assertion_type: str = ""
    client_assertion: str = Field("", max_length=foreign_tokens.BYTES_MAX)
    code: str = Field("", max_length=200)
    redirect_uri: str = Field("", max_length=redirection.URI_LENGTH_MAX)
    code_verifier: str = Field("", max_length=128)


@router.post("/token", auth=None, summary="取得令牌 Ask for a token")
def token(
    request: HttpRequest,
    form: Form[TokenRequest],
) -> HttpResponse:
    """Give an institution's machine a token of five minutes, bound to the key of the `DPoP` header.

    `scope` says what it opens: `all`, or `duties` where the institution is not served. By the code with which
    a firm's person came back (`authorization_code`) the answer also names the consent that was given.
    Errors are those of RFC 6749 §5.2 and RFC 9449 §5.
    """
    now = timezone.now()
    if form.grant_type not in GRANTS:
        return error("unsupported_grant_type", f"grant_type must be one of {', '.join(GRANTS)}")
    if form.client_assertion_type != client_assertion.FORM:
        return error("invalid_client", f"client_assertion_type must be {client_assertion.FORM}", status=401)
    try:
        granted = access_tokens.grant(
            form.client_assertion,
            authentication.asked(request),
            issuer=authentication.issuer(request),
            as_of=now,
        )
        more = {} if form.grant_type == GRANTS[0] else _redeemed(form, granted, now)
    except access_tokens.Refused as refused:
        return error(refused.code, str(refused), status=401 if refused.code == "invalid_client" else 400)
    told = {"access_token": granted.token, "token_type": "DPoP", "expires_in": granted.seconds}
    return answer({**told, "scope": granted.scope.value, **more})


def _redeemed(form: TokenRequest, granted: access_tokens.Granted, now: datetime) -> dict[str, Any]:
    """Return what was consented to, as RFC 9396 §7 has it, for the code of who came back."""
    if granted.scope is not access_tokens.Scope.ALL:
        raise access_tokens.Refused("invalid_grant", "the institution is not served")
    role = granted.client.role
    try:
        consent = pushed.redeem(
            form.code,
            client=granted.client.name,
            redirect_uri=form.redirect_uri,
            verifier=form.code_verifier,
            actor=Actor(ActorKind.ACCOUNT, str(role.account), f"{role.party_kind.value}:{role.party}"),
            as_of=now,
        )
    except CodeRefused as refused:
        raise access_tokens.Refused(refused.code, str(refused)) from refused
    details = rules.encode(consent.terms)["authorization_details"]
    return {"authorization_details": details, "consent": str(consent.id)}


@router.get("/metadata", auth=None, summary="授权服务器元数据 Metadata (RFC 8414)")
def metadata(request: HttpRequest) -> dict[str, Any]:
    """Say where tokens are given and what is understood."""
    return described(authentication.issuer(request))


def described(issuer: str) -> dict[str, Any]:
    """Return the document of RFC 8414."""
    return {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/api/v1/oauth/token",
        "pushed_authorization_request_endpoint": f"{issuer}/api/v1/oauth/par",
        "require_pushed_authorization_requests": True,
        "authorization_endpoint": f"{issuer}/authorize",
        "authorization_response_iss_parameter_supported": True,
        "authorization_details_types_supported": [rules.DETAILS_TYPE],
        "code_challenge_methods_supported": ["S256"],
        "grant_types_supported": list(GRANTS),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(client_assertion.ALGORITHMS),
        "dpop_signing_alg_values_supported": list(dpop.ALGORITHMS),
    }


def answer(body: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """Answer as OAuth does: JSON that nobody keeps."""
    said = HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type=_CONTENT_TYPE)
    said["Cache-Control"] = "no-store"
    return said


def error(code: str, why: str, *, status: int = 400) -> HttpResponse:
    """Refuse in the words of RFC 6749 §5.2."""
    return answer({"error": code, "error_description": why}, status=status)
