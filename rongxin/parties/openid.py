"""Signing in at an OpenID provider: a unified government login, an electronic business licence.

Authorization code with PKCE, state and nonce (OpenID Connect Core 1.0, RFC 7636, RFC 9207, RFC 9700). The
node is told who the person is and never sees a password; the identity number is kept as a commitment only.
"""

from __future__ import annotations

import hmac
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
from authlib.common.security import generate_token
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from rongxin.parties import identity, openid_providers
from rongxin.parties.errors import PartiesError
from rongxin.parties.identity import IdentityRefused
from rongxin.parties.openid_providers import OpenIdProvider
from rongxin.parties.rules.identity import FRESH, Assertion, Assurance

# Signatures that only the provider can make. `none` and those with a shared secret are not among them.
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
#: How long somebody may take at the provider, and by how much its clock may differ from ours.
PATIENCE = timedelta(minutes=10)
_LEEWAY_SECONDS = 60
_TIMEOUT_SECONDS = 5.0
_BYTES_MAX = 256 << 10
_METADATA_SECONDS = 300.0
_metadata: dict[str, tuple[float, dict[str, Any]]] = {}


class IdentityProviderSilent(PartiesError):
    """The identity provider didn't answer, or not in the words of OpenID Connect; try again later."""

    code = "identity_provider_silent"


@dataclass(frozen=True)
class Departure:
    """What the browser that leaves for the provider has to bring back, and what only its session knows."""

    provider: str
    state: str
    nonce: str
    verifier: str
    redirect_uri: str
    at: float


def depart(provider: OpenIdProvider, *, redirect_uri: str, as_of: datetime) -> tuple[str, Departure]:
    """Return the provider's address to send a person to, and what their session keeps until they return."""
    kept = Departure(
        provider.id,
        state=generate_token(43),
        nonce=generate_token(43),
        verifier=generate_token(64),
        redirect_uri=redirect_uri,
        at=as_of.timestamp(),
    )
    address = prepare_grant_uri(
        _endpoint(provider, "authorization_endpoint"),
        provider.client_id,
        "code",
        redirect_uri=redirect_uri,
        scope=provider.scope,
        state=kept.state,
        nonce=kept.nonce,
        code_challenge=create_s256_code_challenge(kept.verifier),
        code_challenge_method="S256",
        max_age=str(int(FRESH.total_seconds())),
    )
    return str(address), kept


def attest(
    provider: OpenIdProvider, kept: Departure, answer: Mapping[str, str], *, as_of: datetime
) -> Assertion:
    """Take what the browser brought back and return who the provider says it is; IdentityRefused otherwise.

    The caller has forgotten `kept` before: it serves once, whatever comes of it.
    """
    _check_answer(provider, kept, answer, as_of=as_of)
    form = {
        "grant_type": "authorization_code",
        "code": answer["code"],
        "redirect_uri": kept.redirect_uri,
        "code_verifier": kept.verifier,
    }
    told = _redeem(provider, form)
    claims = _claims(provider, told, nonce=kept.nonce, as_of=as_of)
    if provider.userinfo:
        more = _call(provider, "GET", "userinfo_endpoint", bearer=str(told.get("access_token", "")))
        if more.get("sub") != claims["sub"]:
            raise IdentityRefused("身份认证平台前后所称不是同一人，请重新登录")
        claims = {**more, **claims}
    return _assertion(provider, claims, as_of=as_of)


def _check_answer(
    provider: OpenIdProvider, kept: Departure, answer: Mapping[str, str], *, as_of: datetime
) -> None:
    if kept.provider != provider.id or not hmac.compare_digest(kept.state, answer.get("state", "")):
        raise IdentityRefused("这次登录不是从本页面开始的，请重新登录")
    if as_of.timestamp() - kept.at > PATIENCE.total_seconds():
        raise IdentityRefused("登录用时过长，请重新登录")
    # Whoever answers names itself (RFC 9207): a code of another provider is never taken to this one.
    named = bool(_known(provider).get("authorization_response_iss_parameter_supported"))
    if answer.get("iss", "" if named else provider.issuer) != provider.issuer:
        raise IdentityRefused("答复的不是所选的身份认证平台，请重新登录")
    if "error" in answer or not answer.get("code"):
        raise IdentityRefused("身份认证平台没有确认您的身份：已取消或未通过")


def _claims(
    provider: OpenIdProvider, told: Mapping[str, Any], *, nonce: str, as_of: datetime
) -> dict[str, Any]:
    """Return what a valid id_token says: signed by the provider, of it, for us, of this sign-in, not over."""
    try:
        keys = KeySet.import_key_set(_call(provider, "GET", "jwks_uri"))  # type: ignore[arg-type]
        token = jwt.decode(str(told.get("id_token", "")), keys, algorithms=_ALGORITHMS)
        claims = CodeIDToken(
            token.claims,
            token.header,
            {
                "iss": {"essential": True, "value": provider.issuer},
                "aud": {"essential": True, "value": provider.client_id},
            },
            {
                "nonce": nonce,
                "client_id": provider.client_id,
                "max_age": int(FRESH.total_seconds()),
                "access_token": told.get("access_token"),
            },
        )
        claims.validate(now=int(as_of.timestamp()), leeway=_LEEWAY_SECONDS)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise IdentityRefused("身份认证平台的答复未通过校验，请重新登录") from error
    return dict(claims)


def _assertion(provider: OpenIdProvider, claims: Mapping[str, Any], *, as_of: datetime) -> Assertion:
    """Read claims as the provider's entry says; the moment is when the person proved who they are there."""
    mapped = provider.claims
    name, number = _text(claims.get(mapped.name)), _text(claims.get(mapped.id_number))
    phone = _text(claims.get(mapped.phone)) if mapped.phone else ""
    if not name or not number:
        raise IdentityRefused("身份认证平台没有给出姓名和证件号码，请在该平台完成实名认证后重试")
    at = datetime.fromtimestamp(claims["auth_time"], UTC)
    if at > as_of + timedelta(seconds=_LEEWAY_SECONDS):
        raise IdentityRefused("身份认证平台的时间有误，请稍后重试")
    if as_of - at > FRESH:
        raise IdentityRefused("身份认证平台给出的认证已过期，请在该平台退出后重新登录")
    return Assertion(
        name=name,
        id_commitment=identity.commit(number),
        assurance=mapped.levels.get(_text(claims.get(mapped.assurance)), Assurance.LOW),
        issuer=provider.id,
        at=min(at, as_of),
        represents=_text(claims.get(mapped.represents)) if mapped.represents else "",
        phone=identity.commit_phone(phone) if phone and claims.get(mapped.phone_verified) is True else "",
    )


def _text(value: object) -> str:
    return value.strip()[:128] if isinstance(value, str) else ""


# ---------------------------------------------------------------------- what goes over the wire


def _known(provider: OpenIdProvider) -> dict[str, Any]:
    """Return what the provider publishes of itself; asked again after some minutes."""
    at, found = _metadata.get(provider.issuer, (0.0, {}))
    if found and time.monotonic() - at < _METADATA_SECONDS:
        return found
    found = _ask(provider, "GET", get_well_known_url(provider.issuer, external=True))
    if found.get("issuer") != provider.issuer:
        raise IdentityRefused("身份认证平台自称的地址与登记的不一致，请与平台运营单位联系")
    _metadata[provider.issuer] = (time.monotonic(), found)
    return found


def _endpoint(provider: OpenIdProvider, name: str) -> str:
    address = _known(provider).get(name)
    if not isinstance(address, str) or not openid_providers.safe(address):
        raise IdentityProviderSilent(f"身份认证平台没有公布可用的 {name}")
    if openid_providers.local(address) and not openid_providers.local(provider.issuer):
        raise IdentityProviderSilent(f"身份认证平台的 {name} 指向本机")
    return address


def _redeem(provider: OpenIdProvider, form: dict[str, str]) -> dict[str, Any]:
    offered = _known(provider).get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    if "client_secret_basic" in offered:
        return _call(provider, "POST", "token_endpoint", form=form, basic=True)
    form |= {"client_id": provider.client_id, "client_secret": provider.secret}
    return _call(provider, "POST", "token_endpoint", form=form)


def _call(
    provider: OpenIdProvider,
    method: str,
    endpoint: str,
    *,
    form: dict[str, str] | None = None,
    basic: bool = False,
    bearer: str = "",
) -> dict[str, Any]:
    auth = httpx.BasicAuth(provider.client_id, provider.secret) if basic else None
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    return _ask(provider, method, _endpoint(provider, endpoint), data=form, auth=auth, headers=headers)


def _ask(provider: OpenIdProvider, method: str, address: str, **more: Any) -> dict[str, Any]:
    """Ask once, without following anywhere; a refusal of the code or the token is the person's to hear."""
    trusted: ssl.SSLContext | bool = True
    if provider.authority_file is not None:
        trusted = ssl.create_default_context()
        trusted.load_verify_locations(provider.authority_file)
    try:
        with (
            httpx.Client(timeout=_TIMEOUT_SECONDS, verify=trusted) as client,
            client.stream(method, address, **more) as answer,
        ):
            content = b""
            for chunk in answer.iter_bytes():
                content += chunk
                if len(content) > _BYTES_MAX:
                    raise IdentityProviderSilent("身份认证平台的答复过长，请稍后重试")
        if answer.status_code in (400, 401, 403):
            raise IdentityRefused("身份认证平台没有确认您的身份，请重新登录")
        if answer.status_code != 200:
            raise ValueError(f"status {answer.status_code}")
        told = orjson.loads(content)
    except (httpx.HTTPError, OSError, ValueError) as error:
        raise IdentityProviderSilent("身份认证平台没有应答，请稍后重试") from error
    if not isinstance(told, dict):
        raise IdentityProviderSilent("身份认证平台的答复无法识别，请稍后重试")
    return told
