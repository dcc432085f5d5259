"""What a node is told by its environment; everything else is derived.

`RONGXIN_MODE` is `production`, `demo` or `test`. Production refuses what is only fit for a laptop:
generated keys, a generated secret, debug pages, an embedded database with unsafe settings.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast
from urllib.parse import parse_qsl, unquote, urlsplit

Mode = Literal["production", "demo", "test"]


class ConfigurationError(Exception):
    """The node can't start as it is configured; the message says what to set."""


@dataclass(frozen=True)
class Configuration:
    mode: Mode
    var: Path
    secret_key: str
    database: dict[str, object]
    allowed_hosts: list[str]

    @classmethod
    def from_environment(cls) -> Configuration:
        mode = os.environ.get("RONGXIN_MODE", "demo")
        if mode not in ("production", "demo", "test"):
            raise ConfigurationError(f"RONGXIN_MODE={mode}: use production, demo or test")
        var = Path(os.environ.get("RONGXIN_VAR", Path.cwd() / "var")).resolve()
        hosts = os.environ.get("RONGXIN_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
        return cls(
            mode=cast(Mode, mode),
            var=var,
            secret_key=_secret_key(mode, var),
            database=database_from_url(os.environ.get("DATABASE_URL", "postgresql:///rongxin")),
            allowed_hosts=[host.strip() for host in hosts if host.strip()],
        )


def _secret_key(mode: str, var: Path) -> str:
    given = os.environ.get("RONGXIN_SECRET_KEY")
    if given and len(given) >= 32:
        return given
    if mode == "production":
        raise ConfigurationError("RONGXIN_SECRET_KEY: production needs a secret of at least 32 characters")
    if mode == "test":
        return "test-" * 10
    path = var / "secret_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()


def database_from_url(url: str) -> dict[str, object]:
    """Translate `postgresql://user:password@host:port/name?host=/socket/dir` into Django's settings."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ConfigurationError(f"DATABASE_URL: {parts.scheme or 'no scheme'}: only postgresql:// is understood")
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or query.pop("user", "")),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", unquote(parts.hostname or "")),
        "PORT": str(parts.port or query.pop("port", "")),
    }
