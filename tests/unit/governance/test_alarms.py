"""Alarms come from the journal, wait for the operator and are acknowledged once, with a word."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from rongxin.financing.applying import answers, worklist
from rongxin.governance import alarms
from rongxin.governance.errors import AlreadyAcknowledged, GovernanceError, NotTheOperators, UnknownAlarm
from rongxin.governance.rules import RAISED_BY, Kind
from rongxin.journal import entries, sequencer
from rongxin.journal.rules import Kind as Entry
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage
from tests.unit.financing import desk, shelf

pytestmark = pytest.mark.django_db(transaction=True)
OPERATOR = Actor(ActorKind.ACCOUNT, "7", "operator:")
REFS = {"consent": "c-1", "institution": "bank_a", "subject": 1, "due_on": "2026-03-17"}


def raised(kind: Entry = Entry.DELETION_OVERDUE) -> alarms.Card:
    entries.append(kind, actor=SYSTEM, refs=REFS, as_of=stage.NOW)
    entries.append(Entry.DEMO_NOTE, actor=SYSTEM, refs={}, as_of=stage.NOW)
    sequencer.integrate()
    alarms.follow(as_of=stage.NOW + timedelta(minutes=1))
    return next(one for one in alarms.every(waiting_only=True) if one.kind is RAISED_BY[kind])


def test_every_kind_is_raised_by_one_kind_of_entry():
    assert sorted(RAISED_BY.values()) == sorted(Kind)
    for entry, kind in RAISED_BY.items():
        assert raised(entry).kind is kind


def test_an_alarm_holds_the_ids_of_its_entry_and_no_more():
    alarm = raised()
    assert (alarm.refs, alarm.happened_at) == (REFS, stage.NOW)
    assert entries.get(alarm.entry).refs == REFS


def test_the_operator_acknowledges_once_with_a_note_and_it_is_journalled():
    alarm = raised()
    late = stage.NOW + timedelta(hours=1)
    seen = alarms.acknowledge(alarm.id, note="已电话督促 13900139000", actor=OPERATOR, as_of=late)
    assert (seen.acknowledged_at, seen.acknowledged_by) == (late, str(OPERATOR))
    assert "139" not in seen.note
    assert alarms.every(waiting_only=True) == []
    assert alarms.every(waiting_only=False) == [seen]
    (entry,) = entries.find(kinds=[Entry.ALARM_ACKNOWLEDGED])
    assert entry.refs["alarm"] == str(alarm.id)
    with pytest.raises(AlreadyAcknowledged, match="7"):
        alarms.acknowledge(alarm.id, note="again", actor=OPERATOR, as_of=late)


@pytest.mark.parametrize("party", ["institution:bank_a", "subject:1", "provider:tax_bureau", ""])
def test_nobody_but_the_operator_acknowledges(party: str):
    alarm = raised()
    with pytest.raises(NotTheOperators):
        alarms.acknowledge(alarm.id, note="x", actor=Actor(ActorKind.ACCOUNT, "7", party), as_of=stage.NOW)
    assert alarms.every(waiting_only=True) == [alarm]


def test_an_acknowledgement_without_a_word_or_an_alarm_is_none():
    alarm = raised()
    with pytest.raises(GovernanceError, match="处置"):
        alarms.acknowledge(alarm.id, note="  ", actor=OPERATOR, as_of=stage.NOW)
    with pytest.raises(UnknownAlarm):
        alarms.acknowledge(uuid4(), note="x", actor=OPERATOR, as_of=stage.NOW)


def test_a_late_first_answer_to_an_application_alarms_the_operator_once_and_an_answered_one_never():
    stage.bank()
    late, answered = (desk.submitted(stage.firm(), first_answer_days=1) for _ in range(2))
    answers.take_up(answered.id, actor=shelf.clerk("bank_a"), as_of=stage.NOW)
    for days in (0, 1, 4, 5):
        worklist.watch(as_of=stage.NOW + timedelta(days=days))
        sequencer.integrate()
        alarms.follow(as_of=stage.NOW + timedelta(days=days))
        assert len(alarms.every(waiting_only=True)) == (days > 1)
    (alarm,) = alarms.every(waiting_only=True)
    assert alarm.kind is Kind.ANSWER_OVERDUE
    assert alarm.refs == {
        "application": str(late.id),
        "institution": "bank_a",
        "due_on": late.due_on.isoformat(),
    }
