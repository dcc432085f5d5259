"""What can go wrong with signing a report, each with what to do; none of them loses the report itself."""

from __future__ import annotations


class SignatureError(Exception):
    """The report can't be signed; it is released: ask for it as JSON or page, or again later."""

    code = "not_signed"


class CertificateUnfit(SignatureError):
    """The certificate that signs reports can't be used; the message says why and what to set."""

    code = "certificate_unfit"


class TimeStampMissing(SignatureError):
    """The time-stamp authority gave no time-stamp, and this node signs no report without one."""

    code = "time_stamp_missing"
