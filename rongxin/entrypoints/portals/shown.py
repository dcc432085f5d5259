"""What pages call a party: its name, and how a purpose, a role or a reason reads."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from markdown_it import MarkdownIt

from rongxin.catalogue import loader
from rongxin.parties import departments, institutions, subjects
from rongxin.parties.memberships import Card
from rongxin.parties.rules.membership import PartyKind


def name(kind: PartyKind, party: str) -> str:
    """Return a party's name by its kind and id."""
    if kind is PartyKind.SUBJECT:
        return subjects.get(int(party)).name
    if kind is PartyKind.INSTITUTION:
        return institutions.get(party).name
    if kind is PartyKind.PROVIDER:
        return loader.load().provider_label(party)
    if kind is PartyKind.DEPARTMENT:
        return departments.get(party).name
    return str(settings.RONGXIN_NODE_NAME)


def role(card: Card) -> dict[str, object]:
    """Return a role as a page shows it."""
    return {
        "id": card.id,
        "name": name(card.party_kind, card.party),
        "kind": card.party_kind.label,
        "role": card.role.label,
        "until": card.mandate.valid_until,
    }


@cache
def in_html(markdown: str) -> str:
    """Return a notice of ours as HTML; what looks like HTML in it is text."""
    text: str = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return text
