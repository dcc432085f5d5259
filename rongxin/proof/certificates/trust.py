"""Whom an operator believes: roots, intermediates and revocation lists, as files that he lays down.

`roots/`, `intermediates/` and `crls/` of one directory hold PEM or DER, read again when something of them
comes, goes or is replaced. A file that can't be read is told of and takes no other one down.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from asn1crypto import pem
from asn1crypto import x509 as asn1
from cryptography import x509

from rongxin.outpost.watched import Directory
from rongxin.proof.certificates import signatures

ROOTS, INTERMEDIATES, CRLS = "roots", "intermediates", "crls"
_UNREAD = (
    *(ValueError, TypeError, KeyError, OverflowError, OSError),
    *(x509.UnsupportedGeneralNameType, x509.DuplicateExtension, x509.InvalidVersion),
)
_UTC = timedelta(0)
_log = logging.getLogger(__name__)
Read = TypeVar("Read")


@dataclass(frozen=True)
class Crl:
    """A revocation list as it lies there; `unfit` says why it can't be used for anybody."""

    file: str
    list: x509.CertificateRevocationList = field(repr=False)
    issuer: str
    unfit: str
    _signed: dict[bytes, bool] = field(default_factory=dict, compare=False, repr=False)

    @property
    def since(self) -> datetime:
        """When it was made."""
        return self.list.last_update_utc

    @property
    def until(self) -> datetime | None:
        """When the next one is due; a list without that is unfit."""
        return self.list.next_update_utc

    def signed_by(self, key: bytes) -> bool:
        """Whether the holder of a key (SubjectPublicKeyInfo) signed it; a long list is hashed only once."""
        if key not in self._signed:
            oid = self.list.signature_algorithm_oid.dotted_string
            self._signed[key] = signatures.holds(key, oid, self.list.signature, self.list.tbs_certlist_bytes)
        return self._signed[key]

    def covers(self, certificate: asn1.Certificate, *, authority: bool) -> bool:
        """Whether it is the list on which this certificate would stand (RFC 5280 6.3.3 (b))."""
        points = certificate.crl_distribution_points_value or ()
        own = [point for point in points if point["crl_issuer"].native is None]
        if points and not own:  # it would stand on a list of somebody else's
            return False
        scope = _scope(self.list)
        if scope is None:
            return True
        if (scope.only_contains_user_certs and authority) or (scope.only_contains_ca_certs and not authority):
            return False
        if not scope.full_name:
            return True
        return bool(set(_addresses(own)) & {str(one.value) for one in scope.full_name})


@dataclass(frozen=True)
class Laid:
    """What lies there at a moment; `unreadable` are files and what is wrong with them."""

    roots: Sequence[asn1.Certificate]
    intermediates: Sequence[asn1.Certificate]
    crls: Sequence[Crl]
    unreadable: Sequence[tuple[str, str]]

    def authorities(self) -> Iterator[tuple[str, asn1.Certificate]]:
        yield from ((ROOTS, one) for one in self.roots)
        yield from ((INTERMEDIATES, one) for one in self.intermediates)


class Trust:
    """The directory of one node; safe for threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._certificates = [
            Directory(path / name, lambda at: _each(at, _certificates)) for name in (ROOTS, INTERMEDIATES)
        ]
        self._crls = Directory(path / CRLS, lambda at: _each(at, _crl))

    def now(self) -> Laid:
        (roots, bad), (intermediates, worse) = (one.now() for one in self._certificates)
        crls, worst = self._crls.now()
        return Laid(roots, intermediates, crls, (*bad, *worse, *worst))


def unarmoured(data: bytes) -> Iterator[bytes]:
    """Return what a file of PEM or DER holds, as DER."""
    if not pem.detect(data):
        yield data
        return
    for _label, _headers, der in pem.unarmor(data, multiple=True):
        yield der


def authority_name(name: asn1.Name) -> str:
    """Return a name as it is compared: RFC 5280's folding of case and spaces."""
    folded: str = name.hashable
    return folded


def _each(
    path: Path, read: Callable[[str, bytes], Iterator[Read]]
) -> tuple[Sequence[Read], Sequence[tuple[str, str]]]:
    found: list[Read] = []
    unreadable: list[tuple[str, str]] = []

    def tell(of: Path, error: Exception) -> None:
        _log.warning("%s can't be read: %s", of, error)
        unreadable.append((str(of.relative_to(path.parent)), str(error)[:200]))

    files: Sequence[Path] = ()
    try:
        files = sorted(path.iterdir())
    except FileNotFoundError:  # nothing laid down yet
        pass
    except OSError as error:
        tell(path, error)
    for file in files:
        if file.name.startswith("."):
            continue
        try:
            found += read(file.name, file.read_bytes())
        except _UNREAD as error:
            tell(file, error)
    return tuple(found), tuple(unreadable)


def _certificates(_name: str, data: bytes) -> Iterator[asn1.Certificate]:
    for der in unarmoured(data):
        yield whole(der)


def whole(der: bytes) -> asn1.Certificate:
    """Read a certificate to its last field, since the parser is lazy; raises `ValueError` and its like."""
    certificate = asn1.Certificate.load(der, strict=True)
    certificate.native  # noqa: B018 - what is wrong in it shows now
    if certificate["tbs_certificate"]["signature"].dump() != certificate["signature_algorithm"].dump():
        raise ValueError("the certificate names two signature algorithms")
    validity = certificate["tbs_certificate"]["validity"]
    for time in (validity["not_before"].native, validity["not_after"].native):
        if not isinstance(time, datetime) or time.utcoffset() != _UTC:  # RFC 5280 4.1.2.5: expressed in GMT
            raise ValueError(f"the certificate's validity is not in UTC: {time}")
    return certificate


def _crl(name: str, data: bytes) -> Iterator[Crl]:
    for der in unarmoured(data):
        found = x509.load_der_x509_crl(der)
        issuer = authority_name(asn1.Name.load(found.issuer.public_bytes()))
        yield Crl(name, found, issuer, _unfit(found))


def _unfit(crl: x509.CertificateRevocationList) -> str:
    """Say why a list can't be used: it isn't whole, or says something that isn't understood."""
    known = (x509.IssuingDistributionPoint, x509.AuthorityKeyIdentifier, x509.CRLNumber)
    if any(one.critical and not isinstance(one.value, known) for one in crl.extensions):
        return "含有不认识的关键扩展，或只是增量列表 a delta, or a critical extension that is not known"
    scope = _scope(crl)
    if scope is not None and (
        scope.indirect_crl
        or scope.only_some_reasons
        or scope.only_contains_attribute_certs
        or scope.relative_name
    ):
        return "是间接列表或只含部分原因 indirect, or for some reasons only"
    if crl.next_update_utc is None:
        return "没有写明下次更新时间 no nextUpdate"
    return ""


def _scope(crl: x509.CertificateRevocationList) -> x509.IssuingDistributionPoint | None:
    try:
        return crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return None


def _addresses(points: Sequence[asn1.DistributionPoint]) -> Iterator[str]:
    """Return where a certificate says that its issuer's list is published."""
    for point in points:
        named = point["distribution_point"]
        if named.native is not None and named.name == "full_name":
            yield from (str(name.native) for name in named.chosen)
