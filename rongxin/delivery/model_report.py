"""模型月报: the month's report on the version in use as page or paper ((七)); figures of groups alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rongxin.delivery.rendering.press import Press

PAGE, PAPER = "text/html", "application/pdf"


def printed(
    press: Press, report: Mapping[str, Any], *, node: str, notice: str | None, form: str, style: str
) -> bytes:
    """Print a report (`evaluation.monitoring.reports`) as a page with `style` inside, or as a PDF.

    Raises `RenderingFailed`.
    """
    return press.model({"report": report, "node": node, "notice": notice, "form": form, "style": style})
