"""The pages' second language, made ready for Django: it reads compiled files, the project keeps texts alone.

The compiled file lies in the node's var, named by what it was made of: a changed text makes another, and two
processes that start at once put the same file in place.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import polib

_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
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
            new.write_bytes(_for_templates(polib.pofile(str(text))).to_binary())
            new.replace(target)
    return str(made)


def _for_templates(texts: polib.POFile) -> polib.POFile:
    """Add what Django's templates ask for: `translate` looks a text with a % up with each of them doubled."""
    for one in [entry for entry in texts if "%" in _PLACEHOLDER.sub("", entry.msgid)]:
        doubled = (text.replace("%", "%%") for text in (one.msgid, one.msgstr))
        texts.append(polib.POEntry(**dict(zip(("msgid", "msgstr"), doubled, strict=True))))
    return texts
