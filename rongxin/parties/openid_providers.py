"""The OpenID providers at which a node's people may sign in, as its operator names them in one file.

Each says how its claims are read: which one holds the name, the identity number, the firm that the person
stands for, and what its levels of assurance mean here (`docs/sign-in.md`).
"""

from __future__ import annotations

import ipaddress
from functools import cache
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from rongxin.parties.errors import PartiesError
from rongxin.parties.rules.identity import Assurance


class InvalidOpenIdProviders(PartiesError):
    """The file of OpenID providers can't be used as it stands."""

    code = "invalid_openid_providers"


def _level(word: object) -> object:
    return (
        Assurance[word.upper()] if isinstance(word, str) and word.upper() in Assurance.__members__ else word
    )


Level = Annotated[Assurance, BeforeValidator(_level)]


class Claims(BaseModel):
    """Which claim says what. A person without identity number can't be told from a namesake: it is needed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "name"
    id_number: str
    represents: str = ""
    #: A telephone counts only where the provider says by the second claim that it has verified it.
    phone: str = ""
    phone_verified: str = "phone_number_verified"
    assurance: str = "acr"
    levels: dict[str, Level] = Field(min_length=1)


class OpenIdProvider(BaseModel):
    """One provider; a secret lies in a file of its own that the node alone can read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")
    label: str = Field(min_length=1)
    label_en: str = Field(min_length=1)
    issuer: str
    client_id: str = Field(min_length=1)
    client_secret_file: Path
    scope: str = "openid profile"
    claims: Claims
    #: Ask the provider's userinfo endpoint, too, where its id_token holds no more than who it is.
    userinfo: bool = False
    #: Certificates that are believed besides the system's (a government extranet's own authority).
    authority_file: Path | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not safe(self.issuer) or urlsplit(self.issuer).query or urlsplit(self.issuer).fragment:
            raise ValueError(f"issuer: {self.issuer}: an https:// address without query")
        if "openid" not in self.scope.split():
            raise ValueError("scope: needs the word openid")
        return self

    @property
    def secret(self) -> str:
        return self.client_secret_file.read_text(encoding="utf-8").strip()


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    providers: tuple[OpenIdProvider, ...] = Field(min_length=1)


def safe(address: str) -> bool:
    """Whether nobody between can read or change what is said there: HTTPS, or this very machine."""
    parts = urlsplit(address)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and local(address)))


def local(address: str) -> bool:
    """Whether an address is of this machine, as in a demo or a test."""
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@cache
def read(path: Path) -> dict[str, OpenIdProvider]:
    """Return the providers of a file by their id, in its order; relative files lie beside it."""
    try:
        found = _File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).providers
        placed = [one.model_copy(update=_beside(path.parent, one)) for one in found]
        for one in placed:
            if not one.secret:
                raise InvalidOpenIdProviders(f"{path}: {one.id}: {one.client_secret_file} is empty")
    except (OSError, UnicodeError, yaml.YAMLError, ValidationError) as error:
        raise InvalidOpenIdProviders(f"{path}: {error}") from error
    if len({one.id for one in placed}) != len(placed):
        raise InvalidOpenIdProviders(f"{path}: two providers have the same id")
    return {one.id: one for one in placed}


def _beside(folder: Path, one: OpenIdProvider) -> dict[str, Path]:
    files = {"client_secret_file": one.client_secret_file, "authority_file": one.authority_file}
    return {name: folder / file for name, file in files.items() if file is not None}
