"""The firm's own information through the door that is everybody's, with itself as recipient （（九））."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from rongxin.catalogue import loader, regions
from rongxin.delivery import report
from rongxin.delivery.rendering import presentation
from rongxin.disclosure import gate
from rongxin.disclosure.release import Recipient, Refusal, Release, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.entrypoints.api.problems import Problem
from rongxin.entrypoints.portals.visitors import Visitor
from rongxin.parties.subjects import Card
from rongxin.vocabulary.purpose import Purpose


def release(visitor: Visitor, firm: Card, items: Iterable[str], *, reference: str) -> Release:
    """Ask the gate for the firm's own records; a refusal is raised as a Problem with its reason."""
    answer = gate.release(
        Request(
            recipient=Recipient(RecipientKind.SUBJECT, str(firm.id), firm.name, visitor.account.display_name),
            uscc=firm.uscc or "",
            items=tuple(items),
            purpose=Purpose.SELF_ACCESS,
            reference=reference,
        ),
        actor=visitor.actor,
        as_of=visitor.at,
    )
    if isinstance(answer, Refusal):
        raise Problem(403, "refused", answer.reason.label)
    return answer


def document(released: Release) -> dict[str, Any]:
    """Return a release as the report that page and paper show."""
    built = report.build(released, loader.load(), node=settings.RONGXIN_NODE_NAME)
    return presentation.prepare(
        built, region_label=regions.label(released.subject.region), notice=settings.RONGXIN_NOTICE
    )


def values(visitor: Visitor, firm: Card, items: frozenset[str], *, reference: str) -> list[dict[str, Any]]:
    """Return the firm's own records of these items, item by item, in the order of the catalogue."""
    ordered = [name for name in loader.load().items if name in items]
    shown = document(release(visitor, firm, ordered, reference=reference))
    return [item for section in shown["sections"] for item in section["items"]]
