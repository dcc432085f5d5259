"""The monthly quality report to a provider as PDF: typst sets the page, the sheet comes in as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
import typst

from rongxin.delivery.rendering import fonts, glyphs

STANDARD: Final = "a-3b"
_TEMPLATE = Path(__file__).with_name("quality.typ")


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(str(_TEMPLATE), font_paths=[str(fonts.directory())], ignore_system_fonts=True)


def render(report: Mapping[str, Any]) -> bytes:
    """Return the PDF of a provider's sheet of a month; the sheet itself is attached as `quality.json`."""
    font = glyphs.coverage(fonts.file())
    shown = glyphs.legible(dict(report), lambda c: c in font or c in glyphs.LAYOUT)
    document = _compiler().compile(
        format="pdf",
        sys_inputs={"report": orjson.dumps(shown).decode(), "sheet": orjson.dumps(report["sheet"]).decode()},
        pdf_standards=STANDARD,
        timestamp=datetime.fromisoformat(str(report["sheet"]["as_of"])),
    )
    assert isinstance(document, bytes)
    return document
