"""Keys: kept from others, made only where allowed, the same for everyone who asks."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rongxin.proof.errors import KeyMissing, KeyUnsafe, ProofError
from rongxin.proof.keys import Keyring, SigningKey, VerifyingKey


def test_its_id_is_the_thumbprint_that_the_standard_gives() -> None:
    # RFC 8037 appendix A.3: the thumbprint of the key of RFC 8032's first test.
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    key = SigningKey("rfc", Ed25519PrivateKey.from_private_bytes(seed))
    assert key.id == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_it_signs_what_its_public_half_verifies() -> None:
    key = SigningKey.generate("node")
    signature = key.sign(b"data")
    assert key.public.verify(b"data", signature)
    assert not key.public.verify(b"Data", signature)
    assert not SigningKey.generate("node").public.verify(b"data", signature)
    assert not key.public.verify(b"data", signature[:-1])


def test_it_comes_back_from_its_file_readable_by_its_owner_alone(tmp_path: Path) -> None:
    key = SigningKey.generate("node")
    path = tmp_path / "keys" / "node.key.pem"
    key.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SigningKey.load(path).id == key.id
    assert SigningKey.load(path).name == "node"


def test_it_is_never_written_over_another(tmp_path: Path) -> None:
    path = tmp_path / "node.key.pem"
    SigningKey.generate("node").save(path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError):
        SigningKey.generate("node").save(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["node.key.pem"]


def test_it_refuses_a_private_key_that_others_may_read(tmp_path: Path) -> None:
    path = tmp_path / "node.key.pem"
    SigningKey.generate("node").save(path)
    path.chmod(0o640)
    with pytest.raises(KeyUnsafe, match="chmod 600"):
        SigningKey.load(path)


def test_it_refuses_a_file_that_is_no_ed25519_key(tmp_path: Path) -> None:
    path = tmp_path / "node.key.pem"
    path.write_text("not a key")
    path.chmod(0o600)
    with pytest.raises(ProofError, match="PEM"):
        SigningKey.load(path)
    with pytest.raises(ProofError, match="PEM"):
        VerifyingKey.from_pem("not a key")


def test_it_does_not_show_its_secret() -> None:
    key = SigningKey.generate("node")
    assert key.cryptography.private_bytes_raw().hex() not in repr(key)
    assert key.id in repr(key)


def test_the_keyring_makes_no_key_unless_that_was_said(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing, match="no such key"):
        Keyring(tmp_path, create=False).signing("node")
    assert not list(tmp_path.iterdir())
    made = Keyring(tmp_path, create=True).signing("node")
    assert Keyring(tmp_path, create=False).signing("node").id == made.id


def test_the_keyring_gives_everyone_the_same_key_however_many_ask_at_once(tmp_path: Path) -> None:
    ring = Keyring(tmp_path, create=True)
    with ThreadPoolExecutor(16) as pool:
        ids = set(pool.map(lambda _: ring.signing("node").id, range(64)))
    assert len(ids) == 1


def test_the_keyring_believes_its_own_keys_and_retired_ones(tmp_path: Path) -> None:
    ring = Keyring(tmp_path, create=True)
    node, retired = ring.signing("node"), SigningKey.generate("node-2025")
    (tmp_path / "node-2025.pub.pem").write_text(retired.public.pem())
    assert set(ring.verifying()) == {node.id, retired.id}
    assert ring.verifying()[retired.id].raw == retired.public.raw
