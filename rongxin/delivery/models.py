"""The tables of delivery, for Django to find: push subscriptions and runs, webhooks and their messages."""

from __future__ import annotations

from rongxin.delivery.push.models import Pushed, PushRun, PushSubscription, PushTerms
from rongxin.delivery.webhooks.models import Message, Webhook

__all__ = ["Message", "PushRun", "PushSubscription", "PushTerms", "Pushed", "Webhook"]
