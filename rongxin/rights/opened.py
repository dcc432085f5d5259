"""证据与修复材料 as whoever handles the matter opens them: through the door, told to the subject."""

from __future__ import annotations

from uuid import UUID

from rongxin.disclosure.handed_in import Paper, PaperKind
from rongxin.disclosure.rules import RecipientKind
from rongxin.journal.windows import Window
from rongxin.rights import objections, papers, repairs
from rongxin.rights.rules.objection import OPEN


def evidence(objection: UUID, paper: UUID) -> tuple[papers.Card, Paper]:
    """Return a piece of evidence: while its objection is open it is with whoever has to answer."""
    card = objections.get(objection)

    def with_whom() -> tuple[RecipientKind, str] | None:
        now = objections.get(objection)
        if now.state not in OPEN:
            return None
        if now.institution:
            return RecipientKind.INSTITUTION, now.institution
        return RecipientKind.PROVIDER, now.provider

    return papers.card(objection, paper), Paper(
        PaperKind.OBJECTION_EVIDENCE, card.subject, with_whom, lambda: papers.read(objection, paper)[1]
    )


def material(repair: UUID, paper: UUID) -> tuple[papers.Card, Paper]:
    """Return a material of a request for repair: the national window has its own, nobody here needs it."""
    card = repairs.get(repair)
    return papers.card(repair, paper), Paper(
        PaperKind.REPAIR_MATERIAL, card.subject, lambda: None, lambda: papers.read(repair, paper)[1]
    )


def of_subject(subject: int, most: int) -> list[tuple[PaperKind, UUID, papers.Card]]:
    """Return what a subject handed in with its objections and requests for repair, the newest first."""
    few = Window(most)
    return [
        (kind, matter.id, paper)
        for kind, matters in (
            (PaperKind.OBJECTION_EVIDENCE, objections.of_subject(subject, few).rows),
            (PaperKind.REPAIR_MATERIAL, repairs.of_subject(subject, few).rows),
        )
        for matter in matters
        for paper in papers.of(matter.id)
    ]
