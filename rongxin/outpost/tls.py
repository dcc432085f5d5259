"""The files by which a server is known on the network, looked at before anybody connects.

A server that can't be believed fails at the other end only, and one that refuses a client says nothing. So
what can be seen in the files is said in words: what is missing, doesn't belong together or has expired.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from rongxin.outpost.errors import Misconfigured
from rongxin.outpost.settings import Settings


class Tls(Settings):
    """The files of one address at which is listened."""

    certificate: Path
    key: Path
    #: Who may connect at all (mTLS); left out, anybody may, and is asked for more than a connection.
    client_authority: Path | None = None


def opened(named: Tls | None, at: Callable[[Path], Path], *, now: datetime | None = None) -> Tls | None:
    """Return the files with their places filled in by `at`, None where plain HTTP is spoken; raises
    `Misconfigured`.
    """
    if named is None:
        return None
    placed = Tls(
        certificate=at(named.certificate),
        key=at(named.key),
        client_authority=at(named.client_authority) if named.client_authority else None,
    )
    _valid("tls.certificate", placed.certificate, now or datetime.now(UTC))
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            placed.certificate, placed.key, password=_no_password
        )
    except (OSError, ValueError) as error:
        raise Misconfigured(
            f"tls.key: {placed.key}: 不是证书的私钥，或不能读取 not the certificate's key, or can't be read; "
            f"PEM without a password ({error})"
        ) from error
    if placed.client_authority is not None:
        _valid("tls.client_authority", placed.client_authority, now or datetime.now(UTC))
    return placed


def until(tls: Tls) -> datetime:
    """Return when the server's certificate expires."""
    return _first(tls.certificate).not_valid_after_utc


def hosts(tls: Tls) -> list[str]:
    """Return the names and addresses for which the certificate is good: one of them has to stand in `url`."""
    try:
        names = _first(tls.certificate).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    return [*names.get_values_for_type(x509.DNSName), *addresses]


def _valid(what: str, path: Path, now: datetime) -> None:
    try:
        certificate = _first(path)
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{what}: {path}: 不是 PEM 证书 no certificate in PEM ({error})") from error
    if now > certificate.not_valid_after_utc:
        day = certificate.not_valid_after_utc.date()
        raise Misconfigured(f"{what}: {path}: 证书已于 {day} 过期，请换发 it expired; have it renewed")
    if now < certificate.not_valid_before_utc:
        day = certificate.not_valid_before_utc.date()
        raise Misconfigured(f"{what}: {path}: 证书自 {day} 起生效，请核对时钟 not valid yet; check the clock")


def _first(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificates(path.read_bytes())[0]


def _no_password() -> str:
    raise ValueError("the key is protected by a password")
