"""企业征信机构参与运营: a separate, narrower, supervised part in running the platform ((六): 切实加强监管).

A bureau is a party of its own: it is neither the operator nor a recipient, so no act of theirs is ever its.
What it may do is what routes admit `permission.BUREAU` to: figures of the running, never a subject's data.
It acts by a mandate with dates that two persons of the operator's give and one ends; every request of its
people is journalled before it is answered, and listed for the operator.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from pydantic import Field

from rongxin.journal import entries, windows
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties import accounts, api_keys, memberships, second_person
from rongxin.parties.bureaus.models import Bureau, BureauAct, BureauMandate
from rongxin.parties.errors import InvalidCode, NotAllowed, NotPermitted, PartiesError, UnknownParty
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary import edition
from rongxin.vocabulary import uscc as codes
from rongxin.vocabulary.actor import Actor

_WHAT = "企业征信机构的参与授权"
_ACT_MAX = 128
_KEY_LIFE = timedelta(days=30)
_NO_ID = re.compile(r"[^A-Za-z0-9._:/@+-]")  # an entry of the journal names ids, no content


class InvalidBureauParameters(PartiesError):
    """A file of the bureaus' numbers can't be used as it stands."""

    code = "invalid_bureau_parameters"


class MandateOver(NotPermitted):
    """The bureau has no mandate in force today."""

    code = "bureau_mandate_over"


class Policy(edition.Edition):
    """What is in force from a day on."""

    term_days_max: int = Field(ge=1)


@cache
def _editions() -> tuple[Policy, ...]:
    folder = Path(__file__).parent.parent / "parameters"
    return edition.read(folder, "bureaus_*.yaml", Policy, broken=InvalidBureauParameters)


def policy(on: date) -> Policy:
    """Return the edition of a day."""
    return edition.in_force(_editions(), on)


@dataclass(frozen=True)
class Card:
    """A mandate as the operator sees it."""

    id: UUID
    bureau: str
    name: str
    basis: str
    valid_from: date
    valid_until: date
    proposed_by: str
    proposed_at: datetime
    granted_by: str
    ended_at: datetime | None
    ended_why: str

    def document(self) -> dict[str, Any]:
        """What people see of it, JSON-ready."""
        return {
            "mandate": str(self.id),
            "bureau": self.bureau,
            "name": self.name,
            "basis": self.basis,
            "valid_from": self.valid_from.isoformat(),
            "valid_until": self.valid_until.isoformat(),
            "proposed_by": self.proposed_by,
            "proposed_at": self.proposed_at.isoformat(),
            "granted_by": self.granted_by or None,
            "ended_at": self.ended_at.isoformat() if self.ended_at else None,
            "ended_why": self.ended_why or None,
        }


@dataclass(frozen=True)
class Wish:
    """Which bureau is to take part, on what basis and for how long."""

    bureau: str
    name: str
    uscc: str
    basis: str
    valid_from: date
    valid_until: date


def propose(wish: Wish, *, actor: Actor, as_of: datetime) -> Card:
    """Put a mandate down; it opens nothing before another person grants it."""
    person = second_person.of_operator(actor=actor, what=_WHAT)
    code, today = codes.clean(wish.uscc), timezone.localdate(as_of)
    examined = codes.examine(code)
    if not examined.acceptable:
        raise InvalidCode(f"{code}: {examined.message}")
    if not wish.basis.strip():
        raise NotAllowed("请写明参与的依据（协议、批准文件） name the agreement or approval")
    most = policy(today).term_days_max
    if wish.valid_until < max(wish.valid_from, today) or (wish.valid_until - wish.valid_from).days >= most:
        raise NotAllowed(f"期限须不早于今日、起止有序，最长{most}天")
    with transaction.atomic():
        bureau, new = Bureau.objects.get_or_create(id=wish.bureau, defaults={"name": wish.name, "uscc": code})
        if not new and bureau.uscc != code:
            raise NotAllowed("该机构标识已由另一家征信机构使用")
        row = BureauMandate.objects.create(
            bureau=bureau,
            basis=wish.basis.strip(),
            valid_from=wish.valid_from,
            valid_until=wish.valid_until,
            proposed_by=person,
            proposed_at=as_of,
        )
        _journal(row, "mandate_proposed", actor=actor, as_of=as_of)
    return _card(row)


def grant(mandate: UUID, *, actor: Actor, as_of: datetime) -> Card:
    """Put a mandate in force that another person put down."""
    person = second_person.of_operator(actor=actor, what=_WHAT)
    with transaction.atomic():
        row = _live(mandate)
        if row.granted_at is not None:
            raise NotAllowed("该授权已经核准")
        second_person.check_other(person, row.proposed_by, what=_WHAT)
        row.granted_at, row.granted_by = as_of, person
        row.save(update_fields=["granted_at", "granted_by"])
        _journal(row, "mandate_granted", actor=actor, as_of=as_of)
    return _card(row)


def end(bureau: str, *, why: str, actor: Actor, as_of: datetime) -> int:
    """End a bureau's part at once and for good: its mandates and its people's roles. One person is enough."""
    if not actor.is_operator:
        raise NotAllowed("只能由平台运营机构终止")
    if not why.strip():
        raise NotAllowed("请写明理由 say why")
    with transaction.atomic():
        rows = BureauMandate.objects.select_for_update(no_key=True).filter(bureau=bureau, ended_at=None)
        ended = list(rows)
        if not ended:
            raise UnknownParty(f"征信机构“{bureau}”没有可终止的参与授权")
        for row in ended:
            row.ended_at, row.ended_by, row.ended_why = as_of, f"{actor.kind}:{actor.id}", why.strip()[:500]
            row.save(update_fields=["ended_at", "ended_by", "ended_why"])
            _journal(row, "mandate_ended", actor=actor, as_of=as_of)
        for role in memberships.of_bureau(bureau):
            memberships.end(role.id, why="mandate_ended", actor=actor, as_of=as_of)
    return len(ended)


def appoint(bureau: str, account: int, role: Role, *, actor: Actor, as_of: datetime) -> memberships.Card:
    """Let a person known by real name act for a bureau whose mandate is in force."""
    second_person.of_operator(actor=actor, what=_WHAT)
    if not accounts.get(account).id_commitment:
        raise NotAllowed("征信机构的人员须先完成实名注册")
    mandate = _in_force(bureau, timezone.localdate(as_of))
    return memberships.appoint(
        account,
        PartyKind.BUREAU,
        bureau,
        role,
        valid_from=timezone.localdate(as_of),
        valid_until=mandate.valid_until,
        actor=actor,
        as_of=as_of,
    )


def appoint_with_key(
    bureau: str, account: int, role: Role, *, actor: Actor, as_of: datetime
) -> tuple[memberships.Card, api_keys.Issued]:
    """Appoint a person and issue the key by which it acts: short-lived, so that people are looked at anew."""
    with transaction.atomic():
        card = appoint(bureau, account, role, actor=actor, as_of=as_of)
        key = api_keys.issue(
            account,
            label="征信机构参与运营",
            expires_at=as_of + _KEY_LIFE,
            membership=card.id,
            actor=actor,
            as_of=as_of,
        )
    return card, key


def act(bureau: str, what: str, *, actor: Actor, as_of: datetime) -> None:
    """Write down one request of a bureau's person, before it is answered; MandateOver where it may not act.

    What is refused for the mandate is written down, too.
    """
    what = _NO_ID.sub("_", what)[:_ACT_MAX]
    with transaction.atomic():
        refs: dict[str, str | int] = {"bureau": bureau, "act": what}
        entry = entries.append(Kind.BUREAU_ACTED, actor=actor, refs=refs, as_of=as_of)
        BureauAct.objects.create(bureau_id=bureau, account=int(actor.id), act=what, at=as_of, entry=entry.id)
    _in_force(bureau, timezone.localdate(as_of))


def acts(bureau: str, window: Window) -> Part[dict[str, Any]]:
    """Return what a bureau's people asked for, the newest first."""
    if not Bureau.objects.filter(pk=bureau).exists():
        raise UnknownParty(f"没有参与运营的征信机构“{bureau}”")
    rows = BureauAct.objects.filter(bureau=bureau)
    return windows.part(rows, window, "-at", "-id").of(
        lambda row: {
            "account": row.account,
            "act": row.act,
            "at": row.at.isoformat(),
            "entry": str(row.entry),
        }
    )


def every() -> list[Card]:
    """Return all mandates, the newest first."""
    rows = BureauMandate.objects.select_related("bureau").order_by("-proposed_at", "id")
    return [_card(row) for row in rows]


def get(mandate: UUID) -> Card:
    """Return one mandate; raises `UnknownParty`."""
    row = BureauMandate.objects.select_related("bureau").filter(pk=mandate).first()
    if row is None:
        raise _unknown(mandate)
    return _card(row)


def _unknown(mandate: UUID) -> UnknownParty:
    return UnknownParty(f"没有编号为{mandate}的参与授权")


def _in_force(bureau: str, on: date) -> BureauMandate:
    rows = BureauMandate.objects.filter(bureau=bureau, ended_at=None, granted_at__isnull=False)
    row = rows.filter(valid_from__lte=on, valid_until__gte=on).order_by("-valid_until").first()
    if row is None:
        raise MandateOver("该征信机构没有有效的参与授权，或已到期、已终止")
    return row


def _live(mandate: UUID) -> BureauMandate:
    rows = BureauMandate.objects.select_for_update(of=("self",), no_key=True).select_related("bureau")
    row = rows.filter(pk=mandate, ended_at=None).first()
    if row is None:
        raise _unknown(mandate)
    return row


def _journal(row: BureauMandate, change: str, *, actor: Actor, as_of: datetime) -> None:
    refs: dict[str, str | int] = {"bureau": row.bureau_id, "mandate": str(row.pk), "change": change}
    entries.append(Kind.BUREAU_CHANGED, actor=actor, refs=refs, as_of=as_of)


def _card(row: BureauMandate) -> Card:
    return Card(
        row.pk,
        row.bureau_id,
        row.bureau.name,
        row.basis,
        row.valid_from,
        row.valid_until,
        row.proposed_by,
        row.proposed_at,
        row.granted_by,
        row.ended_at,
        row.ended_why,
    )
