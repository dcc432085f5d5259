"""No window is connected: requests are taken in and wait, loudly; production doesn't start like this."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from rongxin.rights.errors import WindowSilent
from rongxin.rights.windows.window import Package

_log = logging.getLogger(__name__)
WORDS = (
    "未连接全国信用修复受理窗口，申请暂存待转送；请设置 RONGXIN_REPAIR_WINDOW"
    " no window for credit repair is connected: requests wait"
)


class Closed:
    """Takes nothing and says so."""

    name = "closed"

    def hand_over(self, package: Package) -> str:
        _log.warning("repair %s: %s", package.repair, WORDS)
        raise WindowSilent(WORDS)

    def decisions(self) -> Iterator[str]:
        return iter(())

    def done(self, token: str) -> None:
        return
