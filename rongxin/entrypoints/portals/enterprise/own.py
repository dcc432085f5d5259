"""The firm's own information through the door that is everybody's, with itself as recipient （（九））."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from rongxin.catalogue import loader, regions
from rongxin.delivery import report
from rongxin.delivery.rendering import presentation
from rongxin.disclosure.release import Refusal, Release
from rongxin.entrypoints.api.problems import Problem
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.rights import held
from rongxin.vocabulary.sharing_mode import SharingMode


def release(visitor: Visitor, items: tuple[str, ...] = ()) -> Release:
    """Ask the gate for the firm's records, of these items or all; a refusal is raised with its reason."""
    person = visitor.account.display_name
    answer = held.everything(
        visitor.subject, person=person, items=items, actor=visitor.actor, as_of=visitor.at
    )
    if isinstance(answer, Refusal):
        raise Problem(403, "refused", answer.reason.label)
    return answer


def document(released: Release) -> dict[str, Any]:
    """Return a release as the report that page and paper show."""
    built = report.build(released, loader.load(), node=settings.RONGXIN_NODE_NAME)
    shown = presentation.prepare(
        built, region_label=regions.label(released.subject.region), notice=settings.RONGXIN_NOTICE
    )
    for section in shown["sections"]:
        for item in section["items"]:
            item["compared_only"] = _compared_only(item["item"])
    return shown


def _compared_only(item: str) -> bool:
    """Whether all of an item is only ever compared at its provider: there is no value to show to anybody."""
    known = loader.load().items.get(item)
    return known is not None and all(
        channel.mode is SharingMode.DATA_VERIFICATION for channel in known.channels
    )


def values(visitor: Visitor, items: frozenset[str]) -> list[dict[str, Any]]:
    """Return the firm's own records of these items, item by item, in the order of the catalogue."""
    ordered = tuple(name for name in loader.load().all_names if name in items)
    shown = document(release(visitor, ordered))
    return [item for section in shown["sections"] for item in section["items"]]
