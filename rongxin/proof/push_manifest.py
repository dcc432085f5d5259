"""Check a push where it arrived, with the node's public key and nothing else; free of Django.

`manifest.jws` is detached (RFC 7515, appendix F): header and signature over the bytes of `manifest.json`,
which names every file by its size and SHA-256.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from hashlib import file_digest
from pathlib import Path
from typing import Any

from rongxin.proof import jws
from rongxin.proof.errors import Forged
from rongxin.proof.keys import SigningKey, VerifyingKey

FORMAT = "rongxin-push/1"
TYPE = "push+jws"
MANIFEST, SIGNATURE = "manifest.json", "manifest.jws"


def detached(manifest: Mapping[str, object], key: SigningKey) -> str:
    """Return the signature of a manifest whose canonical JSON lies beside it."""
    head, _, signature = jws.sign(manifest, key, type=TYPE).split(".")
    return f"{head}..{signature}"


def read(directory: Path, keys: Mapping[str, VerifyingKey]) -> dict[str, Any]:
    """Return the manifest of a push as signed, whatever lies beside it; raises `Forged` where it isn't."""
    parts = (directory / SIGNATURE).read_text(encoding="ascii").strip().split(".")
    if len(parts) != 3 or parts[1]:
        raise Forged(f"{SIGNATURE} is no detached signature")
    payload = base64.urlsafe_b64encode((directory / MANIFEST).read_bytes()).rstrip(b"=").decode()
    manifest = jws.verify(f"{parts[0]}.{payload}.{parts[2]}", keys, type=TYPE)
    if manifest.get("format") != FORMAT:
        raise Forged(f"the manifest is a {manifest.get('format')!r}, not a {FORMAT!r}")
    return manifest


def verify(directory: Path, keys: Mapping[str, VerifyingKey]) -> dict[str, Any]:
    """Return the manifest of a push; raises `Forged` where the files are not those that were signed."""
    manifest = read(directory, keys)
    signed = {name: (file["bytes"], file["sha256"]) for name, file in manifest["files"].items()}
    there = {
        path.name: (path.stat().st_size, sha256(path))
        for path in sorted(directory.iterdir())
        if path.name not in (MANIFEST, SIGNATURE)
    }
    if there != signed:
        changed = sorted({name for name, _ in set(there.items()) ^ set(signed.items())})
        raise Forged(f"not as signed: {', '.join(changed)}")
    return manifest


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
