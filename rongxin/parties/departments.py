"""政府部门: taken in by the operator, so that mandates and keys can be given in its name ((五))."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties.errors import AlreadyKnown, UnknownParty
from rongxin.parties.models import Department
from rongxin.vocabulary.actor import Actor


@dataclass(frozen=True)
class Card:
    """What others may know of a department."""

    id: str
    name: str


def admit(id: str, *, name: str, actor: Actor, as_of: datetime) -> Card:
    """Take in a department; it sees nothing before a mandate is granted to it."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                Department(id=id, name=name).save(force_insert=True)
        except IntegrityError as error:
            raise AlreadyKnown(f"{id}：该部门已登记") from error
        entries.append(
            Kind.DEPARTMENT_CHANGED, actor=actor, refs={"department": id, "change": "admitted"}, as_of=as_of
        )
    return Card(id, name)


def get(department_id: str) -> Card:
    """Return a department; UnknownParty where there is none."""
    row = Department.objects.filter(pk=department_id).first()
    if row is None:
        raise UnknownParty(f"没有部门“{department_id}”")
    return Card(row.id, row.name)


def every() -> list[Card]:
    """Return all departments by name."""
    return [Card(row.id, row.name) for row in Department.objects.order_by("name", "id")]
