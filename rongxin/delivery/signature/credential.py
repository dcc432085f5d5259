"""The key and the certificate with which a node signs its reports.

They are kept apart from the node's Ed25519 keys, which sign what our own programs check: a PDF is checked by
whatever reader lies at hand, and those know RSA and ECDSA. A production node brings them, issued by an
authority that its readers believe (RONGXIN_REPORT_CERTIFICATE); any other makes a pair that vouches for
itself on first use.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from rongxin.delivery.signature.errors import CertificateUnfit

FILE = "report.signer.pem"
SELF_SIGNED_DAYS = 3650
RSA_BITS_MIN = 2048
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Credential:
    """A private key with its certificate and what leads from there to the authority's root."""

    key: Key
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    def __repr__(self) -> str:
        return f"Credential({self.certificate.subject.rfc4514_string()!r})"

    @property
    def self_signed(self) -> bool:
        return self.certificate.issuer == self.certificate.subject

    def pem(self) -> str:
        """The certificates, without the key: what is given to those who check."""
        return "".join(c.public_bytes(Encoding.PEM).decode() for c in (self.certificate, *self.chain))

    def require_valid(self, *, as_of: datetime) -> None:
        """Refuse to sign outside of the certificate's time: nobody would believe the signature."""
        first, last = self.certificate.not_valid_before_utc, self.certificate.not_valid_after_utc
        if not first <= as_of <= last:
            raise CertificateUnfit(
                f"the report certificate is valid from {first:%Y-%m-%d} to {last:%Y-%m-%d}, not on"
                f" {as_of:%Y-%m-%d}: have it renewed and set RONGXIN_REPORT_CERTIFICATE"
            )


def load(path: Path, password: str = "") -> Credential:
    """Read PKCS#12 or PEM; refuse a file that others may read, a key that is not the certificate's."""
    try:
        mode, data = path.stat().st_mode, path.read_bytes()
    except OSError as error:
        raise CertificateUnfit(
            f"{path}: can't be read ({error.strerror}); name a PKCS#12 or PEM file"
        ) from error
    if stat.S_IMODE(mode) & 0o077:
        raise CertificateUnfit(f"{path}: others may read this private key; chmod 600 it")
    secret = password.encode() or None
    try:
        key, certificates = _pem(data, secret) if b"-----BEGIN" in data else _pkcs12(data, secret)
    except (ValueError, TypeError) as error:
        raise CertificateUnfit(
            f"{path}: no key and certificate that can be read ({error}); check file and password"
        ) from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise CertificateUnfit(f"{path}: PDF readers check RSA and ECDSA; bring a key of one of them")
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < RSA_BITS_MIN:
        raise CertificateUnfit(f"{path}: RSA of {key.key_size} bits is too short; {RSA_BITS_MIN} at least")
    own = [c for c in certificates if c.public_key() == key.public_key()]
    if not own:
        raise CertificateUnfit(f"{path}: no certificate in it is of the key in it; put both into one file")
    _require_usage(path, own[0])
    return Credential(key, own[0], tuple(c for c in certificates if c != own[0]))


def _pem(data: bytes, password: bytes | None) -> tuple[object, list[x509.Certificate]]:
    return load_pem_private_key(data, password), x509.load_pem_x509_certificates(data)


def _pkcs12(data: bytes, password: bytes | None) -> tuple[object, list[x509.Certificate]]:
    key, certificate, others = pkcs12.load_key_and_certificates(data, password)
    return key, [c for c in (certificate, *others) if c is not None]


def _require_usage(path: Path, certificate: x509.Certificate) -> None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        usage = None
    if usage is None or not usage.content_commitment:
        raise CertificateUnfit(
            f"{path}: the certificate is not for signing documents (key usage nonRepudiation is not set)"
        )


def self_signed(name: str, at: datetime, *, days: int = SELF_SIGNED_DAYS) -> Credential:
    """Make a pair that vouches for itself, for a demo: it proves that bytes are unchanged, not who signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    title = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name[:64]),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "自签名 self-signed"),
        ]
    )
    usage = dict.fromkeys(
        (
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    certificate = (
        x509.CertificateBuilder(title, title, key.public_key(), x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, content_commitment=True, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Credential(key, certificate)


def kept(directory: Path, name: str) -> Credential:
    """Return the pair in a directory, made on first use; two processes at once get the same one."""
    path = directory / FILE
    if not path.exists():
        made = self_signed(name, datetime.now(UTC))
        key = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=directory, prefix=".signer-")  # mkstemp makes 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(key + made.pem().encode())
            with contextlib.suppress(FileExistsError):  # another process was first: its pair is the pair
                os.link(temporary, path)
        finally:
            Path(temporary).unlink()
    return given(path)


def given(path: Path, password: str = "") -> Credential:
    """Return what `load` returns, read again when the file is replaced."""
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        changed = 0
    return _read(path, changed, password)


@lru_cache(maxsize=4)
def _read(path: Path, changed: int, password: str) -> Credential:
    return load(path, password)
