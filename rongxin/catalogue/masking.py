"""What every mask is made of. The policy of each type stands in its own file.

A mask is a total function: what it does not recognise becomes all stars.
"""

from __future__ import annotations

STARS = "****"

# Types that never leave in clear without the person's own consent, whatever the row's channel says.
PERSONAL = frozenset({"id_number", "party_identifier", "phone", "account_number"})
# Types whose mask only takes out what hides in the text; there is no unmasked way out for them.
REDACTED = frozenset({"free_text"})
# The home behind a small shop: its registered address is shown to the street only (facts: masking).
MAYBE_A_HOME = frozenset({"registered_address", "address"})


def keep(text: str, left: int, right: int) -> str:
    """Star all but the first `left` and last `right` characters.

    A text so short that nothing would be starred becomes all stars.
    """
    hidden = len(text) - left - right
    if hidden < 1:
        return STARS
    return text[:left] + "*" * hidden + text[len(text) - right :]


def only_stars(text: str) -> bool:
    """Say whether nothing but stars is left."""
    return text.strip("*") == ""
