"""What every mask is made of. The policy of each type stands in its own file.

A mask is a total function: what it does not recognise becomes all stars.
"""

from __future__ import annotations

STARS = "****"


def keep(text: str, left: int, right: int) -> str:
    """This function will star all but the first `left` and last `right` characters.

    A text so short that nothing would be starred becomes all stars.
    """
    hidden = len(text) - left - right
    if hidden < 1:
        return STARS
    return text[:left] + "*" * hidden + text[len(text) - right :]


def only_stars(text: str) -> bool:
    """This function will say whether nothing but stars is left."""
    return text.strip("*") == ""
