"""密封应答: what providers sealed to the institution's own key, opened; the node only carried it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from rongxin.client.errors import Unreadable
from rongxin.proof import boxes
from rongxin.proof.errors import ProofError


def opened(report: Mapping[str, Any], key: boxes.PrivateKey) -> dict[str, list[Any]]:
    """Return the rows that were sealed in a report, by item; empty where nothing was.

    Raises `ProofError` where a box is for another key or was changed, `Unreadable` where it is no report.
    """
    try:
        items = [item for section in report["sections"] for item in section["items"]]
        return {item["item"]: _rows(item["sealed"], key) for item in items if item.get("sealed")}
    except (KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"no report as the interface gives it ({error!r})") from error


def _rows(sealed: list[str], key: boxes.PrivateKey) -> list[Any]:
    """Return the rows of one item, from all the boxes in which its providers sealed them."""
    rows: list[Any] = []
    for text in sealed:
        try:
            box = base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise ProofError(f"a box is not Base64 ({error})") from error
        rows += json.loads(boxes.open_box(box, key, info=boxes.SEALED_ROWS))
    return rows
