"""Which way to the national window this node was given: RONGXIN_REPAIR_WINDOW."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from rongxin.rights.windows.closed import Closed
from rongxin.rights.windows.file_box import FileBox
from rongxin.rights.windows.http import Http
from rongxin.rights.windows.window import Window


def connected() -> Window:
    """Return the way that the settings name: `file:/directory`, `https://address`, or none."""
    given: str = settings.RONGXIN_REPAIR_WINDOW
    if given.startswith("file:"):
        return FileBox(Path(given.removeprefix("file:")))
    if given:
        return Http(given)
    return Closed()
