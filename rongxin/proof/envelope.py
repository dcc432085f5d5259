"""The SM suite of a box (数字信封): a fresh SM4 key under the recipient's SM2 key, the text under SM4-GCM.

Length of the SM2 text (2 bytes) ‖ SM2 text (GM/T 0009, ASN.1) ‖ nonce (12 bytes) ‖ SM4-GCM text ‖ tag (16).
What the box is for and the SM2 text are authenticated with it, so no part fits another box.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from rongxin.proof import sm2
from rongxin.proof.errors import Forged
from rongxin.proof.libcrypto import NoSm2

_KEY_BYTES, _NONCE_BYTES, _TAG_BYTES, _LENGTH_BYTES = 16, 12, 16, 2
_LABEL = b"rongxin sm2 sm4-gcm 1"


def close(plain: bytes, key: sm2.PublicKey, *, info: bytes) -> bytes:
    """Return a box for the holder of the private key."""
    secret, nonce = os.urandom(_KEY_BYTES), os.urandom(_NONCE_BYTES)
    wrapped = key.encrypt(secret)
    try:
        sealing = Cipher(algorithms.SM4(secret), modes.GCM(nonce)).encryptor()
    except UnsupportedAlgorithm as error:
        raise NoSm2(f"this build of `cryptography` has no SM4-GCM; install its wheel ({error})") from error
    sealing.authenticate_additional_data(_bound(wrapped, info))
    text = sealing.update(plain) + sealing.finalize()
    return len(wrapped).to_bytes(_LENGTH_BYTES, "big") + wrapped + nonce + text + sealing.tag


def open_box(box: bytes, key: sm2.PrivateKey, *, info: bytes) -> bytes:
    """Return what a box holds; raises `Forged`."""
    end = _LENGTH_BYTES + int.from_bytes(box[:_LENGTH_BYTES], "big")
    wrapped, nonce, rest = box[_LENGTH_BYTES:end], box[end : end + _NONCE_BYTES], box[end + _NONCE_BYTES :]
    if len(rest) < _TAG_BYTES:
        raise Forged("the box is too short")
    secret = key.decrypt(wrapped)
    if len(secret) != _KEY_BYTES:
        raise Forged("the box holds no SM4 key")
    text, tag = rest[:-_TAG_BYTES], rest[-_TAG_BYTES:]
    opening = Cipher(algorithms.SM4(secret), modes.GCM(nonce, tag)).decryptor()
    opening.authenticate_additional_data(_bound(wrapped, info))
    try:
        return opening.update(text) + opening.finalize()
    except InvalidTag as error:
        raise Forged("the box was changed, or it is for another purpose") from error


def _bound(wrapped: bytes, info: bytes) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in (_LABEL, wrapped, info))
