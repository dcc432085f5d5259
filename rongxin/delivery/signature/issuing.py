"""The node's own signature: which certificate, which authority, and what to do where that is silent."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.conf import settings

from rongxin.delivery.signature import credential
from rongxin.delivery.signature.credential import Credential
from rongxin.journal import keyring


def own() -> Credential:
    """Return the configured key and certificate; where none has to be, the node's self-signed pair."""
    path = settings.RONGXIN_REPORT_CERTIFICATE
    if path or settings.RONGXIN_MODE == "production":
        return credential.given(Path(path), settings.RONGXIN_REPORT_CERTIFICATE_PASSWORD)
    return credential.kept(keyring.directory_of_keys(), settings.RONGXIN_NODE_NAME)


def sign(pdf: bytes, *, as_of: datetime) -> bytes:
    """Return the PDF signed by this node, with a time-stamp where an authority is configured."""
    # Imported with the first printed report: it costs a third of a second that others need not pay.
    from rongxin.delivery.signature import signing, time_stamp  # noqa: PLC0415

    url = settings.RONGXIN_TSA_URL
    signed = signing.sign(
        pdf,
        own(),
        as_of=as_of,
        authority=time_stamp.Authority(url, settings.RONGXIN_TSA_SECONDS) if url else None,
        without_stamp=settings.RONGXIN_TSA_SILENT == "sign",
    )
    return signed.pdf
