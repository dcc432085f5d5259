"""What a caller of batch push can act on."""

from __future__ import annotations

from collections.abc import Sequence

from rongxin.disclosure.errors import DisclosureError
from rongxin.vocabulary.reason import Reason


class PushError(DisclosureError):
    """The push can't take this."""

    code = "push_error"


class UnknownSubscription(PushError):
    """No subscription of this number, or not the caller's: which of the two is not said."""

    code = "unknown_subscription"

    def __init__(self, subscription: object) -> None:
        super().__init__(
            f"没有编号为 {subscription} 的推送订阅 no subscription {subscription} of yours is known"
        )


class UnknownRun(PushError):
    """No run or file of this name that may be fetched by the caller."""

    code = "unknown_push"

    def __init__(self, run: object) -> None:
        super().__init__(
            f"没有可取的推送 {run}：请查看推送列表，取最新一次 "
            f"no push {run} to fetch: see the list for the latest"
        )


class UnfitTerms(PushError):
    """The terms of a subscription can't be as given."""

    code = "unfit_terms"

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("；".join(faults))


class TooMany(PushError):
    """The institution has as many subscriptions as it may have."""

    code = "too_many_subscriptions"


class NotServed(PushError):
    """The institution isn't served, or the subscription was stopped."""

    code = "push_not_served"

    def __init__(self, reason: Reason | None, message: str) -> None:
        self.reason = reason
        super().__init__(message)


class NotPossible(PushError):
    """The state of the subscription or the run does not allow it."""

    code = "push_not_possible"


class WrongManifest(PushError):
    """The digest in an acknowledgement is not that of the run's manifest."""

    code = "wrong_manifest"

    def __init__(self) -> None:
        super().__init__(
            "确认中的摘要与本次推送的 manifest.json 不符：请重新下载并核验后再确认 "
            "the digest is not that of the manifest: fetch and verify again, then acknowledge"
        )
