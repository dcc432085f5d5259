"""A profile is the set of algorithms a node uses: `intl` now; `sm` (SM2, SM3, SM4) has the same shape."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from rongxin.proof.errors import Forged
from rongxin.proof.keys import SigningKey


class Profile(Protocol):
    """What every profile can do. `place` (table, column, row) binds a sealed text to where it stands."""

    @property
    def name(self) -> str: ...
    @property
    def signature(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def cipher(self) -> str: ...

    def generate_key(self, name: str) -> SigningKey: ...
    def hash(self, data: bytes) -> bytes: ...
    def seal(self, secret: bytes, plain: bytes, *, place: bytes) -> bytes: ...
    def open(self, secret: bytes, sealed: bytes, *, place: bytes) -> bytes: ...


class International:
    """Ed25519, SHA-256, AES-256-GCM; a random 96-bit nonce precedes the text (NIST SP 800-38D §8.2.2)."""

    name = "intl"
    signature = "Ed25519"
    digest = "SHA-256"
    cipher = "AES-256-GCM"
    nonce_bytes = 12

    def generate_key(self, name: str) -> SigningKey:
        return SigningKey.generate(name)

    def hash(self, data: bytes) -> bytes:
        return sha256(data).digest()

    def seal(self, secret: bytes, plain: bytes, *, place: bytes) -> bytes:
        nonce = os.urandom(self.nonce_bytes)
        return nonce + _cipher(secret).encrypt(nonce, plain, place)

    def open(self, secret: bytes, sealed: bytes, *, place: bytes) -> bytes:
        nonce, rest = sealed[: self.nonce_bytes], sealed[self.nonce_bytes :]
        try:
            return _cipher(secret).decrypt(nonce, rest, place)
        except (InvalidTag, ValueError) as error:
            raise Forged("the sealed text was changed, moved, or sealed under another key") from error


INTL: Profile = International()


def _cipher(secret: bytes) -> AESGCM:
    if len(secret) != 32:
        raise ValueError("AES-256 takes a secret of 32 bytes")
    return AESGCM(secret)
