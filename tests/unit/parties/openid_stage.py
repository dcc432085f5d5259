"""A real OpenID provider on this machine, which a test can have tell lies: it signs them with its own key."""

from __future__ import annotations

import base64
import hmac
import json
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml
from joserfc import jwt
from joserfc.jwk import RSAKey

SECRET = "the node's secret at the provider"
CLIENT = "rongxin-node"
# What the library that the provider is built on says of its own future.
QUIET = ("ignore::authlib.deprecate.AuthlibDeprecationWarning", "ignore:get_jwt_config:DeprecationWarning")


@dataclass
class Stage:
    """The provider, what it heard, and how its next id_tokens are changed before it signs them."""

    port: int
    #: Takes the claims, returns those to sign; None: no id_token at all.
    forge: Callable[[dict[str, Any]], dict[str, Any] | None] | None = None
    algorithm: str = "RS256"
    own_key: bool = True
    heard: list[dict[str, str]] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.port}"

    def knows(self, sub: str, **claims: Any) -> None:
        """Have the provider know a person."""
        httpx.put(f"{self.issuer}/users/{sub}", json=claims).raise_for_status()

    def agree(self, address: str, sub: str) -> str:
        """Sign in there as somebody; return the address to which the browser is sent back."""
        answer = httpx.post(address, data={"sub": sub})
        assert answer.status_code == 302, answer.text
        return str(answer.headers["Location"])

    def file(self, folder: Path, **changes: Any) -> Path:
        """Write what the node's operator would of this provider."""
        (folder / "secret").write_text(SECRET, encoding="utf-8")
        entry = {
            "id": "city",
            "label": "统一身份认证平台",
            "label_en": "Unified identity",
            "issuer": self.issuer,
            "client_id": CLIENT,
            "client_secret_file": "secret",
            "claims": {
                "id_number": "id_card",
                "represents": "uscc",
                "levels": {"face": "high", "password": "low"},
            },
        }
        path = folder / f"providers{len(list(folder.iterdir()))}.yaml"
        path.write_text(yaml.safe_dump({"providers": [entry | changes]}), encoding="utf-8")
        return path

    def _told(self, response: Any, key: RSAKey) -> Any:
        body = response.get_json()
        if "id_token" not in body:
            return response
        part = body.pop("id_token").split(".")[1]
        claims: dict[str, Any] | None = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        if self.forge is not None:
            claims = self.forge(claims or {})
        if claims is not None:
            body["id_token"] = self._signed(claims, key)
        response.set_data(json.dumps(body))
        return response

    def _signed(self, claims: dict[str, Any], key: RSAKey) -> str:
        if self.algorithm != "RS256":  # `none`, or with what everybody knows: the provider's public key
            parts = [json.dumps(part).encode() for part in ({"alg": self.algorithm}, claims)]
            signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
            mac = hmac.digest(key.as_pem(private=False), signed, "sha256")
            last = base64.urlsafe_b64encode(mac).rstrip(b"=") if self.algorithm == "HS256" else b""
            return (signed + b"." + last).decode()
        return jwt.encode({"alg": "RS256"}, claims, key if self.own_key else RSAKey.generate_key(2048))


@contextmanager
def running() -> Iterator[Stage]:
    """Run the provider while a test lasts."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import flask
        from oidc_provider_mock import _app, _server

        app = _app.app(require_nonce=True)
    stage = Stage(0)

    @app.before_request
    def hear() -> None:
        stage.heard.append({"path": flask.request.path, **flask.request.values.to_dict()})

    @app.after_request
    def tell(response: Any) -> Any:
        if flask.request.path != "/oauth2/token" or response.status_code != 200:
            return response
        jwk = flask.g.oidc_provider_mock_storage.jwk
        return stage._told(response, RSAKey.import_key(jwk.as_dict(is_private=True)))

    with _server._threaded_server(app) as server:
        stage.port = server.server_port
        yield stage
