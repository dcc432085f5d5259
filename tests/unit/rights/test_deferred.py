"""An answer that waited to be collected leaves as things stand then: marked, or without what was repaired."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from rongxin.disclosure import deferred
from rongxin.disclosure.release import Recipient, ReleasedItem, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.records import filing
from rongxin.records.rules import EndedWhy
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.purpose import Purpose
from tests.unit.rights.stage import PENALTY, Scene


def waiting(scene: Scene) -> UUID:
    request = Request(
        recipient=Recipient(RecipientKind.INSTITUTION, scene.bank, "银行", "clerk-7"),
        uscc=scene.firm.uscc,
        items=(PENALTY,),
        purpose=Purpose.FINANCING_SUPPORT,
        reference="DK-1",
    )
    actor = Actor(ActorKind.ACCOUNT, "7", f"institution:{scene.bank}")
    taken = deferred.defer(request, actor=actor, as_of=scene.now)
    assert isinstance(taken, deferred.Progress)
    assert deferred.fetch_next(as_of=scene.now)
    return taken.request


def collected(scene: Scene, request: UUID) -> ReleasedItem:
    answer = deferred.collect(request, institution=scene.bank, as_of=scene.now + timedelta(minutes=2))
    assert not hasattr(answer, "reason"), answer
    (item,) = answer.items  # type: ignore[union-attr]
    return item


def test_an_objection_lodged_meanwhile_marks_it(scene: Scene) -> None:
    record = scene.fined()
    request = waiting(scene)
    scene.objects(record)
    (row,) = collected(scene, request).rows
    assert [one.field for one in row.marks] == [""]


def test_what_was_repaired_meanwhile_does_not_leave(scene: Scene) -> None:
    gone, stays = scene.fined("云罚〔2026〕1号"), scene.fined("云罚〔2026〕2号")
    request = waiting(scene)
    act = {"subject_id": scene.firm.id, "ended_by": "repair:1", "actor": SYSTEM}
    filing.end([gone], EndedWhy.REPAIRED, as_of=scene.now + timedelta(minutes=1), **act)  # type: ignore[arg-type]
    assert [row.record_id for row in collected(scene, request).rows] == [stays]


def test_where_nothing_is_left_it_says_so(scene: Scene) -> None:
    gone = scene.fined()
    request = waiting(scene)
    act = {"subject_id": scene.firm.id, "ended_by": "repair:1", "actor": SYSTEM}
    filing.end([gone], EndedWhy.REPAIRED, as_of=scene.now + timedelta(minutes=1), **act)  # type: ignore[arg-type]
    item = collected(scene, request)
    assert (item.rows, item.availability) == ((), Availability.NO_RECORD)
