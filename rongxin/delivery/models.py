"""The room's tables, where Django looks for them; each part keeps its own."""

from __future__ import annotations

from rongxin.delivery.webhooks.models import Message, Webhook

__all__ = ["Message", "Webhook"]
