"""机构证书: by whose certificates the node believes that a key is an institution's ((九)).

Whom to believe is the operator's directory (`RONGXIN_TRUST`). A certificate comes on top of the two persons
who register a key; once one is there, the key is believed only while the certificate is, looked at anew at
each use: a list laid down now stops a revoked key now, and a job that doesn't run stops nothing from ending.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from pydantic import Field

from rongxin.parties import institutions
from rongxin.parties.errors import PartiesError
from rongxin.proof.certificates import checking
from rongxin.proof.certificates.checking import Certificate, Holder, Standing
from rongxin.proof.certificates.refusals import Refused
from rongxin.proof.certificates.trust import Laid, Trust
from rongxin.vocabulary import edition

_PARAMETERS = Path(__file__).parent / "parameters"
_NOW = timedelta(0)


class CertificateRefused(PartiesError):
    """The certificate is not believed; the message says what of it, and what to do."""

    code = "certificate_refused"


class InvalidCertificateRules(PartiesError):
    """The file of rules of certificates can't be used as it stands."""

    code = "invalid_certificate_rules"


class Policy(edition.Edition):
    """The numbers of one edition."""

    authority_warn_days: int = Field(ge=0)
    crl_warn_hours: int = Field(ge=0)
    crl_patience_hours: int = Field(ge=0)


def required() -> bool:
    """Whether keys are registered by certificates only (the national profile)."""
    return bool(settings.RONGXIN_CERTIFICATES == "required")


def check(pem: str, institution: str, *, as_of: datetime) -> Certificate:
    """Return what a certificate says if it is believed now as an institution's, or `CertificateRefused`."""
    try:
        return _checked(pem, institution, as_of, _NOW)
    except Refused as error:
        raise CertificateRefused(str(error)) from error


def trouble(pem: str, institution: str, *, as_of: datetime) -> Refused | None:
    """Return why a registered certificate is not believed; None where it is. Lists have their patience."""
    try:
        given = policy(timezone.localdate(as_of))
        _checked(pem, institution, as_of, timedelta(hours=given.crl_patience_hours))
    except Refused as error:
        return error
    return None


def standings(*, as_of: datetime) -> Sequence[Standing]:
    """Return how the authorities and lists stand that the operator has laid down."""
    return checking.standings(laid(), at=as_of)


def laid() -> Laid:
    """Return what lies in the directory now; nothing where none is set."""
    return _trust(settings.RONGXIN_TRUST).now() if settings.RONGXIN_TRUST else Laid((), (), (), ())


def policy(on: date) -> Policy:
    """Return the rules in force on a day."""
    return edition.in_force(_editions(), on)


def _checked(pem: str, institution: str, as_of: datetime, patience: timedelta) -> Certificate:
    one = institutions.get(institution)
    return checking.check(pem, Holder(one.uscc, one.name), laid(), at=as_of, patience=patience)


@cache
def _trust(path: str) -> Trust:
    return Trust(Path(path))


@cache
def _editions() -> tuple[Policy, ...]:
    return edition.read(_PARAMETERS, "certificates_*.yaml", Policy, broken=InvalidCertificateRules)
