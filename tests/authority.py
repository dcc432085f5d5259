"""A certification authority for tests: certificates and revocation lists, of SM2 or Ed25519, made for real.

Whatever a test wants wrong in one is said by a keyword; the rest is as a careful authority would have it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from asn1crypto import core, crl, pem, x509
from asn1crypto.algos import SignedDigestAlgorithm
from asn1crypto.keys import PublicKeyInfo
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from rongxin.proof.keys import SigningKey, Signs
from rongxin.proof.signers import Sm2SigningKey

DAY = timedelta(days=1)
NOW = datetime(2026, 3, 2, 4, tzinfo=UTC)
_OIDS = {SigningKey: "1.3.101.112", Sm2SigningKey: "1.2.156.10197.1.501"}
_serials = iter(range(0x5A0001, 0x6A0000))


def der_of(public_pem: str) -> bytes:
    return bytes(pem.unarmor(public_pem.encode())[2])


def armoured(der: bytes, label: str = "CERTIFICATE") -> str:
    return str(pem.armor(label, der).decode())


class Extension(core.Sequence):
    """An extension whose content nobody interprets, so that a test may put anything into it."""

    _fields = [
        ("extn_id", core.ObjectIdentifier),
        ("critical", core.Boolean, {"default": False}),
        ("extn_value", core.OctetString),
    ]


def extension(oid: str, value: core.Asn1Value | bytes, *, critical: bool = False) -> Extension:
    held = value if isinstance(value, bytes) else value.dump()
    return Extension({"extn_id": oid, "critical": critical, "extn_value": held})


def _time(moment: datetime | x509.Time) -> x509.Time:
    if isinstance(moment, x509.Time):
        return moment
    form = "utc_time" if moment.year < 2050 else "general_time"  # RFC 5280 4.1.2.5
    return x509.Time({form: moment.replace(microsecond=0)})


def _signed(kind: type, key: Signs, tbs: Any, *, oid: str, body: str) -> Any:
    signature = key.sign(tbs.dump())
    if isinstance(key, Sm2SigningKey):
        signature = encode_dss_signature(*(int.from_bytes(signature[at : at + 32]) for at in (0, 32)))
    algorithm = SignedDigestAlgorithm({"algorithm": oid})
    value = {body: tbs, "signature_algorithm": algorithm}
    value["signature_value" if body == "tbs_certificate" else "signature"] = core.OctetBitString(signature)
    return kind(value)


@dataclass
class Authority:
    """One that issues: a root where `parent` is None."""

    name: str = "测试根 Test Root"
    kind: type[SigningKey | Sm2SigningKey] = Sm2SigningKey
    parent: Authority | None = None
    path_length: int | None = None
    now: datetime = NOW
    made: Mapping[str, Any] = field(default_factory=dict)  # what is wrong in its own certificate

    def __post_init__(self) -> None:
        self.key = self.kind.generate(self.name)
        self.subject = x509.Name.build({"country_name": "CN", "common_name": self.name})
        given = {"usage": {"key_cert_sign", "crl_sign"}, "authority": True, **self.made}
        issuer = self.parent or self
        self.certificate = issuer.issue(self.key, self.subject, path_length=self.path_length, **given)

    @property
    def pem(self) -> str:
        return armoured(self.certificate.dump())

    def issue(
        self,
        key: Signs,
        subject: x509.Name | Mapping[str, Any],
        *,
        since: datetime | x509.Time | None = None,
        until: datetime | x509.Time | None = None,
        usage: set[str] | None = frozenset({"digital_signature", "non_repudiation"}),  # type: ignore[assignment]
        authority: bool | None = None,
        path_length: int | None = None,
        extensions: Sequence[Extension] = (),
        serial: int | None = None,
        oid: str | None = None,
    ) -> x509.Certificate:
        """Make a certificate; `usage` and `authority` None: without the extension."""
        oid = oid or _OIDS[type(self.key)]
        more = list(extensions)
        if usage is not None:
            more.append(extension("2.5.29.15", x509.KeyUsage(set(usage)), critical=True))
        if authority is not None:
            limits: dict[str, Any] = {"ca": authority}
            if path_length is not None:
                limits["path_len_constraint"] = path_length
            more.append(extension("2.5.29.19", x509.BasicConstraints(limits), critical=True))
        tbs = x509.TbsCertificate(
            {
                "version": "v3",
                "serial_number": serial or next(_serials),
                "signature": SignedDigestAlgorithm({"algorithm": oid}),
                "issuer": self.subject,
                "validity": x509.Validity(
                    {
                        "not_before": _time(since or self.now - 30 * DAY),
                        "not_after": _time(until or self.now + 365 * DAY),
                    }
                ),
                "subject": subject if isinstance(subject, x509.Name) else x509.Name.build(dict(subject)),
                "subject_public_key_info": PublicKeyInfo.load(der_of(key.public.pem())),  # type: ignore[attr-defined]
                "extensions": [x509.Extension.load(one.dump()) for one in more],
            }
        )
        return _signed(x509.Certificate, self.key, tbs, oid=oid, body="tbs_certificate")

    def crl(
        self,
        revoked: Mapping[int, str] | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        endless: bool = False,
        extensions: Sequence[Extension] = (),
        key: Signs | None = None,
        version: str = "v2",
        at: datetime | None = None,
    ) -> bytes:
        """Make the list of those revoked (serial: reason; at a moment), as DER."""
        oid, since = _OIDS[type(self.key)], since or self.now - DAY
        told: dict[str, Any] = {
            "version": version,
            "signature": SignedDigestAlgorithm({"algorithm": oid}),
            "issuer": self.subject,
            "this_update": _time(since),
            "crl_extensions": [
                crl.TBSCertListExtension.load(one.dump())
                for one in (extension("2.5.29.20", core.Integer(1)), *extensions)
            ],
        }
        if not endless:
            told["next_update"] = _time(until or self.now + 7 * DAY)
        if revoked:
            told["revoked_certificates"] = [self._entry(*one, at or since) for one in revoked.items()]
        tbs = crl.TbsCertList(told)
        made = _signed(crl.CertificateList, key or self.key, tbs, oid=oid, body="tbs_cert_list")
        return bytes(made.dump())

    @staticmethod
    def _entry(serial: int, reason: str, at: datetime) -> dict[str, Any]:
        why = {"extn_id": "crl_reason", "critical": False, "extn_value": reason}
        return {
            "user_certificate": serial,
            "revocation_date": _time(at),
            "crl_entry_extensions": [why],
        }


def lay(directory: Path, *, roots: Sequence[Authority], intermediates: Sequence[Authority] = ()) -> None:
    """Lay down authorities with an empty revocation list of each."""
    for folder in ("roots", "intermediates", "crls"):
        (directory / folder).mkdir(parents=True, exist_ok=True)
    for folder, authorities in (("roots", roots), ("intermediates", intermediates)):
        for one in authorities:
            (directory / folder / f"{one.name}.pem").write_text(one.pem)
            (directory / "crls" / f"{one.name}.crl").write_bytes(one.crl())
