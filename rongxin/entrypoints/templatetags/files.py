"""`{% file_input "files" several=True %}`: a field that takes documents, and what was kept of it.

The form around it is sent as multipart/form-data, and its view reads the field by `portals.uploads`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils import timezone

from rongxin.parties import kept_files

register = template.Library()


@register.inclusion_tag("file_input.html", takes_context=True)
def file_input(
    context: Mapping[str, Any], name: str, *, id: str = "", several: bool = False, required: bool = False
) -> dict[str, Any]:
    """Return what the field shows; one that must be filled in is, where a file of it was kept."""
    return {
        "name": name,
        "id": id or name,
        "several": several,
        "required": required,
        "kept": (context.get("kept_files") or {}).get(name, ()),
        "minutes": kept_files.limits(timezone.localdate()).keep_minutes,
    }
