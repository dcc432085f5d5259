"""Uploads too large for memory: on the node's own disk, without a name, so that a kill leaves nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from rongxin.scratch import folders


class UnnamedFileUploadHandler(FileUploadHandler):
    """Write an upload into a file that has no name; it is gone when it is closed or its process ends."""

    file: UploadedFile[Any]

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        unnamed = tempfile.TemporaryFile(dir=folders.place(Path(settings.RONGXIN_VAR)))  # noqa: SIM115
        self.file = UploadedFile(
            unnamed, self.file_name, self.content_type, 0, self.charset, self.content_type_extra
        )

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[Any]:
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    def upload_interrupted(self) -> None:
        if hasattr(self, "file"):
            self.file.close()
