"""Rights in a divided database: the web takes in and answers, the worker tells, forwards and follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
from pytest_django import Settings

from rongxin.entrypoints.database.declared import Role
from rongxin.financing import outcomes
from rongxin.journal import sequencer
from rongxin.journal.windows import Window
from rongxin.parties.rules.membership import Role as Post
from rongxin.records import filing, marks
from rongxin.records.rules import EndedWhy
from rongxin.rights import corrections, objections, repairs, uses, window_decisions
from rongxin.rights.rules.correction import Done
from rongxin.rights.rules.repair import Decision, Outcome
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage as people
from tests.unit.entrypoints.database.stage import Division
from tests.unit.financing.test_rules import RECEIVED
from tests.unit.rights import stage
from tests.unit.rights.stage import Scene
from tests.unit.rights.test_repairs import asked

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def scene(tmp_path: Path, settings: Settings) -> Scene:
    settings.RONGXIN_VAR = tmp_path / "var"
    settings.RONGXIN_REPAIR_WINDOW = f"file:{tmp_path}/window"
    return stage.opened(tmp_path)


def test_the_worker_tells_and_the_recipient_answers_through_the_web(division: Division, scene: Scene) -> None:
    record, late = scene.fined(), scene.now + timedelta(days=60)
    with division.process(Role.WEB):
        scene.asks()
        assert len(uses.of_subject(scene.firm.id, limit=9, as_of=scene.now)) == 1
    how = {"subject_id": scene.firm.id, "ended_by": "repair:1", "actor": SYSTEM}
    with division.process(Role.WORKER):
        filing.end([record], EndedWhy.REPAIRED, as_of=scene.now + timedelta(minutes=1), **how)  # type: ignore[arg-type]
        sequencer.integrate()
        assert corrections.follow(as_of=scene.now) == 1
        assert corrections.note_overdue(as_of=late) == 1
    with division.process(Role.WEB):
        (card,) = corrections.of_recipient("institution", scene.bank, Window(9), owed_only=True).rows
        teller = Actor(ActorKind.ACCOUNT, "7", f"institution:{scene.bank}")
        assert (
            corrections.acknowledge(card.id, Done.DELETED, actor=teller, as_of=scene.now).done is Done.DELETED
        )


def test_the_worker_forwards_warns_and_follows(division: Division, scene: Scene) -> None:
    scene.objects(None, item=stage.COURT_LIST, statement="已履行")
    number, late = asked(scene, scene.fined()), scene.now + timedelta(days=60)
    first, second = people.operators(role=Post.CHECKER)
    with division.process(Role.WORKER):
        assert repairs.forward_waiting(as_of=scene.now) == 1
        assert repairs.note_silence(as_of=late) == 1
        assert objections.watch(as_of=late) == 1
        assert window_decisions.fetch(as_of=late) == 0
    with division.process(Role.WEB):
        decision = Decision(str(number), Outcome.REFUSED, "市场监管局", "1号", date(2026, 3, 5), "期限未满")
        window_decisions.enter(decision, actor=first, as_of=scene.now)
        window_decisions.confirm(number, actor=second, as_of=scene.now)


def test_the_web_takes_an_objection_to_a_told_step_and_its_correction_in(
    division: Division, scene: Scene
) -> None:
    bank = people.bank("bank_told")
    case = people.case(scene.firm, bank, "DK-1")
    with division.process(Role.WEB):
        line = outcomes.Line(1, case, RECEIVED)
        taken = outcomes.tell(bank, [line], actor=SYSTEM, as_of=scene.now)
        number = outcomes.record_of(taken.accepted[1])
        card = scene.objects(number, item=outcomes.ITEM, statement="没有申请过")
        assert objections.get(card).institution == bank
        better = replace(RECEIVED, on=RECEIVED.on - timedelta(days=1))
        outcomes.correct(taken.accepted[1], bank, better, "日期笔误", actor=SYSTEM, as_of=scene.now)
        (mark,) = marks.standing([scene.firm.id])
        assert (mark.act, mark.record == number) == (card, False)


def test_the_web_can_neither_tell_nor_unsay(division: Division) -> None:
    with division.connected(Role.WEB) as web:
        for act in (
            "UPDATE rights_objection SET statement = ''",
            "DELETE FROM rights_objection",
            "UPDATE rights_paper SET content = ''",
            "DELETE FROM rights_correction",
            "UPDATE rights_correction SET notice = ''",
            "UPDATE records_mark SET record_id = 1",
            "DELETE FROM records_mark",
            "UPDATE rights_usehold SET until = now()",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                web.execute(act)
