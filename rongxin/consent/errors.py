"""What can go wrong with consent, in words for the one who can act on it."""

from __future__ import annotations

from rongxin.consent.deletion.rules import Fault


class ConsentError(Exception):
    """The act on a consent can't be done."""

    code = "consent_error"


class UnknownConsent(ConsentError):
    """There is no such consent, request or proposal."""

    code = "unknown_consent"


class UnknownCase(UnknownConsent):
    """There is no such case, or it is another institution's; the two look alike to a stranger."""

    code = "unknown_case"

    def __init__(self, case: object) -> None:
        super().__init__(f"没有编号为{case}的融资业务")


class NotPossible(ConsentError):
    """The state it is in doesn't allow this act."""

    code = "not_possible"


class NotServed(ConsentError):
    """The institution is suspended or its security assessment isn't in force ((十))."""

    code = "institution_not_served"


class NotTheirs(ConsentError):
    """The act belongs to somebody else."""

    code = "not_theirs"


class NoticeOutdated(ConsentError):
    """What was shown is not the current risk notice; show it and ask again."""

    code = "notice_outdated"


class BeyondFairUse(ConsentError):
    """The terms ask for more than the fair-use template allows."""

    code = "beyond_fair_use"


class SignerRefused(ConsentError):
    """The signer is not who may sign for the subject."""

    code = "signer_refused"


class Tampered(ConsentError):
    """The consent on file was edited past the platform, or its signature doesn't hold; nothing may rest on
    it.
    """

    code = "consent_tampered"


class ReceiptRefused(ConsentError):
    """A deletion receipt that isn't taken; `fault` says why, and what was owed is still owed."""

    code = "receipt_refused"

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(f"{fault.label}{f'（{detail}）' if detail else ''} {fault.label_en}")
        self.fault = fault
