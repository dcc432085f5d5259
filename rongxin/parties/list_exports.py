"""Lists that leave as files: counted before they leave, journalled, traced back from their mark ((十)).

An institution's count towards its limits of exports, together with its reports; everybody else's towards the
dated limits of `parameters/list_exports_*.yaml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone
from pydantic import Field

from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import quotas
from rongxin.parties.errors import PartiesError
from rongxin.parties.list_models import ListExport
from rongxin.parties.quotas import Asker
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary import edition
from rongxin.vocabulary.actor import Actor

PARAMETERS = Path(__file__).parent / "parameters"


class ExportsExhausted(PartiesError):
    """今日可导出的文件已用完；请明日再导出，或在页面上查看。"""

    code = "list_exports_exhausted"


class InvalidListLimits(PartiesError):
    """A file of limits of lists can't be used as it stands."""

    code = "invalid_list_limits"


class Limits(edition.Edition):
    """The numbers of one edition."""

    rows_max: int = Field(ge=1)
    person_day: int = Field(ge=0)
    party_day: int = Field(ge=0)
    kept_searches: int = Field(ge=0)


@dataclass(frozen=True)
class Whose:
    """Who works with a list: the account, the person's name, and the party for which they act."""

    account: int
    person: str
    kind: PartyKind
    party: str


@dataclass(frozen=True)
class Taken:
    """A list that left: what its mark leads back to."""

    number: UUID
    whose: Whose
    list: str
    searched: str
    rows: int
    sha256: str
    taken_at: datetime
    entry: UUID


def take(
    number: UUID,
    whose: Whose,
    *,
    list: str,
    searched: str,
    rows: int,
    sha256: str,
    actor: Actor,
    as_of: datetime,
) -> Taken:
    """Count and journal a file before it leaves; raises `ExportsExhausted` where a limit is used up."""
    with transaction.atomic():
        _count(whose, as_of=as_of)
        refs: dict[str, str | int] = {"export": str(number), "list": list, "rows": rows}
        if whose.kind in (PartyKind.INSTITUTION, PartyKind.SUBJECT):
            refs[whose.kind.value] = whose.party
        entry = entries.append(
            Kind.LIST_EXPORTED, actor=actor, refs=refs, commitments={"file": sha256}, as_of=as_of
        )
        row = ListExport.objects.create(
            id=number,
            account_id=whose.account,
            person=whose.person,
            party_kind=whose.kind.value,
            party=whose.party,
            list=list,
            searched=searched[:1000],
            rows=rows,
            sha256=sha256,
            taken_at=as_of,
            entry=entry.id,
        )
    return _taken(row)


def trace(number: UUID, *, actor: Actor, as_of: datetime) -> Taken | None:
    """Return whose file a mark leads to, None where it leads to no list; the look is journalled."""
    row = ListExport.objects.filter(pk=number).first()
    if row is None:
        return None
    entries.append(Kind.REPORT_TRACED, actor=actor, refs={"export": str(number)}, as_of=as_of)
    return _taken(row)


def limits(on: date) -> Limits:
    """Return the limits in force on a day."""
    return edition.in_force(_editions(), on)


@cache
def _editions() -> tuple[Limits, ...]:
    return edition.read(PARAMETERS, "list_exports_*.yaml", Limits, broken=InvalidListLimits)


def _count(whose: Whose, *, as_of: datetime) -> None:
    if whose.kind is PartyKind.INSTITUTION:
        taken = quotas.take_export(Asker(whose.party, "", whose.person, export=True), as_of=as_of)
        if taken.reason is not None:
            raise ExportsExhausted(taken.reason.label)
        return
    # Held until the transaction ends: two files at a time can't both be the last one.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext(%s))", [f"list_export {whose.kind} {whose.party}"]
        )
    midnight = timezone.localtime(as_of).replace(hour=0, minute=0, second=0, microsecond=0)
    today = ListExport.objects.filter(
        party_kind=whose.kind.value,
        party=whose.party,
        taken_at__gte=midnight,
        taken_at__lt=midnight + timedelta(days=1),
    )
    most = limits(midnight.date())
    if today.count() >= most.party_day or today.filter(account=whose.account).count() >= most.person_day:
        raise ExportsExhausted(ExportsExhausted.__doc__)


def _taken(row: ListExport) -> Taken:
    whose = Whose(row.account_id, row.person, PartyKind(row.party_kind), row.party)
    return Taken(row.id, whose, row.list, row.searched, row.rows, row.sha256, row.taken_at, row.entry)
