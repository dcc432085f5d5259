"""A report as PDF: typst sets the page, data comes in as JSON and never as source.

The file is PDF/A-3: it must still open in twenty years, and it carries the report's JSON as an attachment,
so that the digest in the journal can be checked from the file alone (`delivery.verification`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
import typst

from rongxin.delivery.rendering import fonts, glyphs

STANDARD: Final = "a-3b"
ATTACHMENT = "report.json"
_TEMPLATE = Path(__file__).with_name("report.typ")


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(str(_TEMPLATE), font_paths=[str(fonts.directory())], ignore_system_fonts=True)


def render(report: Mapping[str, Any], charts: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the PDF of a prepared report (`rendering.presentation.prepare`).

    Characters that the font lacks stand as their numbers, and the report says that they do.
    """
    shown = {key: part for key, part in report.items() if key != "electronic"}
    shown = glyphs.lettered(
        {**shown, "sections": [_shortened(section, shown) for section in shown["sections"]]},
        glyphs.coverage(fonts.file()),
    )
    document = _compiler().compile(
        format="pdf",
        sys_inputs={
            "report": orjson.dumps(shown).decode(),
            "charts": orjson.dumps(list(charts)).decode(),
            "electronic": orjson.dumps(report["electronic"]).decode(),
        },
        pdf_standards=STANDARD,
        timestamp=datetime.fromisoformat(str(report["issued_at"])).replace(microsecond=0),
    )
    assert isinstance(document, bytes)
    return document


def _shortened(section: Mapping[str, Any], report: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out rows beyond what is printed; the attachment has them all, and the page says how many."""
    items = [
        {**item, "rows": item["rows"][: report["table_rows_shown" if item["tabular"] else "rows_shown"]]}
        for item in section["items"]
    ]
    return {**section, "items": items}
