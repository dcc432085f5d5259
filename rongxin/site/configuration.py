"""What a node is told by its environment; everything else is derived.

`RONGXIN_MODE` is `production`, `demo` or `test`. Production refuses what is only fit for a laptop:
generated keys, a generated secret, debug pages, an embedded database with unsafe settings.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from rongxin.entrypoints.database.declared import VARIABLES, Role
from rongxin.site import production

Mode = Literal["production", "demo", "test"]
# Django's settings of an address, and what it says beyond them, for libpq: sslmode, sslrootcert…
Address = tuple[dict[str, str], dict[str, str]]


class ConfigurationError(ImproperlyConfigured):
    """The node can't start as it is configured; the message says what to set."""


@dataclass(frozen=True)
class Configuration:
    mode: Mode
    debug: bool
    var: Path
    keys: Path
    secret_key: str
    role: Role  # as whom this process meets the database
    addresses: dict[Role, Address]  # those that were given
    allowed_hosts: list[str]
    origins: list[str]

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Configuration:
        """Read the environment; in production, refuse at the first thing that isn't fit for it."""
        mode = environ.get("RONGXIN_MODE", "demo")
        if mode not in ("production", "demo", "test"):
            raise ConfigurationError(f"RONGXIN_MODE={mode}: use production, demo or test")
        if mode == "production":
            for refusal in production.refusals(environ):
                raise ConfigurationError(refusal)
        var = Path(environ.get("RONGXIN_VAR", Path.cwd() / "var")).resolve()
        role, addresses = _role(environ.get("RONGXIN_DATABASE_ROLE", "owner")), _addresses(environ)
        return cls(
            mode=cast(Mode, mode),
            debug=environ.get("RONGXIN_DEBUG", "0") not in ("", "0"),
            var=var,
            keys=Path(environ.get("RONGXIN_KEYS", var / "keys")).resolve(),
            secret_key=_secret_key(environ.get("RONGXIN_SECRET_KEY", ""), mode, var),
            role=role if role in addresses else Role.OWNER,
            addresses=addresses,
            allowed_hosts=_words(environ.get("RONGXIN_HOSTS", "127.0.0.1,localhost,[::1]")),
            origins=_words(environ.get("RONGXIN_ORIGINS", "")),
        )


def _role(given: str) -> Role:
    try:
        return Role(given)
    except ValueError as error:
        raise ConfigurationError(f"RONGXIN_DATABASE_ROLE={given}: use owner, web or worker") from error


def _addresses(environ: Mapping[str, str]) -> dict[Role, Address]:
    """Read the addresses that are given; without any, the owner's is the one that libpq would take."""
    found = {
        role: database_from_url(environ[name], name) for role, name in VARIABLES.items() if environ.get(name)
    }
    names = {VARIABLES[role]: database["NAME"] for role, (database, _) in found.items()}
    if len(set(names.values())) > 1:
        told = "、".join(f"{variable} {name}" for variable, name in names.items())
        raise ConfigurationError(f"各地址须指向同一数据库 the addresses name different databases: {told}")
    return found or {Role.OWNER: database_from_url("postgresql:///rongxin")}


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _secret_key(given: str, mode: str, var: Path) -> str:
    if len(given) >= production.SHORTEST_SECRET:
        return given
    if mode == "test":
        return "test-" * 10
    path = var / "secret_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"secret_key.{os.getpid()}")
        new.touch(mode=0o600)
        new.write_text(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(new, path)  # of two processes that start at once, one wins and both read the same
        new.unlink()
    return path.read_text()


def database_from_url(url: str, variable: str = "DATABASE_URL") -> Address:
    """Translate `postgresql://user:password@host:port/name?host=/socket/dir` into Django's settings.

    What the address says beyond them (`?sslmode=verify-full`) comes second, for libpq.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(f"{variable}: {error}") from error
    if parts.scheme not in ("postgresql", "postgres"):
        raise ConfigurationError(
            f"{variable}: {parts.scheme or 'no scheme'}: only postgresql:// is understood"
        )
    query = dict(parse_qsl(parts.query))
    settings = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or query.pop("user", "")),
        "PASSWORD": unquote(parts.password or query.pop("password", "")),
        "HOST": query.pop("host", unquote(parts.hostname or "")),
        "PORT": str(port or query.pop("port", "")),
    }
    return settings, query
