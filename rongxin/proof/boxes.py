"""A box for one recipient: what a node hands to another is closed under the other's public key (RFC 9180).

HPKE in base mode: X25519, HKDF-SHA256, AES-256-GCM. `info` says what the box is for; nowhere else it opens.
"""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from rongxin.proof.errors import Forged, KeyMissing, KeyUnsafe, ProofError

_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def make(path: Path) -> X25519PublicKey:
    """Write a new private key to `path`, 0600 and never over another file; return the public one."""
    key = X25519PrivateKey.generate()
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(text)
    return key.public_key()


def public_text(key: X25519PublicKey) -> bytes:
    """Return a public key as PEM."""
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def recipient(path: Path) -> X25519PublicKey:
    """Read whom a box is for."""
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ProofError(
            f"{path}: no public key in PEM ({error}); give the recipient's X25519 key"
        ) from error
    if not isinstance(key, X25519PublicKey):
        raise ProofError(f"{path}: not an X25519 key; `rongxin move key` makes one")
    return key


def opener(path: Path) -> X25519PrivateKey:
    """Read the key that opens boxes; refuses one that others may read."""
    try:
        mode, text = path.stat().st_mode, path.read_bytes()
    except OSError as error:
        raise KeyMissing(f"{path}: no such key ({error})") from error
    if stat.S_IMODE(mode) & 0o077:
        raise KeyUnsafe(f"{path}: others may read this key; chmod 600 it, and make another if they did")
    try:
        key = serialization.load_pem_private_key(text, password=None)
    except (ValueError, TypeError) as error:
        raise ProofError(f"{path}: no private key in PEM ({error})") from error
    if not isinstance(key, X25519PrivateKey):
        raise ProofError(f"{path}: not an X25519 key; `rongxin move key` makes one")
    return key


def close(plain: bytes, key: X25519PublicKey, *, info: str) -> bytes:
    """Put `plain` into a box that only the holder of the private key opens."""
    return _SUITE.encrypt(plain, key, info=info.encode())


def open_box(box: bytes, key: X25519PrivateKey, *, info: str) -> bytes:
    """Open a box; raises `Forged` where it was changed, is for somebody else or for something else."""
    try:
        return _SUITE.decrypt(box, key, info=info.encode())
    except (InvalidTag, ValueError) as error:
        raise Forged("the box was changed, or it is for another key or purpose") from error


def fingerprint(key: X25519PublicKey) -> str:
    """Name a public key by its SHA-256 (hex)."""
    return sha256(public_text(key)).hexdigest()
