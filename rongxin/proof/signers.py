"""Keys that sign for an institution: Ed25519, or SM2 where it is bound to 商用密码. The key's file decides.

The node's own keys are Ed25519 (`proof.keys`). An SM2 signature is over SM3 for the default identifier; a JWS
calls it by its name in GM/T 0006, SGD_SM3_SM2, since the JOSE registry has none (docs/decisions/0065).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from rongxin.proof import keys, sm2
from rongxin.proof.errors import ProofError
from rongxin.proof.keys import PRIVATE_SUFFIX, Signs, Verifies

ALGORITHM = "SGD_SM3_SM2"


@dataclass(frozen=True)
class Sm2VerifyingKey:
    """The public half of an SM2 key."""

    algorithm: ClassVar[str] = ALGORITHM
    key: sm2.PublicKey
    name: str = ""

    @cached_property
    def id(self) -> str:
        """RFC 7638 thumbprint; the curve goes by the name that OpenSSL gives it."""
        x, y = (keys.base64url(self.key.point[at : at + 32]) for at in (1, 33))
        return keys.thumbprint({"crv": "SM2", "kty": "EC", "x": x, "y": y})

    def verify(self, data: bytes, signature: bytes) -> bool:
        return self.key.verify(data, signature)

    def pem(self) -> str:
        return self.key.pem().decode()


@dataclass(frozen=True)
class Sm2SigningKey:
    """An SM2 private key. It has no readable form but its file."""

    algorithm: ClassVar[str] = ALGORITHM
    name: str
    key: sm2.PrivateKey

    @classmethod
    def generate(cls, name: str) -> Sm2SigningKey:
        return cls(name, sm2.PrivateKey.generate())

    @property
    def id(self) -> str:
        return self.public.id

    @cached_property
    def public(self) -> Sm2VerifyingKey:
        return Sm2VerifyingKey(self.key.public_key(), self.name)

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data)


def read_public(pem: str, name: str = "") -> Verifies:
    """Read an institution's public key; raises `ProofError`."""
    if sm2.is_sm2(pem.encode()):
        key = Sm2VerifyingKey(sm2.read_public(pem.encode()), name)
        key.key.point  # noqa: B018 - one that is compressed is refused now, not when it first signs
        return key
    return keys.VerifyingKey.from_pem(pem, name)


def load(path: Path) -> Signs:
    """Read an institution's private key; refuse one that group or others may read. Raises `ProofError`."""
    pem = keys.read_secret(path)
    if not sm2.is_sm2(pem):
        return keys.SigningKey.load(path)
    try:
        return Sm2SigningKey(path.name.removesuffix(PRIVATE_SUFFIX), sm2.read_private(pem))
    except ProofError as error:
        raise ProofError(f"{path}: {error}") from error
