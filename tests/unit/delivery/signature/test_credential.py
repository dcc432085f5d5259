"""The key that signs reports: brought in the usual files, refused with a reason, made once for a demo."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from rongxin.delivery.signature import credential
from rongxin.delivery.signature.errors import CertificateUnfit
from tests.unit.delivery.signature import stage


def _key(key, password=b""):
    sealed = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed)


def _file(path, data, mode=0o600):
    path.write_bytes(data)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("order", [1, -1])
def test_it_reads_pem_in_any_order(tmp_path, order):
    node = stage.node()
    path = _file(tmp_path / "a.pem", b"".join([_key(node.key), node.pem().encode()][::order]))
    found = credential.load(path)
    assert (found.certificate, found.chain) == (node.certificate, node.chain)


def test_it_reads_pkcs12_with_its_password(tmp_path):
    node = stage.node()
    data = pkcs12.serialize_key_and_certificates(
        b"node", node.key, node.certificate, node.chain, BestAvailableEncryption(b"secret")
    )
    path = _file(tmp_path / "a.p12", data)
    assert credential.load(path, "secret").chain == node.chain
    with pytest.raises(CertificateUnfit, match="check file and password") as refused:
        credential.load(path, "wrong-one")
    assert "wrong-one" not in str(refused.value)


def _unfit():
    node, other = stage.node(), ec.generate_private_key(ec.SECP256R1())
    edwards, short = ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 1024)
    unfit = stage.issue("x", other, by=stage.root(), usage=("key_encipherment",))
    return [
        (_key(node.key) + node.pem().encode(), 0o640, "others may read"),
        (_key(other) + node.pem().encode(), 0o600, "is of the key"),
        (_key(edwards) + node.pem().encode(), 0o600, "RSA and ECDSA"),
        (_key(short) + node.pem().encode(), 0o600, "too short"),
        (_key(other) + unfit.pem().encode(), 0o600, "nonRepudiation"),
        (_key(node.key, b"p") + node.pem().encode(), 0o600, "check file and password"),
        (b"junk", 0o600, "check file and password"),
    ]


@pytest.mark.parametrize("which", range(7))
def test_what_is_unfit_is_refused_with_the_reason(tmp_path, which):
    data, mode, why = _unfit()[which]
    with pytest.raises(CertificateUnfit, match=why):
        credential.load(_file(tmp_path / "a.pem", data, mode))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CertificateUnfit, match=r"nothing\.pem: can't be read"):
        credential.given(tmp_path / "nothing.pem")


def test_eight_at_once_get_one_self_signed_pair(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: credential.kept(tmp_path / "keys", "节点"), range(8)))
    assert len({pair.certificate for pair in made}) == 1
    assert made[0].self_signed
    made[0].require_valid(as_of=datetime.now(UTC))
    assert [path.name for path in (tmp_path / "keys").iterdir()] == [credential.FILE]
    assert (tmp_path / "keys" / credential.FILE).stat().st_mode & 0o077 == 0
    assert repr(made[0].key) not in repr(made[0])


def test_a_replaced_file_is_read_again(tmp_path):
    first = credential.kept(tmp_path, "节点")
    (tmp_path / credential.FILE).unlink()
    assert credential.kept(tmp_path, "节点").certificate != first.certificate
