"""What a caller of the gate can act on."""

from __future__ import annotations


class DisclosureError(Exception):
    """The gate can't take this request."""

    code = "disclosure_error"

    def __init__(self, detail: str = "") -> None:
        super().__init__(f"{self.__doc__} {detail}".strip())


class UnknownSubject(DisclosureError):
    """No subject with this unified social credit code is known here; check the code or ask the registering
    node.
    """

    code = "unknown_subject"


class UnknownRecipient(DisclosureError):
    """No such institution is on board; ask the operator for access."""

    code = "unknown_recipient"


class MissingReference(DisclosureError):
    """Each query needs your own reference number, so that it can be laid beside a loan matter ((十))."""

    code = "missing_reference"
