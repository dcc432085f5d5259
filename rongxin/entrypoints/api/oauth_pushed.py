"""Pushed requests for consent: a client says by its own key what a firm's person is to decide (RFC 9126)."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Field, Form, Router, Schema
from pydantic import TypeAdapter, ValidationError

from rongxin.catalogue.errors import CatalogueError
from rongxin.consent import cases
from rongxin.consent.errors import ConsentError, UnknownCase
from rongxin.consent.redirection import pushed, rules
from rongxin.consent.redirection.errors import NotPushable
from rongxin.consent.redirection.pushed import Wish
from rongxin.consent.templates import Draft
from rongxin.entrypoints.api import authentication, oauth
from rongxin.entrypoints.api.consent_details import Details
from rongxin.entrypoints.api.problems import Problem
from rongxin.parties import access_tokens
from rongxin.proof import client_assertion, foreign_tokens
from rongxin.vocabulary.actor import Actor, ActorKind

router = Router(tags=["令牌 Tokens"])
_DETAILS = TypeAdapter(list[Details])


class PushedRequest(Schema):
    """The parameters of RFC 6749 §4.1.1 and RFC 7636, with one of `authorization_details` (RFC 9396)."""

    client_assertion_type: str = ""
    client_assertion: str = Field("", max_length=foreign_tokens.BYTES_MAX)
    client_id: str = Field("", max_length=150)
    response_type: str = ""
    redirect_uri: str = Field("", max_length=rules.URI_LENGTH_MAX)
    state: str = Field("", max_length=rules.STATE_LENGTH_MAX)
    code_challenge: str = Field("", max_length=128)
    code_challenge_method: str = ""
    authorization_details: str = Field("", max_length=20_000, description="JSON")


@router.post("/par", auth=None, summary="推送授权申请 Push a request for consent (RFC 9126)")
def push(request: HttpRequest, form: Form[PushedRequest]) -> HttpResponse:
    """Take a request in and return the `request_uri` with which the firm's person is sent to `/authorize`.

    Nothing but `redirect_uri`s that two persons registered is accepted. The firm may as well answer the same
    request in its portal. Errors are those of RFC 6749 §5.2 and RFC 9396 §5.
    """
    now = timezone.now()
    if form.client_assertion_type != client_assertion.FORM:
        why = f"client_assertion_type must be {client_assertion.FORM}"
        return oauth.error("invalid_client", why, status=401)
    try:
        issuer = authentication.issuer(request)
        client = access_tokens.identify(form.client_assertion, issuer=issuer, as_of=now)
        request_uri = _pushed(form, client, now)
    except access_tokens.Refused as refused:
        return oauth.error(refused.code, str(refused), status=401)
    except NotPushable as refused:
        return oauth.error(refused.error, str(refused))
    except (ConsentError, CatalogueError, Problem) as refused:
        return oauth.error("invalid_authorization_details", str(refused))
    told = {"request_uri": request_uri, "expires_in": int(rules.REQUEST_LIFE.total_seconds())}
    return oauth.answer(told, status=201)


def _pushed(form: PushedRequest, client: access_tokens.Client, now: datetime) -> str:
    if form.client_id not in ("", client.name):
        raise NotPushable("invalid_request", "client_id isn't the client that signed the assertion")
    if form.response_type != "code":
        raise NotPushable("unsupported_response_type", "response_type must be code")
    if form.code_challenge_method != "S256":
        raise NotPushable("invalid_request", "code_challenge_method must be S256")
    case, draft = _details(form.authorization_details, client.role.party, now)
    actor = Actor(
        ActorKind.ACCOUNT, str(client.role.account), f"{client.role.party_kind.value}:{client.role.party}"
    )
    wish = Wish(client.name, form.redirect_uri, form.state, form.code_challenge)
    return pushed.push(case, draft, wish, actor=actor, as_of=now)


def _details(text: str, institution: str, now: datetime) -> tuple[UUID, Draft]:
    """Return case and draft of the details; another institution's case is as good as none."""
    try:
        (details,) = _DETAILS.validate_python(json.loads(text))
    except (ValueError, RecursionError, ValidationError) as error:
        raise NotPushable("invalid_authorization_details", f"one of them, as RFC 9396: {error}") from error
    case = cases.get(details.identifier)
    if case.institution_id != institution:
        raise UnknownCase(details.identifier)
    return case.id, details.draft(on=timezone.localdate(now))
