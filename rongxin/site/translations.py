"""The pages' second language, made ready for Django: it reads compiled files, the project keeps texts alone.

The compiled file lies in the node's var, named by what it was made of: a changed text makes another, and two
processes that start at once put the same file in place.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import polib

SOURCE = Path(__file__).parent.parent / "locale"


def compiled(var: Path, *, source: Path = SOURCE) -> str:
    """Return the directory with the compiled languages, made now if there is none of these texts."""
    texts = sorted(source.glob("*/LC_MESSAGES/django.po"))
    digest = hashlib.sha256(b"".join(text.read_bytes() for text in texts)).hexdigest()[:16]
    made = var / "locale" / digest
    for text in texts:
        target = (made / text.relative_to(source)).with_suffix(".mo")
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            new = target.with_name(f"django.{os.getpid()}")
            new.write_bytes(polib.pofile(str(text)).to_binary())
            new.replace(target)
    return str(made)
