"""A turn's answers as a file of rows, so that they come in by the one way in: checked, filed, receipted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rongxin.catalogue.schema import Item
from rongxin.sharing.bulk.asking import Told
from rongxin.vocabulary.verdict import Verdict


def write(path: Path, item: Item, told: Sequence[Told]) -> list[int]:
    """Write one JSON line a row; return whose row each line is, from line 1 on."""
    whose: list[int] = []
    with path.open("w", encoding="utf-8") as file:
        for one in told:
            for row in one.answer.rows:
                kept = _kept(item, one, row)
                file.write(json.dumps(kept, ensure_ascii=False, sort_keys=True) + "\n")
                whose.append(one.subject.id)
    return whose


def _kept(item: Item, told: Told, row: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored of a row: a mask is no content, and stars in a number's place would be read as one."""
    question = told.answer.question
    verdicts = question.verdicts if question else {}
    return {
        name: value
        for name, value in row.items()
        if value is not None and not (verdicts.get(name) is Verdict.MASK and _is_masked(item, name, value))
    }


def _is_masked(item: Item, name: str, value: Any) -> bool:
    return "*" in str(value) and item.field(name).type != "free_text"
