"""The room's tables, where Django looks for them; each part keeps its own."""

from __future__ import annotations

from rongxin.delivery.push.models import Pushed, PushRun, PushSubscription, PushTerms

__all__ = ["PushRun", "PushSubscription", "PushTerms", "Pushed"]
