"""What page and paper add to a report: labels, the watermark, the notice of invention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from rongxin.catalogue import loader
from rongxin.delivery import tracing
from rongxin.delivery.rendering import glyphs, portrait
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.sharing_mode import SharingMode
from rongxin.vocabulary.zone import BUSINESS_ZONE

# Beyond this a printed item says how many more there are; the electronic form, attached to it, has them all.
ROWS_SHOWN = 12
TABLE_ROWS_SHOWN = 40
TABLE_FROM_ROWS = 3
TABLE_COLUMNS_MAX = 7
TABLE_TEXT_MAX = 60
# A text longer than this takes the whole width; a record longer than these may go over to the next page.
WIDE_FROM = 40
FIELDS_TOGETHER = 14
TEXT_TOGETHER = 400
# The figures at the head of a report, in this order; each kind of "nothing" has a word of its own.
_TILES = (
    Availability.NO_RECORD,
    Availability.WITHHELD,
    Availability.NOT_APPLICABLE,
    Availability.SOURCE_NOT_CONNECTED,
    Availability.PROVIDER_UNAVAILABLE,
)
_OF_THE_SOURCE = (Reason.PROVIDER_UNAVAILABLE.value, Reason.SOURCE_NOT_CONNECTED.value)


def prepare(report: Mapping[str, Any], *, region_label: str, notice: str | None) -> dict[str, Any]:
    """Return the report with what a rendered form needs beside the data.

    The watermark names institution, person, time and request, so that any single page leads back to one
    query. `electronic` is the report as it was, for the file that carries it along.
    """
    issued = _label(report["issued_at"])
    recipient, subject = report["recipient"], report["subject"]
    shown = glyphs.legible(
        {
            **report,
            "subject": {**subject, "region_label": region_label},
            "issued_label": issued,
            "watermark": [f"{recipient['name']} {recipient['person']}", issued, report["report"]],
            "mark": tracing.mark(report["report"]),
            "notice": notice,
            "rows_shown": ROWS_SHOWN,
            "table_rows_shown": TABLE_ROWS_SHOWN,
            "tiles": _tiles(report["summary"]),
            **({"evaluation": portrait.shown(report["evaluation"])} if "evaluation" in report else {}),
            "sections": [
                {
                    **section,
                    "items": [
                        _item(
                            {
                                **item,
                                "kept_at": item.get("answered_at"),
                                "answered_at": item.get("answered_at", report["issued_at"]),
                            },
                            subject,
                        )
                        for item in section["items"]
                    ],
                }
                for section in report["sections"]
            ],
        },
        lambda character: not glyphs.deceives(character),
    )
    return {**shown, "electronic": report}


def _tiles(summary: Mapping[str, int]) -> list[dict[str, Any]]:
    return [
        {"number": summary["records"], "unit": "条", "label": "记录"},
        {"number": summary["with_records"], "unit": "项", "label": Availability.RECORDS.label},
        *({"number": summary[state.value], "unit": "项", "label": state.label} for state in _TILES),
    ]


def _item(item: Mapping[str, Any], subject: Mapping[str, Any]) -> dict[str, Any]:
    period = item["period"]
    rows = [_row(row, subject) for row in (*item["rows"], *_checked(item), *_sealed(item))]
    # Marked ones first: paper shows only so many of a long list.
    rows.sort(key=lambda row: row["marks_label"] is None)
    columns = _columns(item["item"], rows)
    reason = item["reason"]
    tabular = _fits_a_table(rows, len(columns))
    return {
        **item,
        "rows": [_cells(row, columns) for row in rows] if tabular else rows,
        "count": len(rows),
        "columns": list(columns.values()),
        "tabular": tabular,
        "as_of_label": _label(item["as_of"])[:10] if item.get("as_of") else None,
        "why": reason and _why(item, reason),
        # What a provider itself held back is named beside every kind of "nothing", too.
        "held_back": [group for group in item["withheld"] if rows or group.get("by_provider")],
        # A kept answer is of its own day, a "no record" too.
        "kept_label": _label(item["kept_at"]) if item["kept_at"] else None,
        "period_label": f"{_day(period['from'])}至{_day(period['to'])}" if period else None,
        "marks_label": _marks(item),
    }


def _why(item: Mapping[str, Any], reason: Mapping[str, str]) -> str:
    """Where the source did not answer, its name says more than the reason, which says the state again."""
    if reason["code"] not in _OF_THE_SOURCE:
        return reason["label"]
    source: str = item["provider"]["label"]
    partly = item["availability"]["code"] == Availability.PARTIAL.value
    return f"{source}：{reason['label']}" if partly else source


def _checked(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Read the results of a check as one more record: field by field, 一致, 不一致 or 无记录."""
    fields = [
        _said(one["name"], f"{one['label']}（核验）", one["display"]) for one in item.get("results", ())
    ]
    return [_of_source(item, SharingMode.DATA_VERIFICATION, fields)] if fields else []


def _sealed(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Say that a provider sealed its rows to the institution: nobody here can read them."""
    words = "已由数据提供单位加密给接入机构，平台与本页均不可见，请用机构密钥解封 sealed to the institution"
    fields = [_said("sealed", "密封内容", words)]
    return [_of_source(item, SharingMode.INTERFACE_CALL, fields) for _ in item.get("sealed", ())]


def _said(name: str, label: str, display: str) -> dict[str, Any]:
    return {"name": name, "label": label, "value": display, "display": display, "unit": None, "masked": False}


def _of_source(item: Mapping[str, Any], mode: SharingMode, fields: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "observed_on": None,
        "received_at": item["answered_at"],
        "source": item["provider"],
        "mode": {"code": mode.value, "label": mode.label},
        "fields": fields,
    }


def _columns(item: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The fields of all rows, in the annex's order: no single row need have every one."""
    found = {field["name"]: field["label"] for row in rows for field in row["fields"]}
    known = [field.name for field in loader.load().item(item).fields if field.name in found]
    return {name: found[name] for name in dict.fromkeys([*known, *found])}


def _row(row: Mapping[str, Any], subject: Mapping[str, Any]) -> dict[str, Any]:
    """A record need not say again whose it is; where name or code differ from the head's, it does."""
    said = {"name": subject["name"], "uscc": subject["uscc"]}
    fields = [field for field in row["fields"] if said.get(field["name"]) != field["value"]]
    fields = [{**field, "wide": len(field["display"]) > WIDE_FROM} for field in fields or row["fields"]]
    return {
        **row,
        "fields": fields,
        "breakable": len(fields) > FIELDS_TOGETHER or any(len(f["display"]) > TEXT_TOGETHER for f in fields),
        "received_label": _label(row["received_at"])[:10],
        "observed_label": row["observed_on"],
        "marks_label": _marks(row),
    }


def _marks(of: Mapping[str, Any]) -> str | None:
    """`异议申诉处理中：罚款金额（2026年3月2日提出）`: one for each kind and day."""
    said: dict[str, list[str]] = {}
    for mark in of.get("marks", ()):
        field = mark["field"]["label"] if mark["field"] else ""
        kind = f"{mark['kind']['label']} {mark['kind']['label_en']}"
        said.setdefault(f"{kind}|{_day(mark['since'])}", []).append(field)
    return (
        "；".join(
            f"{head.split('|')[0]}（{head.split('|')[1]}提出）"
            + (f"：{'、'.join(filter(None, fields))}" if any(fields) else "")
            for head, fields in said.items()
        )
        or None
    )


def _fits_a_table(rows: Sequence[Mapping[str, Any]], columns: int) -> bool:
    """Many short records of one source read best as a table; anything else as lists of facts."""
    return (
        len(rows) >= TABLE_FROM_ROWS
        and not any(row["marks_label"] for row in rows)
        and columns <= TABLE_COLUMNS_MAX
        and len({(row["source"]["id"], row["mode"]["code"]) for row in rows}) == 1
        and all(len(field["display"]) <= TABLE_TEXT_MAX for row in rows for field in row["fields"])
    )


def _cells(row: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    """The row with one field a column, in the order of the head; what it lacks is an empty cell."""
    fields = {field["name"]: field for field in row["fields"]}
    absent = {"display": "—", "masked": False}
    return {
        **row,
        "fields": [fields.get(name, {**absent, "label": label}) for name, label in columns.items()],
    }


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.year}年{day.month}月{day.day}日"


def _label(instant: str) -> str:
    return datetime.fromisoformat(instant).astimezone(BUSINESS_ZONE).strftime("%Y-%m-%d %H:%M")
