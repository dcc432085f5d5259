"""A certificate authority as a government network has one, for one test."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

DAY = timedelta(days=1)


class Authority:
    """Issues certificates into a directory: NAME.crt and NAME.key, its own as NAME.pem."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory, self._key = directory, ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name.from_rfc4514_string(f"CN={name}")
        rights = x509.KeyUsage(
            digital_signature=False, content_commitment=False, key_encipherment=False,
            data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True,
            encipher_only=False, decipher_only=False,
        )  # fmt: skip
        made = self._begun(self._name, self._key, DAY).add_extension(x509.BasicConstraints(True, None), True)
        signed = made.add_extension(rights, True).sign(self._key, hashes.SHA256())
        (directory / f"{name}.pem").write_bytes(signed.public_bytes(Encoding.PEM))

    def issue(self, name: str, *, host: str = "127.0.0.1", life: timedelta = DAY) -> None:
        """Issue a certificate that began a week ago and ends in `life` (in the past: it has expired)."""
        key = ec.generate_private_key(ec.SECP256R1())
        numeric = host[0].isdigit()
        where = x509.IPAddress(ipaddress.ip_address(host)) if numeric else x509.DNSName(host)
        begun = self._begun(x509.Name.from_rfc4514_string(f"CN={name}"), key, life)
        signed = begun.add_extension(x509.SubjectAlternativeName([where]), False).sign(
            self._key, hashes.SHA256()
        )
        (self._directory / f"{name}.crt").write_bytes(signed.public_bytes(Encoding.PEM))
        text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self._directory / f"{name}.key").write_bytes(text)

    def _begun(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, life: timedelta
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        own = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder(self._name, subject, key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 7 * DAY)
            .not_valid_after(now + life)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(own, False)
        )
