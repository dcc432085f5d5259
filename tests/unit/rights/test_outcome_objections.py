"""异议 to one step that an institution told of a firm's loan: marked, carried and answered ((九))."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rongxin.catalogue.loader import PLATFORM
from rongxin.disclosure.told import INSTITUTION, OUTCOME
from rongxin.financing import outcomes
from rongxin.journal.models import Entry
from rongxin.journal.windows import Window
from rongxin.records.errors import UnknownRecord
from rongxin.rights import answers, objections
from rongxin.rights.answers import Answer
from rongxin.rights.errors import ObjectionNotPossible, ObjectionRefused, UnknownObjection
from rongxin.rights.objections import Complaint
from rongxin.rights.rules.objection import Remedy, Route, State
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage
from tests.unit.financing.test_rules import PAID
from tests.unit.rights.stage import Scene
from tests.unit.rights.test_outcome_corrections import (
    LENDER,
    REFERENCE,
    asks,
    corrects,
    firm,
    later,
    of,
    told,
)

__all__ = ["firm"]  # the scene's firm with its running loan
BANK = Actor(ActorKind.ACCOUNT, "7", f"institution:{LENDER}")
AT_SOURCE = Answer(True, "银行已更正", Remedy.AT_SOURCE)


def numbers(answer: Any) -> dict[str, int]:
    return {row.fields["stage"].value: row.record_id for row in answer.items[0].rows}


def marked(answer: Any) -> set[str]:
    return {row.fields["stage"].value for row in answer.items[0].rows if row.marks}


def objects(scene: Scene, firm: stage.Firm, record: int | None, *fields: str, item: str = OUTCOME) -> Any:
    complaint = Complaint(item, record, fields, "从未逾期")
    return objections.lodge(firm.id, complaint, actor=scene.owner, as_of=later())


def test_the_mark_stands_beside_that_step_alone_and_it_goes_at_once_to_who_told_it(scene, firm):
    card = objects(scene, firm, numbers(asks(firm, scene.bank, OUTCOME))["还款情况"], "overdue_days")
    assert (card.provider, card.institution, card.route) == (PLATFORM, LENDER, Route.PROVIDER)
    assert objections.get(card.id).state is State.FORWARDED
    assert [one.id for one in objections.queue(Window(9), institution=LENDER).rows] == [card.id]
    assert objections.queue(Window(9), institution=scene.bank).rows == []
    assert Entry.objects.filter(pk=card.entry, institution=LENDER).exists()
    assert marked(asks(firm, stage.bank("bank_next"), OUTCOME)) == {"还款情况"}


def test_who_told_it_reads_that_its_own_answer_is_awaited(scene, firm):
    card = objects(scene, firm, numbers(asks(firm, scene.bank, OUTCOME))["还款情况"])
    day = later().date()
    found = objections.get(card.id)
    words = [found.document(on=day, reader=reader)["state_label"] for reader in (LENDER, "", scene.bank)]
    assert words == ["待本机构答复", "待反馈机构答复", "待反馈机构答复"]
    assert found.document(on=day)["state"] == "forwarded"
    decided = answers.decide(card.id, Answer(False, "借据为证"), actor=BANK, as_of=later())
    assert decided.document(on=day, reader=LENDER)["state_label"] == State.REJECTED.label


def test_it_is_upheld_only_when_the_institution_has_put_it_right_and_the_mark_goes_along(scene, firm):
    record = numbers(asks(firm, scene.bank, OUTCOME))["还款情况"]
    card, desk = objects(scene, firm, record), BANK
    with pytest.raises(ObjectionRefused, match="先更正或撤回"):
        answers.decide(card.id, AT_SOURCE, actor=desk, as_of=later())
    corrects(overdue_days=0, outstanding_cny=PAID.outstanding_cny - 1)
    got = asks(firm, stage.bank("bank_between"), OUTCOME)
    assert numbers(got)["还款情况"] != record
    assert marked(got) == {"还款情况"}
    with pytest.raises(ObjectionRefused, match="at_source"):
        answers.decide(card.id, replace(AT_SOURCE, remedy=Remedy.END), actor=desk, as_of=later())
    assert answers.decide(card.id, AT_SOURCE, actor=desk, as_of=later()).state is State.UPHELD
    assert marked(asks(firm, stage.bank("bank_after"), OUTCOME)) == set()
    assert told() > 0
    assert {one.record for one in of(scene.bank)} == {record}


def test_a_step_taken_back_is_enough_and_a_rejection_leaves_it(scene, firm):
    desk = BANK
    rows = numbers(asks(firm, scene.bank, OUTCOME))
    wrong, right = objects(scene, firm, rows["还款情况"]), objects(scene, firm, rows["已放款"])
    late = next(one for one in outcomes.of_reference(LENDER, REFERENCE) if one.told.stage == "repayment")
    outcomes.withdraw(late.id, LENDER, "记错了企业", actor=SYSTEM, as_of=later())
    answers.decide(wrong.id, AT_SOURCE, actor=desk, as_of=later())
    answers.decide(right.id, Answer(False, "借据为证"), actor=desk, as_of=later())
    got = asks(firm, stage.bank("bank_after"), OUTCOME)
    assert set(numbers(got)) == {"已受理", "已批准", "已放款"}
    assert marked(got) == set()


def test_what_is_no_step_of_the_firms_that_counts_is_refused(scene, firm):
    rows = numbers(asks(firm, scene.bank, OUTCOME))
    objects(scene, firm, rows["已放款"])
    with pytest.raises(ObjectionNotPossible):
        objects(scene, firm, rows["已放款"])
    for unknown in (1, rows["已批准"] ^ 1, 2**62):
        with pytest.raises(UnknownRecord):
            objects(scene, firm, unknown)
    names = asks(firm, stage.bank("bank_names"), INSTITUTION).items[0].rows
    with pytest.raises(ObjectionRefused, match="融资结果反馈"):
        objects(scene, firm, names[0].record_id, item=INSTITUTION)
    corrects(overdue_days=7)
    with pytest.raises(ObjectionRefused, match="已由反馈机构更正"):
        objects(scene, firm, rows["还款情况"])


def test_another_firms_step_is_as_good_as_unknown(scene, firm):
    other = stage.firm("云州白鹭商贸有限公司")
    case = stage.case(other, LENDER, "DK-OTHER")
    line = outcomes.Line(1, case, outcomes.of_reference(LENDER, REFERENCE)[0].told)
    number = outcomes.tell(LENDER, [line], actor=SYSTEM, as_of=stage.NOW).accepted[1]
    with pytest.raises(UnknownRecord):
        objects(scene, firm, outcomes.record_of(number))


def test_the_operator_answers_only_what_is_late_and_another_institution_nothing(scene, firm):
    (desk,) = stage.operators(1)
    card = objects(scene, firm, numbers(asks(firm, scene.bank, OUTCOME))["已放款"])
    no = Answer(False, "借据为证")
    other = Actor(ActorKind.ACCOUNT, "8", f"institution:{scene.bank}")
    with pytest.raises(UnknownObjection):
        answers.decide(card.id, no, actor=other, as_of=later())
    with pytest.raises(ObjectionNotPossible):
        answers.decide(card.id, no, actor=desk, as_of=later())
    late = stage.NOW + timedelta(days=60)
    assert objections.watch(as_of=late) == 1
    assert answers.decide(card.id, no, actor=desk, as_of=late).state is State.REJECTED
