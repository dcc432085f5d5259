"""What can go wrong with webhooks, in words for who registers them."""

from __future__ import annotations


class WebhookError(Exception):
    """The act on a webhook can't be done."""

    code = "webhook_error"


class UrlRefused(WebhookError):
    """The URL can't receive messages; the message says why."""

    code = "webhook_url_refused"


class AddressRefused(WebhookError):
    """The name leads to a network address that this node doesn't send to."""

    code = "webhook_address_refused"


class UnknownWebhook(WebhookError):
    """There is no such endpoint or message, or it is somebody else's; the two look alike to a stranger."""

    code = "unknown_webhook"


class UnknownEvent(WebhookError):
    """There is no such type of event for this kind of party."""

    code = "unknown_webhook_event"


class NotPossible(WebhookError):
    """The state of the endpoint or message doesn't allow this act."""

    code = "webhook_not_possible"


class TooMany(WebhookError):
    """A party has as many endpoints as it may."""

    code = "too_many_webhooks"
