"""The application in one of the web processes of `rongxin serve`, which ends with the one that started it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rongxin.outpost import parent


def application() -> Callable[..., Any]:
    """Return the application, made once the process watches over its parent."""
    parent.end_with_parent()
    from rongxin.site import wsgi  # noqa: PLC0415 - loading takes long, and the parent may go meanwhile

    return wsgi.application
