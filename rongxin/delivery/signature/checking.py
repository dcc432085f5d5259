"""Whether a signed report is what the node issued, from the file alone: no database, no network.

What can't be known offline is said and not guessed: whether the certificate was revoked, and, where no
certificate to believe is named, who really signed. A certificate proves a name only to those who believe
its issuer, so without one to believe the answer stays open.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import EmbeddedPdfSignature, async_validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from rongxin.delivery import tracing, verification

# It logs each certificate that leads nowhere with a trace; what was found is said in our own words.
logging.getLogger("pyhanko").setLevel(logging.CRITICAL)

PROBLEMS = {
    "changed": "签名后内容已被改动，签名无效 the bytes were changed after signing: the signature is invalid",
    "appended": "签名后有追加内容，以签名版本为准 appended to after signing: only the signed revision counts",
    "untrusted": "签名证书不在所指定的可信证书之列 the certificate is none that was named to be trusted",
    "expired": "无法证明签名时证书在有效期内 not provably signed within the certificate's time",
    "stamp_wrong": "时间戳无效 the time-stamp is invalid",
    "content_differs": "所附电子数据与报告自述的摘要不符 the attached data differ from the report's digest",
}


class Uncheckable(ValueError):
    """The file can't be checked: hand in the PDF of a report as it was issued."""

    code = "uncheckable"


class NotPdf(Uncheckable):
    """不是 PDF 文件 the file is no PDF: hand in the report's PDF as it was issued."""

    code = "not_pdf"


class NotSigned(Uncheckable):
    """PDF 未签名 the PDF bears no signature: it is no report as issued, or was printed anew."""

    code = "not_signed"


class Damaged(Uncheckable):
    """PDF 或其签名已损坏，无法核对，不可采信 the PDF or its signature is damaged: don't rely on it."""

    code = "damaged"


@dataclass(frozen=True)
class Signer:
    name: str
    issuer: str
    serial: str
    sha256: str
    valid_from: datetime
    valid_to: datetime


@dataclass(frozen=True)
class Stamp:
    """A time-stamp: `trusted` is None where no certificate to believe was named."""

    at: datetime
    authority: str
    sound: bool
    trusted: bool | None


@dataclass(frozen=True)
class Finding:
    """What a file says and what of it holds; `problems` is empty where nothing speaks against it."""

    signer: Signer
    claimed_at: datetime | None
    stamp: Stamp | None
    reason: str
    intact: bool
    revisions_after: int
    bytes_after: int
    trusted: bool | None
    requests: tuple[str, ...]
    digest: str | None
    problems: tuple[str, ...]


def check(data: bytes, *, believed: Sequence[bytes] = (), as_of: datetime) -> Finding:
    """Return what the report's signature proves; `believed` are certificates (DER)."""
    if not data.startswith(b"%PDF-"):
        raise NotPdf(NotPdf.__doc__)
    try:
        reader = PdfFileReader(io.BytesIO(data))
        signatures = reader.embedded_regular_signatures
        if not signatures:
            raise NotSigned(NotSigned.__doc__)
        return _finding(data, reader, signatures[0], believed, as_of)
    except Uncheckable:
        raise
    except Exception as error:  # a damaged file fails anywhere in the reader
        raise Damaged(f"{Damaged.__doc__} ({type(error).__name__})") from error


def _finding(
    data: bytes,
    reader: PdfFileReader,
    signature: EmbeddedPdfSignature,
    believed: Sequence[bytes],
    as_of: datetime,
) -> Finding:
    certificate = signature.signer_cert
    first, last = certificate.not_valid_before, certificate.not_valid_after
    # Whether the certificate was valid at the time is asked apart from whether its issuer is believed.
    status = asyncio.run(
        async_validate_pdf_signature(
            signature,
            signer_validation_context=_context(believed, min(max(as_of, first), last)),
            ts_validation_context=_context(believed, as_of),
        )
    )
    end = _signed_end(signature)
    stamp = _stamp(status, bool(believed))
    requests, digest, agrees = _content(data[:end])
    proven_at = stamp.at if stamp and stamp.sound and stamp.trusted is not False else as_of
    found = {
        "changed": not (status.intact and status.valid),
        "appended": end != len(data) or status.coverage is not SignatureCoverageLevel.ENTIRE_FILE,
        "untrusted": bool(believed) and not status.trusted,
        "expired": not first <= proven_at <= last,
        "stamp_wrong": stamp is not None and not stamp.sound,
        "content_differs": not agrees,
    }
    return Finding(
        signer=_signer(certificate),
        claimed_at=signature.self_reported_timestamp,
        stamp=stamp,
        reason=str(signature.sig_object.get("/Reason", "")),
        intact=not found["changed"],
        revisions_after=reader.xrefs.total_revisions - signature.signed_revision - 1,
        bytes_after=len(data) - end,
        trusted=status.trusted if believed else None,
        requests=requests,
        digest=digest,
        problems=tuple(name for name, applies in found.items() if applies),
    )


def _context(believed: Sequence[bytes], moment: datetime) -> ValidationContext:
    roots = [asn1_x509.Certificate.load(der) for der in believed]
    return ValidationContext(trust_roots=roots, allow_fetching=False, moment=moment.astimezone(UTC))


def _signed_end(signature: EmbeddedPdfSignature) -> int:
    """Where the signed revision ends; the first range has to begin at the first byte."""
    begin, _, second, length = (int(number) for number in signature.byte_range)
    return second + length if begin == 0 else 0


def _stamp(status: PdfSignatureStatus, believed: bool) -> Stamp | None:
    found = status.timestamp_validity
    if found is None:
        return None
    return Stamp(
        at=found.timestamp,
        authority=_name(found.signing_cert.subject),
        sound=found.intact and found.valid,
        trusted=found.trusted if believed else None,
    )


def _signer(certificate: asn1_x509.Certificate) -> Signer:
    return Signer(
        name=_name(certificate.subject),
        issuer=_name(certificate.issuer),
        serial=f"{certificate.serial_number:x}",
        sha256=certificate.sha256.hex(),
        valid_from=certificate.not_valid_before,
        valid_to=certificate.not_valid_after,
    )


_PARTS = ("common_name", "organization_name", "organizational_unit_name")


def _name(name: asn1_x509.Name) -> str:
    parts = name.native
    said = [parts[key] for key in _PARTS if isinstance(parts.get(key), str)]
    return " · ".join(said) or str(name.human_friendly)


def _content(signed: bytes) -> tuple[tuple[str, ...], str | None, bool]:
    """The requests that the signed revision bears the marks of, its digest, and whether that is its own."""
    try:
        found = tracing.read(signed)
    except tracing.Untraceable:
        return (), None, True
    agrees = found.document is None or _holds(found.document)
    return tuple(map(str, found.requests)), found.digest, agrees


def _holds(document: dict[str, Any]) -> bool:
    try:
        return verification.holds(document)
    except (KeyError, TypeError, ValueError):
        return False


def as_json(finding: Finding) -> str:
    """Return the finding for programs: times in ISO 8601, problems by code."""
    return json.dumps(asdict(finding), default=datetime.isoformat, ensure_ascii=False, indent=2)
