"""再次确认身份: a watched person shows a new code of the second factor before asking on ((十): 及时处置).

Milder than a bar: who is who they say asks on within a minute, who uses another's name does not. The code
is that of the person's own authenticator, at the next sign-in or by the API; for a person whom the platform
knows only by the institution's word, an administrator of the institution answers with their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from rongxin.journal import entries, windows
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties import accounts, memberships
from rongxin.parties.errors import NotAllowed, UnknownParty
from rongxin.parties.models import Institution
from rongxin.parties.rules import quota
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.parties.sign_in_models import StepUp
from rongxin.vocabulary.actor import Actor, ActorKind


@dataclass(frozen=True)
class Card:
    """What was demanded of one person of an institution, and who has answered it."""

    id: UUID
    institution: str
    person: str
    demanded_at: datetime
    over_at: datetime | None
    answered_by: int | None

    def document(self) -> dict[str, Any]:
        """What people see of it, JSON-ready."""
        return {
            "step_up": str(self.id),
            "institution": self.institution,
            "person": self.person,
            "demanded_at": self.demanded_at.isoformat(),
            "over_at": self.over_at.isoformat() if self.over_at else None,
            "answered_by": self.answered_by,
        }


def demand(institution: str, person: str, *, actor: Actor, as_of: datetime) -> Card:
    """Have a person of an institution show a new code first; what is demanded already stays as it is."""
    name = quota.named(person)
    if not name:
        raise NotAllowed("请写明查询人 name the person")
    if not Institution.objects.filter(pk=institution).exists():
        raise UnknownParty(f"没有接入机构“{institution}”")
    with transaction.atomic():
        row, new = StepUp.objects.get_or_create(
            institution_id=institution, person=name, over_at=None, defaults={"demanded_at": as_of}
        )
        if new:
            _journal(row, "step_up_demanded", actor=actor, as_of=as_of)
    return _card(row)


def is_demanded(institution: str, person: str) -> bool:
    """Whether a person may not ask before a new code was shown."""
    return StepUp.objects.filter(institution=institution, person=quota.named(person), over_at=None).exists()


def code_shown(account: int, *, as_of: datetime) -> int:
    """Take note that an account has just shown a new code; returns how many demands that answered."""
    parties = {
        role.party
        for role in memberships.of_account(account, on=timezone.localdate(as_of))
        if role.party_kind is PartyKind.INSTITUTION
    }
    if not parties:
        return 0
    person = quota.named(accounts.get(account).display_name)
    with transaction.atomic():
        rows = StepUp.objects.select_for_update(no_key=True).filter(institution__in=parties, person=person)
        live = list(rows.filter(over_at=None))
        for row in live:
            _answer(row, account, as_of=as_of)
    return len(live)


def check_answerer(step_up: UUID, *, institution: str, account: int, as_of: datetime) -> None:
    """Refuse an account that is neither the person's own nor an administrator's of the institution, before a
    code of it is looked at.
    """
    row = StepUp.objects.filter(pk=step_up, institution=institution).first()
    if row is None:
        raise UnknownParty(f"没有编号为{step_up}的身份确认要求")
    held = memberships.of_account(account, on=timezone.localdate(as_of))
    mine = {(role.party_kind, role.role) for role in held if role.party == institution}
    is_administrator = (PartyKind.INSTITUTION, Role.ADMINISTRATOR) in mine
    if not is_administrator and quota.named(accounts.get(account).display_name) != row.person:
        raise NotAllowed("只能由本人或本机构管理员以验证码确认 the person or an administrator answers")


def vouch(step_up: UUID, *, institution: str, account: int, as_of: datetime) -> Card:
    """Answer by an account that has just shown a new code of its own; raises like `check_answerer`."""
    check_answerer(step_up, institution=institution, account=account, as_of=as_of)
    with transaction.atomic():
        row = StepUp.objects.select_for_update(no_key=True).get(pk=step_up)
        if row.over_at is None:
            _answer(row, account, as_of=as_of)
    return _card(row)


def lift(institution: str, person: str, *, actor: Actor, as_of: datetime) -> None:
    """Demand no code any more; nothing where none is demanded."""
    with transaction.atomic():
        rows = StepUp.objects.select_for_update(no_key=True)
        for row in rows.filter(institution=institution, person=quota.named(person), over_at=None):
            row.over_at = as_of
            row.save(update_fields=["over_at"])
            _journal(row, "step_up_lifted", actor=actor, as_of=as_of)


def of_institution(institution: str, window: Window) -> Part[Card]:
    """Return what was demanded of an institution's people, the newest first."""
    rows = StepUp.objects.filter(institution=institution)
    return windows.part(rows, window, "-demanded_at", "id").of(_card)


def _answer(row: StepUp, account: int, *, as_of: datetime) -> None:
    row.over_at, row.answered_by = as_of, account
    row.save(update_fields=["over_at", "answered_by"])
    actor = Actor(ActorKind.ACCOUNT, str(account), f"institution:{row.institution_id}")
    _journal(row, "step_up_answered", actor=actor, as_of=as_of)


def _journal(row: StepUp, change: str, *, actor: Actor, as_of: datetime) -> None:
    refs: dict[str, str | int] = {
        "institution": row.institution_id,
        "change": change,
        "step_up": str(row.pk),
    }
    entries.append(Kind.INSTITUTION_CHANGED, actor=actor, refs=refs, as_of=as_of)


def _card(row: StepUp) -> Card:
    return Card(row.pk, row.institution_id, row.person, row.demanded_at, row.over_at, row.answered_by)
