"""内部系统: who inside may ask, and what. Of a secret only its hash is kept; it is shown once."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import yaml
from pydantic import Field, field_validator

from rongxin.outpost import settings
from rongxin.outpost.errors import Misconfigured
from rongxin.outpost.settings import Settings

PREFIX = "rxf_"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_RULE = re.compile(r"(\*|[A-Z]+) (/?[\w./*{}:-]+)")
_SECRET_BYTES = 32


class Caller(Settings):
    """One inner system's file. Where `allow` stands, what isn't listed in it is refused."""

    #: Two while a secret is replaced.
    sha256: list[str] = Field(min_length=1)
    #: `METHOD path`: `GET reports/*` (one part), `* push/**` (all below), `GET /front/events`.
    allow: list[str] | None = None

    @field_validator("allow")
    @classmethod
    def _rules(cls, rules: list[str] | None) -> list[str] | None:
        for rule in rules or ():
            if not _RULE.fullmatch(rule):
                raise ValueError(f"{rule!r}: write a method and a path, as `GET reports/*`")
        return rules

    def may(self, method: str, path: str) -> bool:
        """Say whether a request is allowed; `path` as it follows `/api/v1/`, or with its slash otherwise."""
        return self.allow is None or any(_fits(rule, method, path) for rule in self.allow)


@dataclass(frozen=True)
class Known:
    """Who asks."""

    name: str
    caller: Caller


def read(directory: Path) -> Mapping[str, Caller]:
    """Read all inner systems, by name; raises `Misconfigured`."""
    return {path.stem: settings.read(path, Caller) for path in sorted(directory.glob("*.yaml"))}


def who(callers: Mapping[str, Caller], authorization: str) -> Known | None:
    """Return whose secret a request brings, None where it is nobody's. Takes as long for any secret."""
    scheme, _, secret = authorization.partition(" ")
    brought, found = _hash(secret.strip()).encode(), None
    for name, caller in callers.items():
        for stated in caller.sha256:
            if hmac.compare_digest(brought, stated.lower().encode()):
                found = Known(name, caller)
    return found if scheme.lower() == "bearer" and secret else None


def make(directory: Path, name: str, *, renew: bool = False) -> str:
    """Give an inner system a secret, return it, and keep its hash; with `renew` beside the last one.

    Raises `Misconfigured` where the name won't do, is taken, or nobody's to be renewed.
    """
    if not _NAME.fullmatch(name):
        raise Misconfigured(
            f"{name!r}: 名称用小写字母、数字、-、_ write a name of small letters, digits, - and _"
        )
    path = directory / f"{name}.yaml"
    if path.exists() != renew:
        told = "已存在；更换口令用 --renew is there already; --renew gives it another secret"
        raise Misconfigured(f"{path}: {'没有这个文件 no such file' if renew else told}")
    secret = f"{PREFIX}{name}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    document = {"sha256": [_hash(secret)]}
    if renew:
        earlier = settings.read(path, Caller)
        document = earlier.model_dump(exclude_none=True) | {"sha256": [_hash(secret), earlier.sha256[0]]}
    directory.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    half.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), "utf-8")
    half.replace(path)
    return secret


def _hash(secret: str) -> str:
    # 256 random bits: nothing is gained by a slow hash.
    return sha256(secret.encode()).hexdigest()


def _fits(rule: str, method: str, path: str) -> bool:
    allowed, _, pattern = rule.partition(" ")
    if allowed not in ("*", method):
        return False
    wanted, given = pattern.split("/"), path.split("/")
    if wanted[-1] == "**":
        wanted, given = wanted[:-1], given[: len(wanted) - 1] if len(given) >= len(wanted) else []
    return len(wanted) == len(given) and all(
        one == "*" or one == part for one, part in zip(wanted, given, strict=True)
    )
