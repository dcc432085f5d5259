"""SM2 keys, public-key encryption (GB/T 32918.4) and signatures (GB/T 32918.2) by OpenSSL's libcrypto.

A key is recognised in PEM by its curve, 1.2.156.10197.1.301. What is encrypted comes as the ASN.1 of GM/T
0009 (C1, C3, C2); what is signed, over SM3 and the default identifier of GM/T 0009, as the 64 bytes r and s.
Keys cross into the library for one act each, so a key here is bytes and safe for threads.
"""

from __future__ import annotations

import base64
import binascii
import ctypes
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from rongxin.proof import libcrypto
from rongxin.proof.errors import Forged, ProofError

#: The curve's object identifier in DER; it stands in no key of another kind.
CURVE = bytes.fromhex("06082a811ccf5501822d")
#: Who signs, where nobody says otherwise (GM/T 0009 §10).
IDENTIFIER = b"1234567812345678"
SIGNATURE_BYTES = 64
_POINT_BYTES = 65
_PEM = re.compile(rb"-----BEGIN ([A-Z ]+)-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END \1-----")
_PUBLIC, _PRIVATES = b"PUBLIC KEY", (b"PRIVATE KEY", b"EC PRIVATE KEY")


@dataclass(frozen=True)
class PublicKey:
    """Who may be written to: the key as SubjectPublicKeyInfo (DER)."""

    der: bytes

    def pem(self) -> bytes:
        return _pem(_PUBLIC, self.der)

    def encrypt(self, plain: bytes) -> bytes:
        """Return SM2's ciphertext of a short text, such as a key."""
        with _opened(self.der, private=False) as key:
            return _act(key, "encrypt", plain)

    @property
    def point(self) -> bytes:
        """The key as 04, x, y: 65 bytes; raises `ProofError` where its file holds it compressed."""
        point = self.der[-_POINT_BYTES:]
        if len(self.der) < _POINT_BYTES or point[0] != 4:
            raise ProofError("the SM2 public key is compressed; write it with its whole point")
        return point

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Say whether the holder signed `data`; `signature` is r and s, 32 bytes each."""
        if len(signature) != SIGNATURE_BYTES:
            return False
        numbers = (int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
        encoded = encode_dss_signature(*numbers)
        with _opened(self.der, private=False) as key, _digesting(key, "Verify") as context:
            verified = libcrypto.load().EVP_DigestVerify(context, encoded, len(encoded), data, len(data))
            return bool(verified == 1)


@dataclass(frozen=True)
class PrivateKey:
    """Who may read: the key as PKCS #8 (DER). It has no readable form but its file."""

    der: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> PrivateKey:
        library = libcrypto.load()
        key = library.EVP_PKEY_Q_keygen(None, None, b"SM2")
        if not key:
            raise ProofError("the library could not make an SM2 key")
        try:
            return cls(_pkcs8(library, key))
        finally:
            library.EVP_PKEY_free(key)

    def pem(self) -> bytes:
        return _pem(_PRIVATES[0], self.der)

    @cached_property
    def _public(self) -> PublicKey:
        with _opened(self.der, private=True) as key:
            return PublicKey(_written(libcrypto.load().i2d_PUBKEY, key))

    def public_key(self) -> PublicKey:
        return self._public

    def sign(self, data: bytes) -> bytes:
        """Return the signature over `data`: r and s, 32 bytes each."""
        library, length = libcrypto.load(), ctypes.c_size_t()
        with _opened(self.der, private=True) as key, _digesting(key, "Sign") as context:
            if library.EVP_DigestSign(context, None, ctypes.byref(length), data, len(data)) == 1:
                out = ctypes.create_string_buffer(length.value)
                if library.EVP_DigestSign(context, out, ctypes.byref(length), data, len(data)) == 1:
                    return b"".join(
                        number.to_bytes(32) for number in decode_dss_signature(out.raw[: length.value])
                    )
        raise ProofError("SM2 could not sign the text")

    def decrypt(self, cipher: bytes) -> bytes:
        """Return what was encrypted to this key; raises `Forged`."""
        with _opened(self.der, private=True) as key:
            try:
                return _act(key, "decrypt", cipher)
            except ProofError as error:
                raise Forged("the SM2 text was changed, or it is for another key") from error


def is_sm2(pem: bytes) -> bool:
    """Say whether a PEM holds a key of this curve; whether it is a good one shows when it is read."""
    return any(CURVE in der for _, der in _parts(pem))


def read_public(pem: bytes) -> PublicKey:
    """Read a public key; raises `ProofError` where it is none or not a point of the curve."""
    for label, der in _parts(pem):
        if label == _PUBLIC and CURVE in der:
            with _opened(der, private=False) as key:
                return PublicKey(_written(libcrypto.load().i2d_PUBKEY, key))
    raise ProofError("no SM2 public key in PEM (BEGIN PUBLIC KEY)")


def read_private(pem: bytes) -> PrivateKey:
    """Read a private key that no password protects; raises `ProofError`."""
    for label, der in _parts(pem):
        if label in _PRIVATES and CURVE in der:
            with _opened(der, private=True) as key:
                return PrivateKey(_pkcs8(libcrypto.load(), key))
    raise ProofError("no unencrypted SM2 private key in PEM (BEGIN PRIVATE KEY)")


def _parts(pem: bytes) -> Iterator[tuple[bytes, bytes]]:
    for label, text in _PEM.findall(pem):
        try:
            yield label, base64.b64decode(b"".join(text.split()), validate=True)
        except binascii.Error:
            continue


def _pem(label: bytes, der: bytes) -> bytes:
    text = base64.b64encode(der)
    lines = (text[at : at + 64] for at in range(0, len(text), 64))
    return b"\n".join((b"-----BEGIN %s-----" % label, *lines, b"-----END %s-----" % label, b""))


@contextmanager
def _opened(der: bytes, *, private: bool) -> Iterator[int]:
    """Lend a key of the library, checked to be a whole one of this curve."""
    library = libcrypto.load()
    buffer = ctypes.create_string_buffer(der, len(der))
    at = ctypes.c_void_p(ctypes.addressof(buffer))
    read = library.d2i_AutoPrivateKey if private else library.d2i_PUBKEY
    key = read(None, ctypes.byref(at), len(der))
    try:
        if not key or not library.EVP_PKEY_is_a(key, b"SM2") or not _sound(library, key, private=private):
            raise ProofError("the key can't be read as an SM2 key")
        yield key
    finally:
        library.EVP_PKEY_free(key)
        library.ERR_clear_error()


def _sound(library: ctypes.CDLL, key: int, *, private: bool) -> bool:
    context = library.EVP_PKEY_CTX_new_from_pkey(None, key, None)
    try:
        return bool((library.EVP_PKEY_check if private else library.EVP_PKEY_public_check)(context) == 1)
    finally:
        library.EVP_PKEY_CTX_free(context)


def _act(key: int, act: str, text: bytes) -> bytes:
    library = libcrypto.load()
    begin, run = getattr(library, f"EVP_PKEY_{act}_init"), getattr(library, f"EVP_PKEY_{act}")
    context = library.EVP_PKEY_CTX_new_from_pkey(None, key, None)
    try:
        length = ctypes.c_size_t()
        if begin(context) == 1 and run(context, None, ctypes.byref(length), text, len(text)) == 1:
            out = ctypes.create_string_buffer(length.value)
            if run(context, out, ctypes.byref(length), text, len(text)) == 1:
                return out.raw[: length.value]
    finally:
        library.EVP_PKEY_CTX_free(context)
    raise ProofError(f"SM2 could not {act} the text")


@contextmanager
def _digesting(key: int, act: str) -> Iterator[int]:
    """Lend a context that signs or verifies over SM3 for the default identifier."""
    library = libcrypto.load()
    context, inner = library.EVP_MD_CTX_new(), ctypes.c_void_p()
    begin = getattr(library, f"EVP_Digest{act}Init_ex")
    try:
        if begin(context, ctypes.byref(inner), b"SM3", None, None, key, None) != 1:
            raise ProofError("the library could not begin an SM2 signature")
        if library.EVP_PKEY_CTX_set1_id(inner, IDENTIFIER, len(IDENTIFIER)) != 1:
            raise ProofError("the library takes no identifier for SM2")
        yield context
    finally:
        library.EVP_MD_CTX_free(context)


def _pkcs8(library: ctypes.CDLL, key: int) -> bytes:
    info = library.EVP_PKEY2PKCS8(key)
    try:
        return _written(library.i2d_PKCS8_PRIV_KEY_INFO, info)
    finally:
        library.PKCS8_PRIV_KEY_INFO_free(info)


def _written(write: ctypes._NamedFuncPointer, thing: int) -> bytes:
    length = write(thing, None)
    if length <= 0:
        raise ProofError("the library could not write the key")
    buffer = ctypes.create_string_buffer(length)
    at = ctypes.c_void_p(ctypes.addressof(buffer))
    write(thing, ctypes.byref(at))
    return buffer.raw
