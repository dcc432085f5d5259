"""A report's PDF signed for the record: PAdES B-B, or B-T where a time-stamp authority is configured.

The signature certifies the file (ISO 32000-1, 12.8.2.2: no changes allowed), so that every reader calls
whatever is appended later a change. It is appended itself, and touches nothing but the page that bears it
(invisibly), the form and the catalogue: what made the file PDF/A-3 stays as it was, byte by byte.
"""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from asn1crypto import keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from rongxin.delivery.signature.credential import Credential
from rongxin.delivery.signature.errors import SignatureError, TimeStampMissing
from rongxin.delivery.signature.time_stamp import Authority

FIELD: Final = "RongxinReport"
REASON: Final = "出具信用信息报告 Credit report issued"
UNSTAMPED: Final = "时间戳机构未应答，本文件无时间戳 The authority did not answer: no time-stamp"
# Room for the signature in bytes, beside the certificates; a time-stamp brings those of its authority.
_ROOM_SIGNATURE, _ROOM_STAMP = 2048, 12 << 10
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Signed:
    """The signed file, and why it has no time-stamp where it should have one."""

    pdf: bytes
    unstamped: str = ""


def sign(
    pdf: bytes,
    credential: Credential,
    *,
    as_of: datetime,
    authority: Authority | None = None,
    without_stamp: bool = False,
) -> Signed:
    """Return the signed PDF.

    Where the authority gives no time-stamp, `without_stamp` says whether to sign all the same; the
    signature then says in its reason that it has none.
    """
    credential.require_valid(as_of=as_of)
    try:
        return Signed(_sign(pdf, credential, REASON, authority))
    except TimeStampMissing as error:
        if not without_stamp:
            raise
        _LOG.warning("a report was signed without time-stamp: %s", error)
        return Signed(_sign(pdf, credential, f"{REASON}；{UNSTAMPED}", None), str(error))


def _sign(pdf: bytes, credential: Credential, reason: str, authority: Authority | None) -> bytes:
    certificates = (credential.certificate, *credential.chain)
    room = _ROOM_SIGNATURE + sum(len(c.public_bytes(Encoding.DER)) for c in certificates)
    about = signers.PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        reason=reason,
    )
    try:
        signer = signers.PdfSigner(about, signer=_signer(credential), timestamper=authority)
        room += _ROOM_STAMP if authority else 0
        signed = signer.sign_pdf(_Appendix(io.BytesIO(pdf)), bytes_reserved=2 * room)
    except TimeStampMissing:
        raise
    except Exception as error:
        raise SignatureError(f"{SignatureError.__doc__} ({type(error).__name__}: {error})") from error
    return bytes(signed.getbuffer())


@lru_cache(maxsize=4)
def _signer(credential: Credential) -> signers.SimpleSigner:
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    for certificate in credential.chain:
        store.register(asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)))
    key = credential.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(credential.certificate.public_bytes(Encoding.DER)),
        signing_key=keys.PrivateKeyInfo.load(key),
        cert_registry=store,
    )


class _Appendix(IncrementalPdfFileWriter):
    """Appends the signature and nothing else.

    pyHanko would raise the catalogue's version to 2.0, note extensions of 2.0 and write the metadata anew;
    PDF/A-3 rests on PDF 1.7, and metadata that say the same twice have to agree.
    """

    def ensure_output_version(self, version: Any) -> None:
        pass

    def register_extension(self, ext: Any) -> None:
        pass

    def _update_meta(self) -> None:
        pass
