"""A push bears the marks of objections and repairs, from the run after the commit on ((九))."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from django.db import transaction

from rongxin.records import marks
from rongxin.records.rules import MarkKind
from tests.unit.consent.stage import Firm
from tests.unit.delivery.push import stage
from tests.unit.records.conftest import CLERK, Bureau

pytestmark = pytest.mark.django_db(transaction=True)
Scene = tuple[Firm, Firm, Bureau]


def marked(firm: Firm, record: int, *fields: str) -> UUID:
    act, how = uuid4(), {"kind": MarkKind.OBJECTION, "actor": CLERK, "as_of": stage.later()}
    with transaction.atomic():
        marks.put(firm.id, stage.PENALTY, record, fields, act=act, **how)  # type: ignore[arg-type]
    return act


def test_the_next_increment_gives_the_marked_row_and_later_the_unmarked_one(scene: Scene) -> None:
    firm, _, _ = scene
    held: stage.Held = {}
    subscription = stage.subscription()
    stage.acknowledged(subscription, held)
    (record,) = [number for (_, number), row in held.items() if row["_uscc"] == firm.uscc]
    act = marked(firm, record)
    made = stage.acknowledged(subscription, held)
    assert (made.rows, held[stage.PENALTY, record]["_marks"]) == (1, "objection")
    assert {row["_marks"] for (_, number), row in held.items() if number != record} == {None}
    marks.clear(act, actor=CLERK, as_of=stage.later())
    made = stage.acknowledged(subscription, held)
    assert (made.rows, held[stage.PENALTY, record]["_marks"]) == (1, None)


def test_a_mark_on_a_field_that_does_not_leave_is_not_told(scene: Scene) -> None:
    firm, _, _ = scene
    held: stage.Held = {}
    subscription = stage.subscription()
    stage.acknowledged(subscription, held)
    (record,) = [number for (_, number), row in held.items() if row["_uscc"] == firm.uscc]
    marked(firm, record, "fine_cny", "legal_representative_id_number")
    stage.acknowledged(subscription, held)
    assert held[stage.PENALTY, record]["_marks"] == "objection:fine_cny"
