"""A report as PDF: typst sets the page, data comes in as JSON and never as source."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

from rongxin.delivery.rendering import fonts

_TEMPLATE = Path(__file__).with_name("report.typ")


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(str(_TEMPLATE), font_paths=[str(fonts.directory())], ignore_system_fonts=True)


def render(report: Mapping[str, Any], charts: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the PDF (PDF/A-2b) of a prepared report (`rendering.presentation.prepare`)."""
    issued_at = datetime.fromisoformat(str(report["issued_at"]))
    document = _compiler().compile(
        format="pdf",
        sys_inputs={
            "report": json.dumps(report, ensure_ascii=False),
            "charts": json.dumps(list(charts), ensure_ascii=False),
        },
        pdf_standards="a-2b",
        timestamp=issued_at,
    )
    assert isinstance(document, bytes)
    return document
