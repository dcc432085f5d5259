"""What can go wrong when a firm's person is sent here to consent, and back."""

from __future__ import annotations

from rongxin.consent.errors import ConsentError


class AddressRefused(ConsentError):
    """The address isn't one that people may be sent back to."""

    code = "redirect_uri_refused"


class UnknownAddress(ConsentError):
    """The institution has registered no such address, or it isn't in force."""

    code = "unknown_redirect_uri"


class NotPushable(ConsentError):
    """The pushed request isn't complete, or not as it must be; `error` is the word of RFC 6749 §4.1.2.1."""

    code = "invalid_authorization_request"

    def __init__(self, error: str, why: str) -> None:
        super().__init__(why)
        self.error = error


class LinkUnusable(ConsentError):
    """链接无效：已用过、已过期，或不属于该机构。请回到机构的页面重新发起。"""

    code = "authorization_link_unusable"

    def __init__(self) -> None:
        super().__init__(
            "链接无效：已用过、已过期，或不属于该机构。请回到机构的页面重新发起。 "
            "This link is used, over, or another institution's: start again there."
        )


class CodeRefused(ConsentError):
    """The code is unknown, used, over, another client's, or its verifier isn't the right one."""

    code = "invalid_grant"
