"""From a report back to what the journal commits to, so that anybody can check a file with the file alone.

The journal's entry of a release holds the SHA-256 of the released content's canonical JSON (RFC 8785). A
report says the same facts in another order and with words beside them; `content` takes the words away
again. The PDF carries its report as an attachment, so this holds for paper as for JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rongxin.proof import canonical


def content(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the released content that a report was laid out from (`Release.content`)."""
    items = {item["item"]: item for section in document["sections"] for item in section["items"]}
    if "evaluation" in document:
        evaluation = document["evaluation"]["released"]
        items[evaluation["item"]] = evaluation
    recipient, subject = document["recipient"], document["subject"]
    return {
        "release": document["report"],
        "recipient": {key: recipient[key] for key in ("kind", "id", "person")},
        "subject": {key: subject[key] for key in ("uscc", "name")},
        "purpose": document["purpose"]["code"],
        "case": document["case"],
        "consent": document["consent"],
        **({"mandate": document["mandate"]} if document.get("mandate") else {}),
        **({"repeats": document["repeats"]} if document.get("repeats") else {}),
        "reference": document["reference"],
        "released_at": _instant(document["issued_at"]),
        "items": [_item(items[name]) for name in document["asked"]],
    }


def digest(document: Mapping[str, Any]) -> str:
    """Return the digest (hex) that the journal must hold for this report."""
    return canonical.digest(content(document))


def holds(document: Mapping[str, Any]) -> bool:
    """Whether the report says what its own proof says; the proof is then looked up in the journal."""
    return digest(document) == str(document["proof"]["digest"])


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "item": item["item"],
        "version": item["version"],
        "availability": item["availability"]["code"],
        "reason": item["reason"]["code"] if item["reason"] else None,
        "provider": item["provider"]["id"],
        "period": f"{item['period']['from']}/{item['period']['to']}" if item["period"] else None,
        "rows": [_row(row) for row in item["rows"]],
        "withheld": [
            {
                "field": field["name"],
                "reason": group["reason"]["code"],
                "mode": group["mode"],
                **({"by_provider": True} if group.get("by_provider") else {}),
            }
            for group in item["withheld"]
            for field in group["fields"]
        ],
        **({"sealed": item["sealed"]} if item.get("sealed") else {}),
        **({"answered_at": _instant(item["answered_at"])} if item.get("answered_at") else {}),
        **(
            {"results": {one["name"]: one["result"] for one in item["results"]}}
            if item.get("results")
            else {}
        ),
        **({"as_of": _instant(item["as_of"])} if item.get("as_of") else {}),
        **_marks(item),
    }


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "observed_on": row["observed_on"],
        "received_at": _instant(row["received_at"]),
        "provider": row["source"]["id"],
        "mode": row["mode"]["code"],
        "fields": {
            field["name"]: {
                "verdict": field["verdict"],
                "value": field["value"],
                "reason": field["reason"],
            }
            for field in row["fields"]
        },
        **({"record": row["record"]} if row.get("record") else {}),
        **_marks(row),
    }


def _marks(of: Mapping[str, Any]) -> dict[str, Any]:
    if not of.get("marks"):
        return {}
    return {
        "marks": [
            {
                "kind": one["kind"]["code"],
                "field": one["field"]["name"] if one["field"] else "",
                "since": one["since"],
            }
            for one in of["marks"]
        ]
    }


def _instant(text: str) -> str:
    return canonical.instant(datetime.fromisoformat(text))
