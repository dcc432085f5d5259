"""What each party has by the rights of one firm: an objection with its evidence, a correction notice."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from rongxin.catalogue.loader import PLATFORM
from rongxin.journal import keyring
from rongxin.parties.rules.membership import PartyKind
from rongxin.rights import objection_cards, papers, repair_cards
from rongxin.rights.models import Correction, Objection, Repair
from rongxin.rights.rules.correction import State as CorrectionState
from rongxin.rights.rules.objection import Route, State
from rongxin.rights.rules.repair import State as RepairState

ITEM = "customs_registration"
Ids = dict[str, str]


def build(
    subject: int, provider: str, recipients: dict[str, str], *, told: bool = False
) -> dict[PartyKind, Ids]:
    """Return ids by whose they are, and under the names that paths call them; `told`: with an objection to
    what the institution told.
    """
    own, bank = _objection(subject, provider=provider), recipients["institution"]
    theirs = _objection(subject, provider=PLATFORM, institution=bank, record_id=1) if told else {}
    repair = _repair(subject)
    (material,) = papers.of(repair)
    asked = {"repair": str(repair), "material": str(material.id)}
    notices = {kind: _correction(subject, kind, who) for kind, who in recipients.items()}
    return {
        PartyKind.SUBJECT: own | asked | {"correction": notices["institution"]},
        PartyKind.PROVIDER: own,
        PartyKind.INSTITUTION: theirs | {"correction": notices["institution"]},
        PartyKind.DEPARTMENT: {"correction": notices["department"]},
        PartyKind.OPERATOR: asked,
    }


def _objection(subject: int, **of: Any) -> Ids:
    id, now, today = uuid4(), timezone.now(), timezone.localdate()
    said = keyring.data_keys().seal("有误".encode(), place=objection_cards.SEALED.place((id,)))
    given: dict[str, Any] = {"item": ITEM, "fields": [], "law": "x", "statement": said}
    given |= {
        "route": Route.PROVIDER.value,
        "state": State.FORWARDED.value,
        "due_on": today,
        "entry": uuid4(),
    }
    Objection.objects.create(id=id, subject_id=subject, lodged_at=now, lodged_by="x", **given, **of)
    papers.keep(id, [papers.File("a.pdf", "application/pdf", b"%PDF-1.7")], as_of=now)
    (paper,) = papers.of(id)
    return {"objection": str(id), "paper": str(paper.id)}


def _repair(subject: int) -> UUID:
    id, now = uuid4(), timezone.now()
    said = keyring.data_keys().seal("已履行".encode(), place=repair_cards.SEALED.place((id,)))
    given: dict[str, Any] = {"item": ITEM, "record_id": 1, "severity": "minor", "statement": said}
    given |= {"state": RepairState.FORWARDED.value, "requested_at": now, "entry": uuid4()}
    Repair.objects.create(id=id, subject_id=subject, requested_by="x", **given)
    papers.keep(id, [papers.File("b.pdf", "application/pdf", b"%PDF-1.7")], as_of=now)
    return id


def _correction(subject: int, kind: str, recipient: str) -> str:
    now, today = timezone.now(), timezone.localdate()
    given: dict[str, Any] = {"item": ITEM, "record_id": 1, "why": "repaired", "notice": "x", "entry": uuid4()}
    given |= {"state": CorrectionState.OWED.value, "created_at": now, "due_on": today}
    row = Correction.objects.create(recipient_kind=kind, recipient=recipient, subject_id=subject, **given)
    return str(row.id)
