"""TLS to a provider's gateway: the files that the node shows and believes, and what to do where it fails.

A peer that refuses a certificate mostly just hangs up, so what the node's own file says is told with it.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509

_EXPIRED, _HOST_MISMATCH, _ADDRESS_MISMATCH = 10, 62, 64  # X509_V_ERR_… of OpenSSL


class InvalidFile(Exception):
    """A file can't be used; the message names the key of the gateway's file, the path and what to do."""


@dataclass(frozen=True)
class Files:
    """Whose certificates are believed (`None`: those of the system), and what this node shows (mTLS)."""

    authority: Path | None = None
    certificate: Path | None = None
    private_key: Path | None = None

    def checked(self) -> Files:
        """Return these files when they can be used; raises `InvalidFile`."""
        if (self.certificate is None) is not (self.private_key is None):
            raise InvalidFile("certificate, private_key: write both of them or none")
        if self.authority is not None:
            _certificate("authority", self.authority)
        if self.certificate is not None and self.private_key is not None:
            _certificate("certificate", self.certificate)
            try:
                ssl.create_default_context().load_cert_chain(
                    self.certificate, self.private_key, password=_no_password
                )
            except (OSError, ValueError) as error:
                raise InvalidFile(
                    f"private_key: {self.private_key}: not the certificate's key, or can't be read ({error})"
                ) from error
        return self

    def options(self) -> dict[str, Any]:
        """Return them as urllib3 takes them; it reads them for each connection, so renewed ones count."""
        given = {"ca_certs": self.authority, "cert_file": self.certificate, "key_file": self.private_key}
        return {"cert_reqs": "CERT_REQUIRED", **{name: str(path) for name, path in given.items() if path}}


def told(error: BaseException, files: Files) -> str:
    """Say what a failed connection asks for, "" where it didn't fail for TLS."""
    causes = [error]
    while (cause := getattr(causes[-1], "reason", None) or causes[-1].__cause__) and cause not in causes:
        if not isinstance(cause, BaseException):
            break
        causes.append(cause)
    told = [part for one in causes for part in [one, *one.args] if isinstance(part, ssl.SSLError)]
    if not told:
        return ""
    refused = next((one for one in told if isinstance(one, ssl.SSLCertVerificationError)), None)
    return _unbelieved(refused) if refused is not None else _refused(files)


def _unbelieved(error: ssl.SSLCertVerificationError) -> str:
    """What to do where the gateway's certificate isn't believed."""
    if error.verify_code == _EXPIRED:
        return "the gateway's certificate has expired; the provider has to renew it"
    if error.verify_code in (_HOST_MISMATCH, _ADDRESS_MISMATCH):
        return "the gateway's certificate is for another host; write in `url` a name that stands in it"
    return "the gateway's certificate is of no authority known here; put its issuer's PEM into `authority`"


def _refused(files: Files) -> str:
    """What to do where the gateway hung up on us."""
    if files.certificate is None:
        return "the gateway may want a certificate of this node: write `certificate` and `private_key`"
    try:
        until = x509.load_pem_x509_certificate(files.certificate.read_bytes()).not_valid_after_utc
    except (OSError, ValueError) as error:
        return f"`certificate` can't be read ({error})"
    if until < datetime.now(UTC):
        return f"this node's `certificate` expired on {until.date()}; have it renewed"
    return "the gateway may not believe this node's `certificate`: its `client_authority` must have issued it"


def _certificate(what: str, path: Path) -> None:
    try:
        x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InvalidFile(f"{what}: {path}: no certificate in PEM ({error})") from error


def _no_password() -> str:
    raise ValueError("it is protected by a password")
