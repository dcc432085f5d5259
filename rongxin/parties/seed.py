"""The provider accounts that the catalogue names, so that every channel has somebody behind it."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from django.db import transaction

from rongxin.catalogue.loader import Catalogue
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties.models import Provider
from rongxin.vocabulary.actor import Actor


def seed(catalogue: Catalogue, *, actor: Actor, as_of: datetime) -> int:
    """Open or bring up to date every provider of the catalogue; return how many changed."""
    mandates: dict[str, set[str]] = defaultdict(set)
    for item in catalogue.items.values():
        for channel in item.channels:
            mandates[channel.provider].add(item.item)
    changed: list[entries.Draft] = []
    with transaction.atomic():
        known = {row.id: row for row in Provider.objects.select_for_update(no_key=True)}
        for provider_id, provider in sorted(catalogue.providers.items()):
            wanted = Provider(
                id=provider_id,
                name=provider.label,
                department=provider.department,
                mandate=sorted(mandates[provider_id]),
            )
            held = known.get(provider_id)
            if held is not None and _same(held, wanted):
                continue
            if held is not None:  # what the node itself has said of it stays
                wanted.is_active, wanted.regions = held.is_active, held.regions
                wanted.subject_kinds = held.subject_kinds
            wanted.save()
            refs = {"provider": provider_id, "change": "opened" if held is None else "mandate_changed"}
            changed.append(entries.Draft(kind=Kind.ACCOUNT_CREATED, refs=refs))
        entries.append_all(changed, actor=actor, as_of=as_of)
    return len(changed)


def _same(held: Provider, wanted: Provider) -> bool:
    return (held.name, held.department, held.mandate) == (wanted.name, wanted.department, wanted.mandate)
