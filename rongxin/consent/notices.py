"""风险告知: the dated notices shown before consent (附件 注3: 在充分告知企业相关风险的前提下).

The hash is over the whole file, so a consent proves to the letter what the firm was shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path

import yaml

from rongxin.consent.errors import ConsentError, NoticeOutdated

DIRECTORY = Path(__file__).parent / "risk_notices"


@dataclass(frozen=True)
class Notice:
    """One edition of the risk notice; `text` is Markdown, Chinese first."""

    version: str
    effective_from: date
    text: str
    sha256: str


def load(path: Path) -> Notice:
    """Read one notice; ConsentError names a file without its head."""
    content = path.read_bytes()
    opening, _, rest = content.decode().partition("---\n")
    head, closing, text = rest.partition("---\n")
    if opening or not closing:
        raise ConsentError(f"{path.name}: a notice begins with its version and date between two lines of ---")
    fields = yaml.safe_load(head)
    return Notice(fields["version"], fields["effective_from"], text.strip(), sha256(content).hexdigest())


@cache
def every() -> tuple[Notice, ...]:
    """Return all notices, the oldest first."""
    return tuple(sorted(map(load, DIRECTORY.glob("*.md")), key=lambda notice: notice.effective_from))


def current(on: date) -> Notice:
    """Return the notice in force on a day."""
    in_force = [notice for notice in every() if notice.effective_from <= on]
    if not in_force:
        raise ConsentError(f"no risk notice was in force on {on}; add one to consent/risk_notices/")
    return in_force[-1]


def confirm_shown(version: str, digest: str, *, on: date) -> Notice:
    """Return the notice in force if it is the one that was shown; raise NoticeOutdated otherwise."""
    notice = current(on)
    if (version, digest) != (notice.version, notice.sha256):
        if version == notice.version:
            raise NoticeOutdated(
                f"所示的风险告知书（{version}）与现行文本不一致（摘要不符），请重新读取并阅读后再授权。"
            )
        raise NoticeOutdated(
            f"所示的风险告知书（{version}）不是现行版本（{notice.version}），请阅读现行版本后再授权。"
        )
    return notice
