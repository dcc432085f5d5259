"""国民经济行业 of GB/T 4754-2017: the shape of a code (门类 A–T, 大类, 中类, 小类).

The dated list of names is `catalogue/codes/gbt_4754_2017.yaml`; here are only the words.
"""

from __future__ import annotations

import re

_SECTION = re.compile(r"[A-T]")
_NUMBERED = re.compile(r"([A-T])?([0-9]{2})([0-9]{0,2})")


def is_section(code: str) -> bool:
    """Say whether the code is that of a 门类 (one letter A–T)."""
    return _SECTION.fullmatch(code) is not None


def well_formed(code: str) -> bool:
    """Say whether the text has the shape of a code of any depth (`C`, `13`, `C1310`)."""
    return is_section(code) or _NUMBERED.fullmatch(code) is not None


def division(code: str) -> str | None:
    """Give the 大类 (two digits) of a code, or nothing where only a 门类 is given."""
    match = _NUMBERED.fullmatch(code)
    return match.group(2) if match else None
