"""SM2 and its envelope: keys as OpenSSL writes them, texts as others write and read them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import gmalg
import pytest
from asn1crypto import core
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from gmssl import sm2 as gmssl
from hypothesis import given, settings
from hypothesis import strategies as st

from rongxin.proof import boxes, envelope, libcrypto, sm2
from rongxin.proof.errors import Forged, ProofError

KEY = sm2.PrivateKey.generate()
INFO = b"test"
BOX = envelope.close(b"rows", KEY.public_key(), info=INFO)


class Cipher(core.Sequence):
    """SM2Cipher of GM/T 0009."""

    _fields = [
        ("x", core.Integer),
        ("y", core.Integer),
        ("hash", core.OctetString),
        ("text", core.OctetString),
    ]

    def raw(self) -> bytes:
        """Return C1 ‖ C3 ‖ C2 without the point's mark, as other libraries have it."""
        point = b"".join(self[name].native.to_bytes(32, "big") for name in ("x", "y"))
        return point + self["hash"].native + self["text"].native

    @classmethod
    def of(cls, raw: bytes) -> bytes:
        x, y = (int.from_bytes(part, "big") for part in (raw[:32], raw[32:64]))
        return cls({"x": x, "y": y, "hash": raw[64:96], "text": raw[96:]}).dump()


def secret_of(key: sm2.PrivateKey) -> bytes:
    start = key.der.index(bytes.fromhex("0201010420")) + 5
    return key.der[start : start + 32]


def point_of(key: sm2.PublicKey) -> bytes:
    return key.der[-64:]


def by_gmssl() -> tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]:
    public, secret = point_of(KEY.public_key()).hex(), secret_of(KEY).hex()
    other = gmssl.CryptSM2(public_key=public, private_key=secret, mode=1)
    return other.encrypt, other.decrypt


def by_gmalg() -> tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]:
    other = gmalg.SM2(secret_of(KEY), pk=b"\x04" + point_of(KEY.public_key()))
    return lambda plain: other.encrypt(plain)[1:], lambda raw: other.decrypt(b"\x04" + raw)


@pytest.mark.parametrize("peer", [by_gmssl, by_gmalg])
def test_others_read_what_is_encrypted_here_and_are_read_here(peer: Callable[[], tuple]) -> None:
    encrypt, decrypt = peer()
    for plain in (os.urandom(16), b"x", os.urandom(100)):
        assert decrypt(Cipher.load(KEY.public_key().encrypt(plain)).raw()) == plain
        assert KEY.decrypt(Cipher.of(encrypt(plain))) == plain


def test_a_peer_opens_a_whole_envelope_by_its_own_means() -> None:
    box = envelope.close("密封".encode(), KEY.public_key(), info=INFO)
    end = 2 + int.from_bytes(box[:2], "big")
    secret = by_gmssl()[1](Cipher.load(box[2:end]).raw())
    nonce, text, tag = box[end : end + 12], box[end + 12 : -16], box[-16:]
    # gmalg's SM4 in counter mode by hand: GCM's first block of text has counter 2.
    stream = gmalg.SM4(secret).encrypt(nonce + (2).to_bytes(4, "big"))
    assert bytes(a ^ b for a, b in zip(text, stream, strict=False)) == "密封".encode()
    assert len(tag) == 16


@pytest.mark.parametrize("kind", ["genpkey", "ecparam"])
def test_keys_of_openssl_are_read(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "key"
    made = {"genpkey": ["genpkey", "-algorithm", "SM2"], "ecparam": ["ecparam", "-genkey", "-name", "SM2"]}
    command = ["openssl", *made[kind], "-out", str(path)]
    if not shutil.which("openssl") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no OpenSSL with SM2 on this machine (Debian: apt install openssl)")
    path.chmod(0o600)
    pub = tmp_path / "pub"
    subprocess.run(["openssl", "pkey", "-in", str(path), "-pubout", "-out", str(pub)], check=True)
    key, public = boxes.opener(path), boxes.recipient(pub)
    assert isinstance(key, sm2.PrivateKey)
    assert public == key.public_key()
    assert boxes.public_text(public) == pub.read_bytes()
    assert boxes.open_box(boxes.close(b"rows", public, info="a"), key, info="a") == b"rows"


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_flipped_bit_of_an_envelope_opens(data: st.DataObject) -> None:
    box = bytearray(BOX)
    box[data.draw(st.integers(0, len(box) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Forged):
        envelope.open_box(bytes(box), KEY, info=INFO)


@pytest.mark.parametrize("length", [0, 1, 2, 40, 130, 147])
def test_a_box_that_is_cut_off_is_forged(length: int) -> None:
    box = envelope.close(b"", KEY.public_key(), info=INFO)
    with pytest.raises(Forged):
        envelope.open_box(box[:length], KEY, info=INFO)


def test_a_key_that_is_no_point_of_the_curve_is_refused() -> None:
    der = bytearray(KEY.public_key().der)
    der[-1] ^= 1
    with pytest.raises(ProofError):
        sm2.read_public(sm2.PublicKey(bytes(der)).pem())
    p256 = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = p256.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert not sm2.is_sm2(pem)
    with pytest.raises(ProofError, match="X25519 or SM2"):
        boxes.public(pem)


def test_a_key_that_is_unsound_is_refused() -> None:
    infinity = bytes.fromhex("3019301306072a8648ce3d0201") + sm2.CURVE
    with pytest.raises(ProofError):
        sm2.read_public(sm2.PublicKey(infinity + bytes.fromhex("03020000")).pem())
    strangers = KEY.der[:-64] + point_of(sm2.PrivateKey.generate().public_key())
    with pytest.raises(ProofError):
        sm2.read_private(sm2.PrivateKey(strangers).pem())


def test_a_secret_that_is_wrapped_anew_does_not_fit_the_box() -> None:
    end = 2 + int.from_bytes(BOX[:2], "big")
    wrapped = KEY.public_key().encrypt(KEY.decrypt(BOX[2:end]))
    with pytest.raises(Forged):
        envelope.open_box(len(wrapped).to_bytes(2, "big") + wrapped + BOX[end:], KEY, info=INFO)


def test_a_private_key_shows_itself_nowhere() -> None:
    assert secret_of(KEY).hex() not in repr(KEY)
    assert repr(KEY.der) not in repr(KEY)


def test_threads_share_a_key() -> None:
    opened: list[bool] = []

    def work() -> None:
        for number in range(20):
            plain = b"%d" % number
            box = envelope.close(plain, KEY.public_key(), info=INFO)
            opened.append(envelope.open_box(box, KEY, info=INFO) == plain)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened == [True] * 160


def test_the_wheels_library_does_where_the_system_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(libcrypto.VARIABLE, raising=False)
    monkeypatch.setattr(libcrypto.ctypes.util, "find_library", lambda name: None)
    places = list(libcrypto._places())
    assert len(places) == 1
    assert "psycopg_binary.libs" in places[0]
    assert libcrypto._with_sm2(places[0]) is not None


def test_a_machine_without_it_is_told_what_to_install(tmp_path: Path) -> None:
    """A library is named that has no SM2; the one that was named is wanted and no other."""
    script = "from rongxin.proof import sm2; sm2.PrivateKey.generate()"
    named = {**os.environ, libcrypto.VARIABLE: str(tmp_path / "none.so")}
    run = subprocess.run(
        [sys.executable, "-c", script], env=named, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert "psycopg[binary]" in run.stderr
    assert "none.so" in run.stderr
