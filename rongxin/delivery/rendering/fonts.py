"""The one font family that pages of paper and charts share, from a package, never from the machine."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import noto_cjk

FAMILY = "Noto Sans CJK SC"


@cache
def file() -> Path:
    """Return the Chinese font."""
    return Path(noto_cjk.otc_path("sans"))


@cache
def directory() -> Path:
    """Return the directory that holds the Chinese font."""
    return file().parent
