"""The window by files: a directory that a person or a ferry between networks empties and fills.

`out/<repair>/` holds `request.jws` and the files it names; it appears whole. `in/*.jws` are decisions, moved
to `done/` once carried out.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from rongxin.rights.errors import WindowSilent
from rongxin.rights.windows.window import Package

_TOKEN_BYTES_MAX = 1 << 20


class FileBox:
    """A directory with `out`, `in` and `done`."""

    def __init__(self, root: Path) -> None:
        self.root, self.name = root, f"file:{root}"

    def hand_over(self, package: Package) -> str:
        """Write the package as a directory of its own; returns the name under which it lies there."""
        try:
            return self._write(package)
        except OSError as error:
            raise WindowSilent(f"未能写入{self.root}：{error.strerror}，稍后再试") from error

    def decisions(self) -> Iterator[str]:
        box = self.root / "in"
        for path in sorted(box.glob("*.jws")) if box.is_dir() else []:
            if path.is_file() and path.stat().st_size <= _TOKEN_BYTES_MAX:
                yield path.read_text(encoding="ascii", errors="replace").strip()

    def done(self, token: str) -> None:
        put = self.root / "done"
        put.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in sorted((self.root / "in").glob("*.jws")):
            if path.read_text(encoding="ascii", errors="replace").strip() == token:
                path.rename(put / path.name)

    def _write(self, package: Package) -> str:
        final = self.root / "out" / package.repair
        if final.is_dir():
            return final.name  # handed over before, and nobody was told
        part = final.with_name(f".{package.repair}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True, mode=0o700)
        (part / "request.jws").write_text(package.token, encoding="ascii")
        for _, media_type, content in package.files:
            ending = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}[media_type]
            # Under the hash that the signed request names: a sender's name is no path.
            (part / f"{sha256(content).hexdigest()}{ending}").write_bytes(content)
        for path in part.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
        part.rename(final)
        return final.name
