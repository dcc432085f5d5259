"""A provider is told how many objected to what it handed in, and what became of it ((六)(九))."""

from __future__ import annotations

from datetime import timedelta

from rongxin.rights import answers, feedback, objections
from rongxin.rights.answers import Answer
from tests.unit.rights import stage
from tests.unit.rights.stage import COURT_LIST, PENALTY, Scene


def test_objections_are_counted_by_item_and_by_what_became_of_them(scene: Scene) -> None:
    first, second = scene.fined("云罚〔2026〕1号"), scene.fined("云罚〔2026〕2号")
    rejected, _ = scene.objects(first), scene.objects(second)
    answers.decide(rejected, Answer(False, "无误"), actor=scene.clerk, as_of=scene.now)
    scene.objects(None, item=COURT_LIST, statement="已履行")
    objections.watch(as_of=scene.now + timedelta(days=40))
    (told,) = feedback.of(stage.BUREAU, "2026-03", as_of=scene.now)["objections"]
    assert (told["item"], told["lodged"], told["rejected"], told["open"], told["late"]) == (
        PENALTY,
        2,
        1,
        1,
        1,
    )
    assert feedback.counts(stage.BUREAU, "2026-04") == []
    (court,) = feedback.counts("peoples_court", "2026-03")
    assert (court["item"], court["lodged"]) == (COURT_LIST, 1)
    assert str(scene.firm.id) not in str(told)
