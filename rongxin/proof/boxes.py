"""A box for one recipient: what one party hands to another is closed under the other's public key.

Two suites behind one interface, told by the recipient's key:

- X25519: HPKE in base mode with HKDF-SHA256 and AES-256-GCM (RFC 9180);
- SM2: a digital envelope with SM4-GCM (`envelope`), for those whom the law binds to 商用密码.

`info` says what the box is for; nowhere else it opens.
"""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hpke, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from rongxin.proof import envelope, sm2
from rongxin.proof.errors import Forged, KeyMissing, KeyUnsafe, ProofError

PublicKey = X25519PublicKey | sm2.PublicKey
PrivateKey = X25519PrivateKey | sm2.PrivateKey
#: What the box is for in which a provider's rows are sealed to an institution.
SEALED_ROWS = "rongxin.sealed_rows"
_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def make(path: Path, *, sm: bool = False) -> PublicKey:
    """Write a new private key (SM2 where `sm`) to `path`, 0600 and never over another file; return the
    public one.
    """
    key = sm2.PrivateKey.generate() if sm else X25519PrivateKey.generate()
    text = key.pem() if isinstance(key, sm2.PrivateKey) else _pem_of(key)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(text)
    return key.public_key()


def public_text(key: PublicKey) -> bytes:
    """Return a public key as PEM."""
    if isinstance(key, sm2.PublicKey):
        return key.pem()
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def suite_of(key: PublicKey) -> str:
    """Say by what a box for this key is closed."""
    return "SM2 + SM4-GCM" if isinstance(key, sm2.PublicKey) else "X25519 + AES-256-GCM"


def public(pem: bytes) -> PublicKey:
    """Read whom a box is for from PEM; raises `ProofError`."""
    if sm2.is_sm2(pem):
        return sm2.read_public(pem)
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ProofError(f"no public key in PEM ({error}); give the recipient's X25519 or SM2 key") from error
    if not isinstance(key, X25519PublicKey):
        raise ProofError("not an X25519 or SM2 key; `rongxin sealed key` makes one")
    return key


def recipient(path: Path) -> PublicKey:
    """Read whom a box is for from a file; raises `ProofError`."""
    try:
        return public(path.read_bytes())
    except (OSError, ProofError) as error:
        raise ProofError(f"{path}: {error}") from error


def opener(path: Path) -> PrivateKey:
    """Read the key that opens boxes; refuses one that others may read."""
    try:
        mode, text = path.stat().st_mode, path.read_bytes()
    except OSError as error:
        raise KeyMissing(f"{path}: no such key ({error})") from error
    if stat.S_IMODE(mode) & 0o077:
        raise KeyUnsafe(f"{path}: others may read this key; chmod 600 it, and make another if they did")
    try:
        if sm2.is_sm2(text):
            return sm2.read_private(text)
        key = serialization.load_pem_private_key(text, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm, ProofError) as error:
        raise ProofError(f"{path}: no private key in PEM ({error})") from error
    if not isinstance(key, X25519PrivateKey):
        raise ProofError(f"{path}: not an X25519 or SM2 key; `rongxin sealed key` makes one")
    return key


def close(plain: bytes, key: PublicKey, *, info: str) -> bytes:
    """Put `plain` into a box that only the holder of the private key opens."""
    if isinstance(key, sm2.PublicKey):
        return envelope.close(plain, key, info=info.encode())
    return _SUITE.encrypt(plain, key, info=info.encode())


def open_box(box: bytes, key: PrivateKey, *, info: str) -> bytes:
    """Open a box; raises `Forged` where it was changed, is for somebody else or for something else."""
    if isinstance(key, sm2.PrivateKey):
        return envelope.open_box(box, key, info=info.encode())
    try:
        return _SUITE.decrypt(box, key, info=info.encode())
    except (InvalidTag, ValueError) as error:
        raise Forged("the box was changed, or it is for another key or purpose") from error


def fingerprint(key: PublicKey) -> str:
    """Name a public key by its SHA-256 (hex)."""
    return sha256(public_text(key)).hexdigest()


def _pem_of(key: X25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
