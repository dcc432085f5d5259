"""数据质量月报: what a month of a provider's batches was like, as a page to hand to it ((五): 数据质量)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rongxin.delivery.rendering.press import Press
from rongxin.sharing.quality import sheets


def document(provider: str, month: str, *, node: str, notice: str | None, as_of: datetime) -> dict[str, Any]:
    """Return the report of a month to a provider, ready to be printed; raises `UnknownParty`."""
    return {"node": node, "notice": notice, "sheet": sheets.of(month, provider=provider, as_of=as_of)}


def pdf(press: Press, provider: str, month: str, *, node: str, notice: str | None, as_of: datetime) -> bytes:
    """Print the report of a month to a provider; raises `UnknownParty`, `RenderingFailed`."""
    return press.quality(document(provider, month, node=node, notice=notice, as_of=as_of))
