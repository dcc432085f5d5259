"""What page and paper add to a report: labels of dates and regions, the watermark, the notice of invention."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

_SHANGHAI = ZoneInfo("Asia/Shanghai")
# Beyond this a printed item says how many more there are; the electronic form has them all.
ROWS_SHOWN = 12


def prepare(report: Mapping[str, Any], *, region_label: str, notice: str | None) -> dict[str, Any]:
    """Return the report with what a rendered form needs beside the data.

    The watermark names institution, person, time and request, so that any single page leads back to one query.
    """
    issued = _label(report["issued_at"])
    recipient = report["recipient"]
    return {
        **report,
        "subject": {**report["subject"], "region_label": region_label},
        "issued_label": issued,
        "watermark": f"{recipient['name']} {recipient['person']}\n{issued} {report['report'][:13]}",
        "notice": notice,
        "rows_shown": ROWS_SHOWN,
        "sections": [
            {**section, "items": [_item(item) for item in section["items"]]} for section in report["sections"]
        ],
    }


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    rows = [{**row, "received_label": _label(row["received_at"])[:10]} for row in item["rows"]]
    return {**item, "rows": rows}


def _label(instant: str) -> str:
    return datetime.fromisoformat(instant).astimezone(_SHANGHAI).strftime("%Y-%m-%d %H:%M")
