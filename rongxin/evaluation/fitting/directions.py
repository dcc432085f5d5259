"""Declared directions: by option (`COLUMN=+`) and by a side file (CSV, YAML or JSON)."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import yaml

from rongxin.evaluation.fitting.errors import BadDirections

_SIGNS = {"+": 1, "-": -1, "−": -1, "1": 1, "-1": -1, "+1": 1, "up": 1, "down": -1}


def read(path: Path | None, said: Iterable[str] = ()) -> dict[str, int]:
    """Return +1 (more is better) or -1 (more is worse) by column; raises `BadDirections`."""
    found = {name: _sign(name, sign) for name, sign in (_from_file(path) if path else {}).items()}
    for word in said:
        name, equals, sign = word.rpartition("=")
        if not equals or not name:
            raise BadDirections(f"--direction {word}: 请写成 write it as COLUMN=+ or COLUMN=-")
        found[name.strip()] = _sign(name, sign)
    return found


def _sign(name: str, sign: object) -> int:
    if str(sign).strip() not in _SIGNS:
        raise BadDirections(
            f"{name}: 方向 {sign!r} 应为 +（越大越好）或 -（越大越差） "
            f"direction {sign!r} is neither + (more is better) nor - (more is worse)"
        )
    return _SIGNS[str(sign).strip()]


def _from_file(path: Path) -> dict[str, object]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadDirections(f"{path}: 读不成 UTF-8 文本 can't be read as UTF-8 text ({error})") from error
    if path.suffix.lower() == ".csv":
        rows = [row for row in csv.reader(text.splitlines()) if row]
        if rows and [cell.strip().lower() for cell in rows[0][:2]] == ["column", "direction"]:
            rows = rows[1:]
        if any(len(row) < 2 for row in rows):
            raise BadDirections(f"{path}: 每行须为 each line is COLUMN,DIRECTION")
        return {row[0].strip(): row[1] for row in rows}
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadDirections(f"{path}: 不是 YAML 或 JSON no YAML or JSON ({error})") from error
    if not isinstance(content, dict):
        raise BadDirections(f"{path}: 每列写一行 write a line COLUMN: + for each column")
    return {str(name): sign for name, sign in content.items()}
