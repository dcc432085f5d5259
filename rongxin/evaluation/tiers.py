"""Two tiers: what may lawfully be held of everybody, and what a consent adds ((七))."""

from __future__ import annotations

from rongxin.catalogue import loader
from rongxin.evaluation.schema import Formula
from rongxin.vocabulary.labelled import Labelled
from rongxin.vocabulary.openness import Openness
from rongxin.vocabulary.sharing_mode import SharingMode


class Tier(Labelled):
    PUBLIC = "public", "公共评价", "what may lawfully be held of everybody"
    AUTHORISED = "authorised", "授权评价", "what a consent adds"


def needs_consent(formula: Formula) -> bool:
    """Return whether a subject's consent is needed for one of the fields that a formula rests on."""
    return any(needs_consent_for(formula.channel, item) for item in formula.items)


def needs_consent_for(channel: SharingMode, item: str) -> bool:
    """Return whether an item reaches the platform by this way with the subject's consent only."""
    ways = [way for way in loader.load().item(item).channels if way.mode is channel]
    return all(way.consent for way in ways)


def belongs(formula: Formula, tier: Tier) -> bool:
    """Return whether a tier may rest on a formula."""
    return tier is Tier.AUTHORISED or is_public(formula)


def is_public(formula: Formula) -> bool:
    """Return whether a formula rests on what may be held of every organisation: no consent, and published.

    工伤 needs no consent, but its provider has declared it for departments only: it stays out (附件第5类).
    """
    catalogue = loader.load()
    open_to_all = all(
        catalogue.item(measure.item).field(name).openness is Openness.PUBLIC
        or _opened_by_channel(formula, measure.item)
        for measure in formula.measures.values()
        for name in measure.columns
        if not name.startswith("_")
    )
    return open_to_all and not needs_consent(formula)


def _opened_by_channel(formula: Formula, item: str) -> bool:
    """The A list is published, though the row's fields are declared by its stricter use (附件第16行)."""
    return any(
        channel.mode is formula.channel and channel.where is not None and not channel.consent
        for channel in loader.load().item(item).channels
    )
