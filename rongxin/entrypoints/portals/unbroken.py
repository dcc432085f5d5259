"""Dates, amounts and codes as one word each: a browser breaks them at their hyphens where a line ends.

No property of a style sheet forbids that for a text, and a character that does would be copied along with it.
So the finished page is gone through once: whichever room wrote a date into a sentence, it stays whole.
"""

from __future__ import annotations

import re

_PARTS = re.compile(r"(<!--.*?-->|<[^>]*>)", re.DOTALL)
_TAG = re.compile(r"<(/?)([a-zA-Z][\w-]*)")
# Where a text is none that a line is broken in, or no element may stand.
_LEFT_ALONE = frozenset(
    {"datalist", "head", "pre", "script", "select", "style", "svg", "textarea", "time", "title"}
)
# Each repetition has an end: without, a text of figures and commas would cost the square of its length.
_WHOLE = re.compile(
    r"(?<![\w.,/-])(?:"
    r"(?P<day>\d{4}-\d{2}-\d{2}(?: \d{2}:\d{2}(?::\d{2})?)?)"
    r"|[A-Z]{1,8}(?:-[A-Z0-9]{1,12}){1,3}"  # the number of a case, of a document
    r"|-?\d[\d,]{0,24}(?:\.\d{1,6})? [\u4e07\u4ebf]?\u5143"  # an amount in yuan
    r")(?![\w/-])",
    re.ASCII,
)


def kept(page: str) -> str:
    """Return the page with each date in `<time>`, and each amount and code in a span that no line breaks."""
    parts = _PARTS.split(page)
    inside = 0
    for place, part in enumerate(parts):
        if place % 2:
            tag = _TAG.match(part)
            if tag is not None and tag[2].lower() in _LEFT_ALONE and not part.endswith("/>"):
                inside += -1 if tag[1] else 1
        elif not inside and part:
            parts[place] = _WHOLE.sub(_in_one, part)
    return "".join(parts)


def _in_one(found: re.Match[str]) -> str:
    if found["day"]:
        return f"<time>{found[0]}</time>"
    return f'<span class="whole">{found[0]}</span>'
