"""A report as a page: with the site's stylesheet, or with the style inside for a file that stands alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string

from rongxin.delivery.rendering import fonts, glyphs

TITLES = {
    "public": ("公共信用信息报告", "Public credit information report"),
    "consented": ("授权信用信息报告", "Credit information report by consent"),
    "duty": ("信用信息查询结果（部门履职）", "Credit information for a department's duty"),
    "self": ("本人信用信息报告", "The subject's own report"),
}


def render(
    report: Mapping[str, Any], charts: Sequence[Mapping[str, Any]], *, stylesheet: Path | None = None
) -> str:
    """Return the page of a prepared report; `stylesheet` is put inside when the page must stand alone.

    Characters that the font of paper lacks stand as their numbers here too, and the page says that they do.
    """
    shown = {key: part for key, part in report.items() if key != "electronic"}
    shown = glyphs.lettered(shown, glyphs.coverage(fonts.file()))
    style = stylesheet.read_text(encoding="utf-8") if stylesheet else ""
    return render_to_string(
        "delivery/report.html",
        {"report": shown, "charts": charts, "title": TITLES[report["kind"]], "style": style},
    )
