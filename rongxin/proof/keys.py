"""Ed25519 keys (RFC 8032) and the directory in which a node keeps them.

A key is named for what it signs (`node`, `journal`). Its id is the RFC 7638 thumbprint of its public half,
so the same key has the same id everywhere and an id can't be taken over by another key. A private key lies
in `NAME.key.pem`, readable by its owner alone; `*.pub.pem` beside it are public halves that are still
believed, for instance of retired keys.
"""

from __future__ import annotations

import base64
import contextlib
import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from rongxin.proof import canonical
from rongxin.proof.errors import KeyMissing, KeyUnsafe, ProofError

PRIVATE_SUFFIX = ".key.pem"
PUBLIC_SUFFIX = ".pub.pem"


class Verifies(Protocol):
    """A public half of whatever kind: who holds it can check, not sign. `algorithm` is its name in a JWS."""

    @property
    def id(self) -> str: ...
    @property
    def algorithm(self) -> str: ...
    def verify(self, data: bytes, signature: bytes) -> bool: ...
    def pem(self) -> str: ...


class Signs(Protocol):
    """A private key of whatever kind."""

    @property
    def id(self) -> str: ...
    @property
    def algorithm(self) -> str: ...
    def sign(self, data: bytes) -> bytes: ...


@dataclass(frozen=True)
class VerifyingKey:
    """The public half: who holds it can check, not sign."""

    algorithm: ClassVar[str] = "Ed25519"
    raw: bytes
    name: str = ""

    @cached_property
    def id(self) -> str:
        """RFC 7638 thumbprint."""
        return thumbprint({"crv": "Ed25519", "kty": "OKP", "x": base64url(self.raw)})

    @cached_property
    def cryptography(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.raw)

    def verify(self, data: bytes, signature: bytes) -> bool:
        try:
            self.cryptography.verify(signature, data)
        except InvalidSignature:
            return False
        return True

    def pem(self) -> str:
        return self.cryptography.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    @classmethod
    def from_pem(cls, pem: str, name: str = "") -> VerifyingKey:
        try:
            key = load_pem_public_key(pem.encode())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise ProofError(f"{name or 'public key'}: not a PEM public key ({error})") from error
        if not isinstance(key, Ed25519PublicKey):
            raise ProofError(f"{name or 'public key'}: not an Ed25519 key")
        return cls(key.public_bytes_raw(), name)


@dataclass(frozen=True)
class SigningKey:
    """A private key. It has no readable form but its file: `repr` shows name and id only."""

    algorithm: ClassVar[str] = "Ed25519"
    name: str
    cryptography: Ed25519PrivateKey

    @classmethod
    def generate(cls, name: str) -> SigningKey:
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> SigningKey:
        """Read a private key; refuse one that group or others may read."""
        try:
            key = load_pem_private_key(read_secret(path), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise ProofError(f"{path}: not an unencrypted PEM private key ({error})") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise ProofError(f"{path}: not an Ed25519 key")
        return cls(path.name.removesuffix(PRIVATE_SUFFIX), key)

    def save(self, path: Path) -> None:
        """Write the key whole or not at all, 0600 from the first byte; never over another file."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".key-")  # mkstemp makes 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(self.cryptography.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
                file.flush()
                os.fsync(file.fileno())
            os.link(temporary, path)
        finally:
            Path(temporary).unlink()

    @property
    def id(self) -> str:
        return self.public.id

    @cached_property
    def public(self) -> VerifyingKey:
        return VerifyingKey(self.cryptography.public_key().public_bytes_raw(), self.name)

    def sign(self, data: bytes) -> bytes:
        return self.cryptography.sign(data)

    def __repr__(self) -> str:
        return f"SigningKey(name={self.name!r}, id={self.id!r})"


@dataclass(frozen=True)
class Keyring:
    """A directory of keys. `create` must be said: in production a node brings its keys."""

    directory: Path
    create: bool

    def signing(self, name: str) -> SigningKey:
        """Return the private key `name`, made if allowed; two processes at once get the same one."""
        path = self.directory / f"{name}{PRIVATE_SUFFIX}"
        if not path.exists() and self.create:
            with contextlib.suppress(FileExistsError):  # another process was first: its key is the key
                SigningKey.generate(name).save(path)
        return SigningKey.load(path)

    def verifying(self) -> Mapping[str, VerifyingKey]:
        """Return every key of the directory that may be believed, by id: own keys and `*.pub.pem`."""
        found: dict[str, VerifyingKey] = {}
        for path in sorted(self.directory.glob(f"*{PRIVATE_SUFFIX}")):
            key = SigningKey.load(path).public
            found[key.id] = key
        for path in sorted(self.directory.glob(f"*{PUBLIC_SUFFIX}")):
            public = VerifyingKey.from_pem(path.read_text(), path.name.removesuffix(PUBLIC_SUFFIX))
            found.setdefault(public.id, public)
        return found


def read_secret(path: Path) -> bytes:
    """Read a private key's file; refuse one that group or others may read."""
    try:
        mode, pem = path.stat().st_mode, path.read_bytes()
    except FileNotFoundError as error:
        raise KeyMissing(
            f"{path}: no such key; restore it from your key backup (a new node: `rongxin keys init`)"
        ) from error
    if stat.S_IMODE(mode) & 0o077:
        raise KeyUnsafe(f"{path}: others may read this private key; chmod 600 it and consider replacing it")
    return pem


def thumbprint(jwk: Mapping[str, str]) -> str:
    """RFC 7638 thumbprint of a public key's required members, base64url without padding."""
    return base64url(canonical.sha256(canonical.dumps(jwk)))


def base64url(data: bytes) -> str:
    """Write bytes as JOSE does: base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
