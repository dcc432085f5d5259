"""异议申诉: lodged by the firm, marked wherever the record goes, answered by its provider in time ((九))."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from rongxin.catalogue import loader
from rongxin.consent import notifications
from rongxin.delivery import verification
from rongxin.disclosure.release import Release
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Window
from rongxin.parties import providers
from rongxin.records.errors import UnknownRecord
from rongxin.records.models import Record
from rongxin.rights import answers, held, objections, papers
from rongxin.rights.answers import Answer
from rongxin.rights.errors import (
    ObjectionNotPossible,
    ObjectionRefused,
    PaperRefused,
    UnknownObjection,
)
from rongxin.rights.models import Objection, Paper
from rongxin.rights.rules.objection import Remedy, Route, State
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage as people
from tests.unit.rights import stage
from tests.unit.rights.stage import PENALTY, Scene, rows_of

REJECTED = Answer(False, "经核对原决定书，金额无误")
OPERATOR = Actor(ActorKind.ACCOUNT, "7", "operator:")


def marks_in(scene: Scene, **how: object) -> list[list[str]]:
    """Return for each row of the penalty which fields are marked ("" for all of it)."""
    rows = rows_of(scene.asks(**how))  # type: ignore[arg-type]
    return [[(one["field"] or {"name": ""})["name"] for one in row.get("marks", [])] for row in rows]


def test_the_next_report_bears_the_mark_and_still_proves_itself(scene: Scene) -> None:
    record = scene.fined()
    assert marks_in(scene) == [[]]
    scene.objects(record, "fine_cny")
    document = scene.asks()
    (row,) = rows_of(document)
    assert (row["record"], row["marks"][0]["kind"]["code"]) == (record, "objection")
    assert row["marks"][0]["field"] == {"name": "fine_cny", "label": "罚款金额"}
    assert verification.holds(document)
    del row["marks"]  # who takes the mark off breaks the proof
    assert not verification.holds(document)


def test_only_the_very_record_is_marked(scene: Scene) -> None:
    first = scene.fined("云罚〔2026〕1号")
    scene.fined("云罚〔2026〕2号")
    scene.objects(first)
    assert sorted(marks_in(scene)) == [[], [""]]
    assert sorted(marks_in(scene, own=True)) == [[], [""]]


def test_it_goes_to_the_provider_of_that_very_record_at_once(scene: Scene) -> None:
    card = objections.get(scene.objects(scene.fined()))
    assert (card.provider, card.state, card.route) == (stage.BUREAU, State.FORWARDED, Route.PROVIDER)
    assert card.due_on == people.TODAY + timedelta(days=1 + 20)
    (mine,) = objections.queue(Window(10), provider=stage.BUREAU).rows
    assert mine.id == card.id
    assert objections.queue(Window(10), provider="tax_bureau").rows == []


def test_the_route_follows_the_record_and_not_the_catalogue(scene: Scene) -> None:
    """A city's own platform handed this one in: it is asked, not whom the catalogue names."""
    how = {"department": "云州市", "items": [PENALTY], "actor": SYSTEM, "as_of": scene.now}
    providers.admit("yunzhou_platform", name="云州市平台", **how)  # type: ignore[arg-type]
    record = scene.fined(by="yunzhou_platform")
    assert objections.get(scene.objects(record)).provider == "yunzhou_platform"


def test_upheld_the_provider_corrects_the_record_and_the_mark_goes(scene: Scene) -> None:
    record = scene.fined()
    number = scene.objects(record, "fine_cny")
    answer = Answer(True, "录入有误，已更正", Remedy.CORRECT, {"罚款金额": "1000.00"})
    card = answers.decide(number, answer, actor=scene.clerk, as_of=scene.now)
    assert (card.state, card.reason) == (State.UPHELD, "录入有误，已更正")
    old = Record.objects.get(subject_id=scene.firm.id, id=record)
    assert old.ended_why == "corrected"
    (row,) = rows_of(scene.asks())
    fine = next(field["value"] for field in row["fields"] if field["name"] == "fine_cny")
    assert (fine, "marks" in row) == ("1000", False)


def test_upheld_by_removal_nothing_of_it_is_left(scene: Scene) -> None:
    number = scene.objects(scene.fined())
    answers.decide(number, Answer(True, "重复", Remedy.END), actor=scene.clerk, as_of=scene.now)
    assert rows_of(scene.asks()) == []


def test_rejected_the_record_stays_the_mark_goes_and_the_firm_is_told_why(scene: Scene) -> None:
    number = scene.objects(scene.fined())
    answers.decide(number, REJECTED, actor=scene.clerk, as_of=scene.now)
    assert marks_in(scene) == [[]]
    (told,) = [one for one in notifications.of_subject(scene.firm.id) if one.kind == "objection_decided"]
    assert "经核对原决定书" in told.text
    with pytest.raises(ObjectionNotPossible):
        answers.decide(number, REJECTED, actor=scene.clerk, as_of=scene.now)


def test_a_refused_remedy_leaves_objection_and_mark_as_they_were(scene: Scene) -> None:
    number = scene.objects(scene.fined())
    wrong = Answer(True, "更正", Remedy.CORRECT, {"没有的列": "1"})
    with pytest.raises(Exception, match="没有的列"):
        answers.decide(number, wrong, actor=scene.clerk, as_of=scene.now)
    assert objections.get(number).state is State.FORWARDED
    with pytest.raises(ObjectionRefused):
        answers.decide(number, Answer(True, "x", Remedy.AT_SOURCE), actor=scene.clerk, as_of=scene.now)
    assert marks_in(scene) == [[""]]


def test_the_mark_goes_along_when_the_record_is_superseded(scene: Scene) -> None:
    old = scene.fined(fine="5000.00")
    number = scene.objects(old)
    new = scene.fined(fine="4000.00")
    assert new != old
    assert marks_in(scene) == [[""]]
    answer = Answer(True, "x", Remedy.CORRECT, {"罚款金额": "1000.00"})
    answers.decide(number, answer, actor=scene.clerk, as_of=scene.now)
    assert Record.objects.get(subject_id=scene.firm.id, id=new).ended_why == "corrected"


def test_withdrawn_by_the_firm_the_mark_goes(scene: Scene) -> None:
    number = scene.objects(scene.fined())
    card = objections.withdraw(number, actor=scene.owner, as_of=scene.now)
    assert card.state is State.WITHDRAWN
    assert marks_in(scene) == [[]]


def test_nobody_else_may_lodge_answer_or_withdraw(scene: Scene) -> None:
    record = scene.fined()
    stranger = people.person()
    with pytest.raises(ObjectionNotPossible):
        objections.lodge(
            scene.firm.id,
            objections.Complaint(PENALTY, record, (), "x"),
            actor=stranger.actor,
            as_of=scene.now,
        )
    number = scene.objects(record)
    with pytest.raises(ObjectionNotPossible):
        objections.withdraw(number, actor=stranger.actor, as_of=scene.now)
    tax = replace(scene.clerk, party="provider:tax_bureau")
    with pytest.raises(UnknownObjection):
        answers.decide(number, REJECTED, actor=tax, as_of=scene.now)
    with pytest.raises(ObjectionNotPossible):  # the bureau has a desk here and is in time
        answers.decide(number, REJECTED, actor=OPERATOR, as_of=scene.now)


def test_anothers_record_and_one_that_is_over_are_no_grounds(scene: Scene) -> None:
    other = people.firm()
    theirs = scene.fined("云罚〔2026〕9号", firm=other)
    with pytest.raises(UnknownRecord):
        scene.objects(theirs)
    record = scene.fined()
    scene.objects(record)
    with pytest.raises(ObjectionNotPossible):
        scene.objects(record)


def test_the_clock_warns_then_escalates_once(scene: Scene) -> None:
    number = scene.objects(scene.fined())
    due = objections.get(number).due_on
    told = {}
    for ahead in (10, 7, 6, 2, 0, -1, -2):
        now = scene.now + (due - people.TODAY) - timedelta(days=ahead + scene.days)
        told[ahead] = objections.watch(as_of=now)
    assert told == {10: 0, 7: 1, 6: 0, 2: 1, 0: 0, -1: 1, -2: 0}
    assert objections.get(number).state is State.ESCALATED
    assert len(entries.find(subject=scene.firm.id, kinds=[Kind.OBJECTION_OVERDUE])) == 1
    answers.decide(number, REJECTED, actor=OPERATOR, as_of=scene.now)  # now the operator may enter it


@pytest.mark.parametrize("item", sorted(loader.load().own))
def test_what_is_the_platforms_own_goes_by_the_operator_s_hand(scene: Scene, item: str) -> None:
    number = scene.objects(None, item=item)
    row = Objection.objects.get(pk=number)
    assert (Route(row.route), State(row.state)) == (Route.OPERATOR, State.LODGED)
    told = held.everything(scene.firm.id, person="张建国", items=[item], actor=scene.owner, as_of=scene.now)
    assert isinstance(told, Release)
    assert [mark.kind.value for mark in told.items[0].marks] == ["objection"]


def test_a_court_s_list_goes_by_the_operator_s_hand_and_another_clock(scene: Scene) -> None:
    number = scene.objects(None, item=stage.COURT_LIST, statement="已履行完毕，应当删除")
    card = objections.get(number)
    assert (card.state, card.route, card.provider) == (State.LODGED, Route.OPERATOR, "peoples_court")
    assert card.due_on == people.TODAY + timedelta(days=15)
    objections.forward(number, "法函〔2026〕3号", actor=OPERATOR, as_of=scene.now)
    with pytest.raises(ObjectionRefused):  # no record is held here that could be corrected
        answers.decide(number, Answer(True, "x", Remedy.END), actor=OPERATOR, as_of=scene.now)
    answers.decide(number, Answer(True, "已删除", Remedy.AT_SOURCE), actor=OPERATOR, as_of=scene.now)
    assert objections.get(number).state is State.UPHELD


@pytest.mark.parametrize(
    ("name", "media_type", "content"),
    [
        ("a.pdf", "application/pdf", b"MZ not a pdf"),
        ("a.svg", "image/svg+xml", b"<svg/>"),
        ("a.pdf", "application/pdf", b"%PDF-1.7 /OpenAction << /JS (app.alert(1)) >>"),
        ("a.png", "image/png", b""),
        ("a.pdf", "application/pdf", b"%PDF-" + b"x" * (5 << 20)),
    ],
)
def test_evidence_that_is_not_what_it_says_is_refused(
    scene: Scene, name: str, media_type: str, content: bytes
) -> None:
    record = scene.fined()
    with pytest.raises(PaperRefused, match="第1个附件"):
        scene.objects(record, evidence=(papers.File(name, media_type, content),))
    assert not Objection.objects.exists()
    assert marks_in(scene) == [[]]


def test_statement_and_evidence_lie_sealed_and_are_bound_to_the_journal(scene: Scene) -> None:
    evidence = (papers.File("../收据\n.pdf", "application/pdf", stage.PDF),)
    number = scene.objects(scene.fined(), evidence=evidence)
    row, paper = Objection.objects.get(), Paper.objects.get()
    assert "罚款".encode() not in bytes(row.statement)
    assert stage.PDF not in bytes(paper.content)
    assert objections.statement_of(number) == "罚款已更正为一千元"
    card, content = papers.read(number, paper.id)
    assert (card.name, content) == ("..收据.pdf", stage.PDF)
    entry = entries.get(row.entry)
    assert set(entry.commitments) == {"said"}
    assert "罚款" not in json.dumps(entry.content, ensure_ascii=False)


def test_every_act_stands_in_the_journal(scene: Scene) -> None:
    number = scene.objects(scene.fined())
    answers.decide(number, REJECTED, actor=scene.clerk, as_of=scene.now)
    kinds = [Kind.OBJECTION_LODGED, Kind.OBJECTION_FORWARDED, Kind.OBJECTION_DECIDED, Kind.RECORD_MARKED]
    found = entries.find(subject=scene.firm.id, kinds=kinds)
    said = sorted((one.kind.value, str(one.refs.get("change", ""))) for one in found)
    assert said == [
        ("objection.decided", ""),
        ("objection.forwarded", ""),
        ("objection.lodged", ""),
        ("record.marked", "cleared"),
        ("record.marked", "set"),
    ]
