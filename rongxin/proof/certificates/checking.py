"""Whether a certificate says at a moment that a key is an institution's (RFC 5280, GM/T 0015).

The path (names, validity, signatures, basic constraints, name constraints, policies) is validated by
`pyhanko_certvalidator` with our signatures; what the key is for, whose it is and the revocation lists are
looked at here. It fails closed: what isn't there, isn't understood or is out of date is a `Refused`.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import pairwise

from asn1crypto import core, pem
from asn1crypto import x509 as asn1
from cryptography.x509 import (
    CRLReason,
    DuplicateExtension,
    ExtensionNotFound,
    ReasonFlags,
    RevokedCertificate,
)
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathBuildingError, ValidationError
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import NO_REVOCATION, AcceptAllAlgorithms, CertRevTrustPolicy
from pyhanko_certvalidator.validate import SUPPORTED_EXTENSIONS, async_validate_path

from rongxin.proof.certificates import signatures
from rongxin.proof.certificates.refusals import FINAL, Refused, Why
from rongxin.proof.certificates.trust import CRLS, INTERMEDIATES, ROOTS, Crl, Laid, authority_name, whole
from rongxin.proof.errors import ProofError
from rongxin.proof.keys import Verifies
from rongxin.vocabulary import uscc
from rongxin.vocabulary.zone import business_day

BEGIN = "-----BEGIN CERTIFICATE-----"
#: Where GB/T 20518 has an organization's code.
CODE_EXTENSION = "1.2.156.10260.4.1.4"
_CODES = {"organization_identifier": "organizationIdentifier", "serial_number": "serialNumber"}
_ENCIPHERS = {"key_encipherment", "data_encipherment", "key_agreement"}
#: Extended purposes with which a key may sign what an institution says: clientAuth, emailProtection, signing
#: of documents (RFC 9336, Microsoft's, Adobe's), any.
_PURPOSES = {
    *("1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36", "1.3.6.1.4.1.311.10.3.12"),
    *("1.2.840.113583.1.1.5", "2.5.29.37.0"),
}
#: What stands for no end, 9999-12-31T23:59:59Z, would be a day of the year 10000 in our zone.
_LAST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
_CHAIN_MAX = 8
_PATHS_MAX = 16
_NOW = timedelta(0)


@dataclass(frozen=True)
class Holder:
    """Whom a certificate has to name: the code comes first, the registered name where no code is stated."""

    uscc: str
    name: str


@dataclass(frozen=True)
class Certificate:
    """What a certificate says, and the key in it; reading it believes nothing.

    `pem`: it and its intermediates, without whatever else stood in what was handed over.
    """

    key: Verifies
    pem: str
    subject: str
    issuer: str
    serial: str
    sha256: str
    valid_from: datetime
    valid_until: datetime

    def document(self) -> dict[str, str]:
        """What people see of it, JSON-ready."""
        names = ("subject", "issuer", "serial", "sha256")
        told = {name: str(getattr(self, name)) for name in names}
        return told | {name: getattr(self, name).isoformat() for name in ("valid_from", "valid_until")}


@dataclass(frozen=True)
class Standing:
    """An authority that an operator laid down, and its newest list; `why`: that list can't be relied on."""

    folder: str
    name: str
    sha256: str
    until: datetime
    file: str
    list_until: datetime | None
    why: Why | None
    text: str


def is_certificate(text: str) -> bool:
    return BEGIN in text


def read(text: str) -> Certificate:
    """Read the first certificate of a PEM; raises `Refused`."""
    return _told(_parsed(text))


def check(text: str, holder: Holder, laid: Laid, *, at: datetime, patience: timedelta = _NOW) -> Certificate:
    """Return what the first certificate of a PEM says if all of it holds at a moment; raises `Refused`.

    What follows it in the PEM are intermediates. `patience`: how long a revocation list is relied on after
    its next one was due.
    """
    leaf, *others = found = _parsed(text)
    told = _told(found)
    _check_purpose(leaf)
    _check_holder(leaf, holder)
    asyncio.run(_chain(leaf, others, laid, at, at - patience))
    return told


def standings(laid: Laid, *, at: datetime) -> Sequence[Standing]:
    """Return how each authority and its list stand at a moment."""
    return [_standing(folder, one, laid.crls, at) for folder, one in laid.authorities()]


def _standing(folder: str, authority: asn1.Certificate, crls: Sequence[Crl], at: datetime) -> Standing:
    crl, refused = None, None
    try:
        _check_times(authority, at)
        crl = _newest(authority, None, crls, authority=False, at=at)
        _check_fresh(crl, at)
    except Refused as error:
        refused = error
    return Standing(
        folder,
        _name(authority),
        sha256(authority.dump()).hexdigest(),
        authority["tbs_certificate"]["validity"]["not_after"].native,
        crl.file if crl else "",
        crl.until if crl else None,
        refused.why if refused else None,
        str(refused) if refused else "",
    )


def _parsed(text: str) -> Sequence[asn1.Certificate]:
    try:
        found = [
            whole(der)
            for label, _, der in pem.unarmor(text.encode(), multiple=True)
            if label == "CERTIFICATE"
        ]
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise Refused(Why.UNREADABLE, f"请提供 BEGIN CERTIFICATE 的 PEM ({str(error)[:120]})") from error
    if not 1 <= len(found) <= _CHAIN_MAX:
        raise Refused(Why.UNREADABLE, f"PEM 中应有1至{_CHAIN_MAX}张证书，先是机构的，后是中间的")
    return found


def _told(found: Sequence[asn1.Certificate]) -> Certificate:
    leaf = found[0]
    try:
        key = signatures.holder_of(leaf.public_key.dump())
    except ProofError as error:
        raise Refused(Why.KEY_KIND, f"{_name(leaf)} ({error})") from error
    validity = leaf["tbs_certificate"]["validity"]
    return Certificate(
        key,
        "".join(pem.armor("CERTIFICATE", one.dump()).decode() for one in found),
        _name(leaf),
        leaf.issuer.human_friendly,
        f"{leaf.serial_number:x}",
        sha256(leaf.dump()).hexdigest(),
        validity["not_before"].native,
        min(validity["not_after"].native, _LAST),
    )


def _check_purpose(leaf: asn1.Certificate) -> None:
    usage = set(leaf.key_usage_value.native) if leaf.key_usage_value else set()
    if "digital_signature" not in usage:
        if usage & _ENCIPHERS:
            raise Refused(Why.ENCRYPTION, f"{_name(leaf)}：双证书中请提供用于签名的那一张")
        raise Refused(Why.KEY_USAGE, f"{_name(leaf)}：请认证机构签发密钥用途为数字签名的证书")
    if leaf.ca:
        raise Refused(Why.KEY_USAGE, f"{_name(leaf)}：这是认证机构自己的证书，请提供机构的签名证书")
    if "extended_key_usage" in leaf.critical_extensions:
        extended = {one.dotted for one in leaf.extended_key_usage_value}
        if not extended & _PURPOSES:
            told = "、".join(leaf.extended_key_usage_value.native)
            raise Refused(Why.KEY_USAGE, f"{_name(leaf)}：扩展密钥用途只有{told}；请认证机构签发签名证书")


def _check_holder(leaf: asn1.Certificate, holder: Holder) -> None:
    stated = [(where, code) for where, code in _codes(leaf) if uscc.examine(code).acceptable]
    if stated:
        wrong = [f"{where}={code}" for where, code in stated if code != holder.uscc]
        if wrong:
            raise Refused(
                Why.SUBJECT, f"证书写明{'、'.join(wrong)}，登记为{holder.uscc}；请核对机构或更换证书"
            )
        return
    names = leaf.subject.native.get("organization_name") or ""
    own = [names] if isinstance(names, str) else names
    if _folded(holder.name) not in map(_folded, own):
        raise Refused(
            Why.SUBJECT,
            f"证书没有写明统一社会信用代码（{CODE_EXTENSION}、organizationIdentifier 或 serialNumber），"
            f"O={'、'.join(own) or '无'}也不是登记的名称“{holder.name}”",
        )


def _codes(leaf: asn1.Certificate) -> Iterator[tuple[str, str]]:
    """Return where the certificate may state a code, and what stands there."""
    for extension in leaf["tbs_certificate"]["extensions"]:
        if extension["extn_id"].dotted == CODE_EXTENSION:
            yield CODE_EXTENSION, uscc.clean(_text(extension["extn_value"].contents))
    for part in leaf.subject.chosen:
        for attribute in part:
            where = _CODES.get(attribute["type"].native)
            if where:
                # ETSI EN 319 412-1 writes the register before it: NTRCN-91…
                yield where, uscc.clean(str(attribute["value"].native).rpartition("CN-")[2])


def _text(value: bytes) -> str:
    """Return what an extension holds: a string of ASN.1, or, as some authorities write it, the bare text."""
    try:
        return str(core.load(value, strict=True).native)
    except (ValueError, TypeError):
        return value.decode("utf-8", "replace")


def _folded(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split())


async def _chain(
    leaf: asn1.Certificate, others: Sequence[asn1.Certificate], laid: Laid, at: datetime, until: datetime
) -> None:
    """Find a path from a root on which everything holds; raises `Refused` as the first one was refused.

    Final is that the issuer revoked the certificate, on a path that is good above it. A revoked authority is
    final only on all paths: its certificate may have been superseded by one that another path goes by.
    """
    if not laid.roots:
        raise Refused(Why.NO_CHAIN, f"本节点没有可信根，请把认证机构的根证书放入 {ROOTS}/")
    signed = signatures.Validator()
    context = ValidationContext(
        trust_roots=list(laid.roots),
        other_certs=[*laid.intermediates, *others],
        moment=at,
        allow_fetching=False,
        revinfo_policy=CertRevTrustPolicy(NO_REVOCATION),
        algorithm_usage_policy=AcceptAllAlgorithms(),
        signature_validator=signed,
    )
    refusals: list[Refused] = []
    try:
        async for path in context.path_builder.async_build_paths_lazy(leaf):
            try:
                await _check_path(context, path, signed, at)
                _check_unrevoked([*path], laid.crls, at=at, until=until)
                return
            except Refused as refusal:
                if refusal.why is Why.REVOKED:
                    raise
                refusals.append(refusal)
            if len(refusals) == _PATHS_MAX:
                refusals.append(Refused(Why.NO_CHAIN, f"{_name(leaf)}：通往可信根的路径多于{_PATHS_MAX}条"))
                break
    except PathBuildingError:
        pass
    if not refusals:
        raise Refused(
            Why.NO_CHAIN,
            f"{_name(leaf)} 由 {leaf.issuer.human_friendly} 签发；请把其根证书放入 {ROOTS}/，"
            f"中间证书放入 {INTERMEDIATES}/ 或附在 PEM 之后",
        )
    raise next((one for one in refusals if one.why not in FINAL), refusals[0])


async def _check_path(
    context: ValidationContext, path: ValidationPath, signed: signatures.Validator, at: datetime
) -> None:
    found = list(path)
    if len(found) == 1:
        raise Refused(Why.NO_CHAIN, f"{_name(found[0])}：根证书本身不是机构的证书")
    for place, certificate in enumerate(found):
        _check_times(certificate, at)
        unknown = sorted(certificate.critical_extensions - SUPPORTED_EXTENSIONS)
        if unknown:
            raise Refused(Why.CRITICAL, f"{_name(certificate)}：{'、'.join(unknown)}")
        oid = certificate["signature_algorithm"]["algorithm"].dotted
        if place and oid not in signatures.TAKEN:
            raise Refused(Why.ALGORITHM, f"{_name(certificate)}：{oid}；只接受 SM2 与 Ed25519")
        if place < len(found) - 1:
            _check_authority(certificate, [one for one in found[place + 1 : -1] if not one.self_issued])
    try:
        await async_validate_path(context, path)
    except ValidationError as error:
        why = Why.FORGED if signed.refused else Why.CA_UNFIT
        raise Refused(why, f"{_name(found[-1])} ({error})") from error
    finally:
        signed.refused = False


def _check_times(certificate: asn1.Certificate, at: datetime) -> None:
    validity = certificate["tbs_certificate"]["validity"]
    since, until = validity["not_before"].native, validity["not_after"].native
    if at > until:
        raise Refused(Why.EXPIRED, f"{_name(certificate)} 有效期止于{_day(until)}；请换发")
    if at < since:
        raise Refused(Why.NOT_YET, f"{_name(certificate)} 自{_day(since)}起有效；请核对时钟或稍后再登记")


def _check_authority(authority: asn1.Certificate, below: Sequence[asn1.Certificate]) -> None:
    """Refuse one that may not issue; `below`: the authorities between it and the institution."""
    usage = set(authority.key_usage_value.native) if authority.key_usage_value else set()
    if not authority.ca:
        raise Refused(Why.CA_UNFIT, f"{_name(authority)} 不是认证机构（basicConstraints）")
    if "key_cert_sign" not in usage:
        raise Refused(Why.CA_UNFIT, f"{_name(authority)} 的密钥用途不含签发证书（keyCertSign）")
    most = authority.max_path_length
    if most is not None and len(below) > most:
        raise Refused(Why.CA_UNFIT, f"{_name(authority)} 之下只许有{most}级认证机构，现有{len(below)}级")


def _check_unrevoked(
    path: Sequence[asn1.Certificate], crls: Sequence[Crl], *, at: datetime, until: datetime
) -> None:
    for issuer, certificate in pairwise(path):
        crl = _newest(issuer, certificate, crls, authority=certificate is not path[-1], at=at)
        _check_fresh(crl, until)
        found = crl.list.get_revoked_certificate_by_serial_number(certificate.serial_number)
        if found is None:
            continue
        day = f"{_name(certificate)}，序列号{certificate.serial_number:x}，{_day(found.revocation_date_utc)}"
        revoked = Why.REVOKED if certificate is path[-1] else Why.CA_REVOKED
        held = _reason(found) is ReasonFlags.certificate_hold
        raise Refused(Why.ON_HOLD if held else revoked, f"{day}，见 {CRLS}/{crl.file}；请换一张证书")


def _check_fresh(crl: Crl, at: datetime) -> None:
    if crl.until is None or at > crl.until:
        due = f"{crl.until:%Y-%m-%d %H:%M}Z" if crl.until else ""
        raise Refused(Why.CRL_STALE, f"{CRLS}/{crl.file} 应于{due}更新，请放入新的")


def _newest(
    issuer: asn1.Certificate,
    certificate: asn1.Certificate | None,
    crls: Sequence[Crl],
    *,
    authority: bool,
    at: datetime,
) -> Crl:
    """Return an issuer's newest list on which a certificate (None: any) would stand; raises `Refused`."""
    named = [one for one in crls if one.issuer == authority_name(issuer.subject)]
    if not named:
        raise Refused(Why.CRL_MISSING, f"请把 {_name(issuer)} 的吊销列表放入 {CRLS}/")
    files = "、".join(one.file for one in named)
    usage = set(issuer.key_usage_value.native) if issuer.key_usage_value else set()
    if "crl_sign" not in usage:
        raise Refused(Why.CA_UNFIT, f"{_name(issuer)} 的密钥用途不含签发吊销列表（cRLSign）")
    whole_lists = [one for one in named if not one.unfit]
    fit = [one for one in whole_lists if certificate is None or one.covers(certificate, authority=authority)]
    if not fit:
        told = "、".join(filter(None, (one.unfit for one in named))) or "不包括该证书 it does not cover it"
        raise Refused(Why.CRL_UNFIT, f"{CRLS}/ {files}：{told}；请放入 {_name(issuer)} 的完整列表")
    signed = [one for one in fit if one.signed_by(issuer.public_key.dump())]
    if not signed:
        raise Refused(Why.CRL_FORGED, f"{CRLS}/ {files} 不是 {_name(issuer)} 签署的，请重新取得")
    begun = [one for one in signed if one.since <= at]
    if not begun:
        raise Refused(Why.CRL_NOT_YET, f"{CRLS}/ {files}；请核对时钟")
    return max(begun, key=lambda one: one.since)


def _reason(revoked: RevokedCertificate) -> ReasonFlags | None:
    try:
        return revoked.extensions.get_extension_for_class(CRLReason).value.reason
    except (ExtensionNotFound, DuplicateExtension, ValueError):
        return None


def _name(certificate: asn1.Certificate) -> str:
    return str(certificate.subject.human_friendly)


def _day(moment: datetime) -> str:
    return business_day(min(moment, _LAST)).isoformat()
