"""接入机构: admission, assessment, standing and the day's quota (（十）: 对接入机构进行信息安全评估)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from rongxin.catalogue import redaction
from rongxin.journal import entries, plans, windows
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Part, Window
from rongxin.parties.errors import AlreadyKnown, InvalidCode, NotAllowed, UnknownParty
from rongxin.parties.models import Institution
from rongxin.parties.rules import standing as rules
from rongxin.parties.rules.standing import Decision, InstitutionKind, Standing
from rongxin.vocabulary import uscc as codes
from rongxin.vocabulary.actor import Actor
from rongxin.vocabulary.reason import Reason
from rongxin.vocabulary.zone import business_day


@dataclass(frozen=True)
class Card:
    """What others may know of an institution; `contact` is how a firm reaches it."""

    id: str
    name: str
    uscc: str
    kind: InstitutionKind
    standing: Standing
    assessed_until: date | None
    daily_quota: int
    contact: str
    cases_required: bool = False
    conditions_until: date | None = None


def admit(
    id: str,
    *,
    name: str,
    uscc: str,
    kind: InstitutionKind,
    contact: str = "",
    daily_quota: int = 2000,
    actor: Actor,
    as_of: datetime,
) -> Card:
    """Take in an institution on probation; it is served once it has passed its assessment (`assess`)."""
    code = codes.clean(uscc)
    examination = codes.examine(code)
    if not examination.acceptable:
        raise InvalidCode(f"{code}: {examination.message}")
    if redaction.holds_number(contact):
        # It is told to firms and signed into their consents, so it can be neither sealed nor masked.
        raise NotAllowed("联系方式须为机构对外的客服电话或地址，不得为个人手机号、证件号码或银行卡号")
    row = Institution(id=id, name=name, uscc=code, kind=kind.value, contact=contact, daily_quota=daily_quota)
    with transaction.atomic():
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError as error:
            raise AlreadyKnown(f"{id}（{code}）：该机构已接入") from error
        _journal(row, "admitted", actor=actor, as_of=as_of)
    return _card(row)


def assess(institution_id: str, *, until: date, actor: Actor, as_of: datetime) -> Card:
    """Record a passed security assessment, valid through `until`; ends probation."""
    if until < timezone.localdate(as_of):
        raise NotAllowed(f"评估有效期止于{until}，已过期")
    with transaction.atomic():
        row = _locked(institution_id)
        if row.standing == Standing.CLOSED:
            raise NotAllowed(f"{institution_id}: 已终止接入，须重新申请")
        if row.standing == Standing.PROBATION:
            row.standing = Standing.ACTIVE.value
        row.assessed_until = until
        row.save(update_fields=["standing", "assessed_until"])
        _journal(row, "assessed", actor=actor, as_of=as_of)
    return _card(row)


def serve_until(institution_id: str, until: date | None, *, actor: Actor, as_of: datetime) -> Card:
    """Say through which day it is served while a condition of its approval is not met; None lifts that."""
    with transaction.atomic():
        row = _locked(institution_id)
        if row.conditions_until != until:
            row.conditions_until = until
            row.save(update_fields=["conditions_until"])
            _journal(row, "conditions_held" if until else "conditions_lifted", actor=actor, as_of=as_of)
    return _card(row)


def suspend(institution_id: str, *, actor: Actor, as_of: datetime) -> Card:
    """Stop serving an institution at once."""
    return _move(institution_id, Standing.SUSPENDED, actor=actor, as_of=as_of)


def reinstate(institution_id: str, *, actor: Actor, as_of: datetime) -> Card:
    """Serve a suspended institution again; its assessment must still hold."""
    if get(institution_id).standing is not Standing.SUSPENDED:
        raise NotAllowed(f"{institution_id}: 未处于暂停状态")
    return _move(institution_id, Standing.ACTIVE, actor=actor, as_of=as_of)


def close(institution_id: str, *, actor: Actor, as_of: datetime) -> Card:
    """End an institution's access for good."""
    return _move(institution_id, Standing.CLOSED, actor=actor, as_of=as_of)


def set_daily_quota(institution_id: str, quota: int, *, actor: Actor, as_of: datetime) -> Card:
    """Set how many requests a day the institution may make."""
    if quota < 0:
        raise NotAllowed("每日上限不能为负数")
    with transaction.atomic():
        row = _locked(institution_id)
        row.daily_quota = quota
        row.save(update_fields=["daily_quota"])
        _journal(row, "quota_set", actor=actor, as_of=as_of)
    return _card(row)


def require_cases(institution_id: str, required: bool, *, actor: Actor, as_of: datetime) -> Card:
    """Have every query of an institution name a case, or no longer."""
    with transaction.atomic():
        row = _locked(institution_id)
        row.cases_required = required
        row.save(update_fields=["cases_required"])
        change = "cases_required" if required else "cases_no_longer_required"
        _journal(row, change, actor=actor, as_of=as_of)
    return _card(row)


def get(institution_id: str) -> Card:
    """Return an institution; UnknownParty where there is none."""
    found = plans.rows(_GET, [institution_id])
    if not found:
        raise UnknownParty(f"没有接入机构“{institution_id}”")
    return card(*found[0])


def card(id: str, name: str, uscc: str, kind: str, standing: str, *rest: Any) -> Card:
    """Return the card of a row of `COLUMNS`."""
    return Card(id, name, uscc, InstitutionKind(kind), Standing(standing), *rest)


def every() -> list[Card]:
    """Return all institutions, by name."""
    return [_card(row) for row in Institution.objects.order_by("name", "id")]


def part_of(
    window: Window, *, find: str = "", kind: InstitutionKind | None = None, standing: Standing | None = None
) -> Part[Card]:
    """Return a part of the institutions, by name; `find`: of those with this in name, id or code."""
    rows = Institution.objects.all()
    if find:
        rows = rows.filter(Q(name__icontains=find) | Q(id__icontains=find) | Q(uscc=find))
    if kind is not None:
        rows = rows.filter(kind=kind.value)
    if standing is not None:
        rows = rows.filter(standing=standing.value)
    return windows.part(rows, window, "name", "id").of(_card)


def of(institution_id: str, uscc: str) -> Card | None:
    """Return the institution that has this id or else this code, or None."""
    found = Institution.objects.filter(pk=institution_id).first()
    row = found or Institution.objects.filter(uscc=uscc).first()
    return _card(row) if row else None


# Plain SQL: on the way of every disclosure, building the query would cost several times its answer.
COLUMNS = """
    party.id, party.name, party.uscc, party.kind, party.standing, party.assessed_until, party.daily_quota,
    party.contact, party.cases_required, party.conditions_until
"""
_GET = f"SELECT {COLUMNS} FROM parties_institution party WHERE party.id = %s"  # noqa: S608 - ours


def standing(institution_id: str, *, names_case: bool = True, as_of: datetime) -> Decision:
    """Decide whether the institution may be served now (its quota is another question: `quotas.take`)."""
    return standing_of(get(institution_id), names_case=names_case, as_of=as_of)


def standing_of(card: Card, *, names_case: bool = True, as_of: datetime) -> Decision:
    """Decide as `standing` does, by a card that was read just now."""
    if card.cases_required and not names_case:
        return Decision(False, Reason.CASE_MISSING, "该机构的每次查询均须关联融资业务，请先登记融资业务。")
    return rules.decide(card.standing, card.assessed_until, business_day(as_of), card.conditions_until)


def unserved(*, as_of: datetime) -> list[str]:
    """Return the institutions that may not be served now."""
    today = timezone.localdate(as_of)
    rows = Institution.objects.values_list("id", "standing", "assessed_until", "conditions_until")
    return [
        id for id, held, *days in rows if not rules.decide(Standing(held), days[0], today, days[1]).admitted
    ]


def _move(institution_id: str, to: Standing, *, actor: Actor, as_of: datetime) -> Card:
    with transaction.atomic():
        row = _locked(institution_id)
        here = Standing(row.standing)
        if to not in rules.TRANSITIONS[here]:
            raise NotAllowed(f"{institution_id}: 不能由“{here.label}”变为“{to.label}”")
        row.standing = to.value
        row.save(update_fields=["standing"])
        _journal(row, to.value, actor=actor, as_of=as_of)
    return _card(row)


def _locked(institution_id: str) -> Institution:
    row = Institution.objects.select_for_update(no_key=True).filter(pk=institution_id).first()
    if row is None:
        raise UnknownParty(f"没有接入机构“{institution_id}”")
    return row


def _journal(row: Institution, change: str, *, actor: Actor, as_of: datetime) -> None:
    entries.append(
        Kind.INSTITUTION_CHANGED, actor=actor, refs={"institution": row.id, "change": change}, as_of=as_of
    )


def _card(row: Institution) -> Card:
    return Card(
        id=row.id,
        name=row.name,
        uscc=row.uscc,
        kind=InstitutionKind(row.kind),
        standing=Standing(row.standing),
        assessed_until=row.assessed_until,
        daily_quota=row.daily_quota,
        contact=row.contact,
        cases_required=row.cases_required,
        conditions_until=row.conditions_until,
    )
