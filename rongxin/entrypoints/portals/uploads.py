"""What a form's file fields hold."""

from __future__ import annotations

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from rongxin.catalogue.attachments import File
from rongxin.entrypoints.api import handed_in


def of(request: HttpRequest, field: str) -> File | None:
    """Return the file that was chosen in a field; None where there is none."""
    file = request.FILES.get(field)
    if not isinstance(file, UploadedFile):
        return None
    (found,) = handed_in.files_of([file])
    return found
