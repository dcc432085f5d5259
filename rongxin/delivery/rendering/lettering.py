"""Words of a chart, taken out before drawing and written in afterwards.

The chart engine lays text out by measuring it, and one measurement with a 19 MB Chinese font costs it some
5 ms: more than all else it draws. So it is given Latin stand-ins about as wide, and the words take their
place in the finished SVG. No text of ours or of a record reaches the engine at all.
"""

from __future__ import annotations

import re
from typing import Any
from xml.sax.saxutils import escape

_STAND_IN = re.compile(r"Q(\d+)Q@*")
MEASURED = "sans-serif"


class Lettering:
    def __init__(self) -> None:
        self._words: list[str] = []

    def take(self, value: Any) -> Any:
        """Return JSON-like data with a stand-in for every text that is not ASCII."""
        if isinstance(value, str):
            return value if value.isascii() else self._stand_in(value)
        if isinstance(value, dict):
            return {self.take(key): self.take(part) for key, part in value.items()}
        if isinstance(value, list):
            return [self.take(part) for part in value]
        return value

    def put_back(self, svg: str, family: str) -> str:
        """Return the drawing with the words in their places, in the font they are meant for."""
        svg = svg.replace(f'font-family="{MEASURED}"', f'font-family="{escape(family)}"')
        return _STAND_IN.sub(lambda match: escape(self._words[int(match[1])], {'"': "&quot;"}), svg)

    def _stand_in(self, text: str) -> str:
        if text not in self._words:
            self._words.append(text)
        # A Chinese character is one em wide, as "@" nearly is; "Q0Q" is about two.
        return f"Q{self._words.index(text)}Q" + "@" * max(0, len(text) - 2)
