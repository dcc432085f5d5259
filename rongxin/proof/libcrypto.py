"""The OpenSSL library that SM2 is taken from: `cryptography` has SM3 and SM4, but not this curve.

The first of these that makes an SM2 key is used: the file that RONGXIN_LIBCRYPTO names, the system's
libcrypto, the one that the wheel `psycopg-binary` brings along. Some builds lack SM2, so each is tried, not
asked for its version. None of them is a certified module (商用密码产品认证); where one is demanded and speaks
OpenSSL's functions, name its library.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from rongxin.proof.errors import ProofError

VARIABLE = "RONGXIN_LIBCRYPTO"
_POINTER, _SIZE, _BYTES = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p
_REFERENCE = ctypes.POINTER(ctypes.c_void_p)
_LENGTH = ctypes.POINTER(_SIZE)
_DIGEST_INIT = (_POINTER, _REFERENCE, _BYTES, _POINTER, _BYTES, _POINTER, _POINTER)
#: Name → what it returns, what it takes. Everything here is of OpenSSL 3.0 and later.
_FUNCTIONS: dict[str, tuple[object, tuple[object, ...]]] = {
    "EVP_PKEY_Q_keygen": (_POINTER, (_POINTER, _BYTES, _BYTES)),
    "EVP_PKEY_free": (None, (_POINTER,)),
    "EVP_PKEY_is_a": (ctypes.c_int, (_POINTER, _BYTES)),
    "EVP_PKEY_CTX_new_from_pkey": (_POINTER, (_POINTER, _POINTER, _BYTES)),
    "EVP_PKEY_CTX_free": (None, (_POINTER,)),
    "EVP_PKEY_check": (ctypes.c_int, (_POINTER,)),
    "EVP_PKEY_public_check": (ctypes.c_int, (_POINTER,)),
    "EVP_PKEY_encrypt_init": (ctypes.c_int, (_POINTER,)),
    "EVP_PKEY_encrypt": (ctypes.c_int, (_POINTER, _POINTER, _LENGTH, _BYTES, _SIZE)),
    "EVP_PKEY_decrypt_init": (ctypes.c_int, (_POINTER,)),
    "EVP_PKEY_decrypt": (ctypes.c_int, (_POINTER, _POINTER, _LENGTH, _BYTES, _SIZE)),
    "EVP_MD_CTX_new": (_POINTER, ()),
    "EVP_MD_CTX_free": (None, (_POINTER,)),
    "EVP_DigestSignInit_ex": (ctypes.c_int, _DIGEST_INIT),
    "EVP_DigestVerifyInit_ex": (ctypes.c_int, _DIGEST_INIT),
    "EVP_PKEY_CTX_set1_id": (ctypes.c_int, (_POINTER, _BYTES, ctypes.c_int)),
    "EVP_DigestSign": (ctypes.c_int, (_POINTER, _POINTER, _LENGTH, _BYTES, _SIZE)),
    "EVP_DigestVerify": (ctypes.c_int, (_POINTER, _BYTES, _SIZE, _BYTES, _SIZE)),
    "EVP_PKEY2PKCS8": (_POINTER, (_POINTER,)),
    "PKCS8_PRIV_KEY_INFO_free": (None, (_POINTER,)),
    "i2d_PKCS8_PRIV_KEY_INFO": (ctypes.c_int, (_POINTER, _REFERENCE)),
    "i2d_PUBKEY": (ctypes.c_int, (_POINTER, _REFERENCE)),
    "d2i_PUBKEY": (_POINTER, (_POINTER, _REFERENCE, ctypes.c_long)),
    "d2i_AutoPrivateKey": (_POINTER, (_POINTER, _REFERENCE, ctypes.c_long)),
    "ERR_clear_error": (None, ()),
}


class NoSm2(ProofError):
    """This machine can't do SM2 with SM4; the message says what to install or name."""

    code = "no_sm2"


@cache
def load() -> ctypes.CDLL:
    """Return the library with its functions declared; raises `NoSm2`."""
    tried = []
    for place in _places():
        library = _with_sm2(place)
        if library is not None:
            return library
        tried.append(place)
    raise NoSm2(
        f"没有含 SM2 的 OpenSSL 3 库 no OpenSSL 3 library with SM2 (tried {', '.join(tried) or 'none'}): "
        f"`pip install 'psycopg[binary]'`, install libssl3, or name a libcrypto.so.3 in {VARIABLE}"
    )


def _places() -> Iterator[str]:
    named = os.environ.get(VARIABLE)
    if named:
        yield named  # who names a library wants that one and no other
        return
    system = ctypes.util.find_library("crypto")
    if system:
        yield system
    wheel = find_spec("psycopg_binary")
    if wheel is not None and wheel.origin:
        beside = Path(wheel.origin).parent.with_name("psycopg_binary.libs")
        yield from map(str, sorted(beside.glob("libcrypto*")))


def _with_sm2(place: str) -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(place)
        for name, (returned, taken) in _FUNCTIONS.items():
            function = getattr(library, name)
            function.restype, function.argtypes = returned, taken
    except (OSError, AttributeError):
        return None
    key = library.EVP_PKEY_Q_keygen(None, None, b"SM2")
    library.ERR_clear_error()
    if not key:
        return None
    library.EVP_PKEY_free(key)
    return library
