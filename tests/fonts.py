"""Whether this machine has a font for Chinese: pictures of pages without one show boxes."""

from __future__ import annotations

import subprocess

REASON = "no Chinese font on this machine (Debian: apt install fonts-noto-cjk)"


def has_chinese() -> bool:
    try:
        listed = subprocess.run(["fc-list", ":lang=zh", "family"], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return bool(listed.stdout.strip())
