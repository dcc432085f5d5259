"""更正通知: whoever got that very record is told, signed, and owes an answer ((九)(十))."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from rongxin.consent import notifications
from rongxin.consent.rules import business_day
from rongxin.delivery.webhooks import rules as webhooks
from rongxin.disclosure.models import Outcome
from rongxin.governance import alarms
from rongxin.governance.rules import Kind as Alarm
from rongxin.journal import entries, keyring, sequencer
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Window
from rongxin.proof import jws
from rongxin.records import filing
from rongxin.records.rules import EndedWhy
from rongxin.rights import answers, corrections
from rongxin.rights.answers import Answer
from rongxin.rights.errors import CorrectionNotPossible, UnknownCorrection
from rongxin.rights.rules.correction import NOTICE_TYPE, Done, State
from rongxin.rights.rules.objection import Remedy
from rongxin.sharing.aggregation import withdrawal
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage as people
from tests.unit.rights.stage import Scene

ALL = Window(100)


def told(scene: Scene) -> int:
    sequencer.integrate()
    return corrections.follow(as_of=scene.now)


def ends(scene: Scene, record: int, why: EndedWhy = EndedWhy.REPAIRED) -> None:
    scene.days += 1
    filing.end([record], why, subject_id=scene.firm.id, ended_by="repair:1", actor=SYSTEM, as_of=scene.now)


def banker(scene: Scene, bank: str = "") -> Actor:
    return Actor(ActorKind.ACCOUNT, "7", f"institution:{bank or scene.bank}")


def of(bank: str) -> list[corrections.Card]:
    return list(corrections.of_recipient("institution", bank, ALL, owed_only=False).rows)


def test_who_got_the_record_is_told_and_nobody_else(scene: Scene) -> None:
    first, late = scene.bank, people.bank("bank_late")
    record = scene.fined("云罚〔2026〕1号")
    scene.asks()
    scene.asks(own=True)
    ends(scene, record)
    scene.fined("云罚〔2026〕2号")
    scene.asks(bank=late)  # sees another record of the same item
    assert told(scene) == 1
    (card,) = of(first)
    assert (card.record, card.why, card.state) == (record, EndedWhy.REPAIRED, State.OWED)
    assert of(late) == []
    assert told(scene) == 0


def test_the_notice_is_signed_and_names_requests_but_no_content(scene: Scene) -> None:
    record = scene.fined()
    request = scene.releases().id
    ends(scene, record)
    told(scene)
    (card,) = of(scene.bank)
    notice = jws.verify(card.notice, keyring.verifying_keys(), type=NOTICE_TYPE)
    assert [one["request"] for one in notice["requests"]] == [str(request)]
    assert (notice["record"], notice["why"], notice["act"]) == (record, "repaired", "repair:1")
    assert "5000" not in card.notice
    assert set(notice) >= {"due_on", "subject", "recipient", "to_do"}


def test_who_got_an_earlier_version_of_the_record_is_told_too(scene: Scene) -> None:
    scene.fined(fine="5000.00")
    scene.asks()
    record = scene.fined(fine="4000.00")
    ends(scene, record)
    assert told(scene) == 1
    assert len(of(scene.bank)) == 1


def test_what_was_right_when_it_was_given_calls_for_no_notice(scene: Scene) -> None:
    record = scene.fined(fine="5000.00")
    scene.asks()
    scene.fined(fine="4000.00")  # superseded
    assert told(scene) == 0
    ends(scene, scene.live()[-1], EndedWhy.PUBLICATION_ENDED)
    assert told(scene) == 0
    assert record


def test_an_upheld_objection_tells_them(scene: Scene) -> None:
    number = scene.objects(scene.fined(), "fine_cny")
    scene.asks()
    answer = Answer(True, "录入有误", Remedy.CORRECT, {"罚款金额": "1000.00"})
    answers.decide(number, answer, actor=scene.clerk, as_of=scene.now + timedelta(minutes=1))
    assert told(scene) == 1
    assert of(scene.bank)[0].why is EndedWhy.CORRECTED
    kinds = [one.kind for one in notifications.of_subject(scene.firm.id)]
    assert "corrections_sent" in kinds


def test_a_withdrawn_batch_tells_them_in_one_go(scene: Scene) -> None:
    from rongxin.records.models import Record

    record = scene.fined()
    scene.asks()
    batch = Record.objects.get(subject_id=scene.firm.id, id=record).batch_id
    withdrawal.withdraw(batch, actor=scene.clerk, as_of=scene.now + timedelta(minutes=1))
    assert told(scene) == 1
    assert of(scene.bank)[0].why is EndedWhy.WITHDRAWN


def test_an_outcome_of_before_records_were_noted_counts_by_item_and_time(scene: Scene) -> None:
    record = scene.fined()
    scene.asks()
    Outcome.objects.update(records=None)
    ends(scene, record)
    assert told(scene) == 1


def test_the_recipient_answers_once_and_nobody_for_it(scene: Scene) -> None:
    record = scene.fined()
    scene.asks()
    ends(scene, record)
    told(scene)
    (card,) = of(scene.bank)
    given = {"actor": banker(scene), "as_of": scene.now}
    with pytest.raises(UnknownCorrection):
        corrections.acknowledge(card.id, Done.DELETED, **(given | {"actor": banker(scene, "bank_x")}))
    done = corrections.acknowledge(card.id, Done.DELETED, note="已删除", **given)
    assert (done.state, done.done) == (State.ACKNOWLEDGED, Done.DELETED)
    with pytest.raises(CorrectionNotPossible):
        corrections.acknowledge(card.id, Done.DELETED, **given)
    (entry,) = entries.find(kinds=[Kind.CORRECTION_ACKNOWLEDGED])
    assert entry.refs["institution"] == scene.bank


def test_one_that_is_late_raises_one_alarm(scene: Scene) -> None:
    record = scene.fined()
    scene.asks()
    ends(scene, record)
    told(scene)
    (card,) = of(scene.bank)
    on_the_day = scene.now + (card.due_on - business_day(scene.now))
    assert corrections.note_overdue(as_of=on_the_day) == 0
    late = on_the_day + timedelta(days=1)
    assert corrections.note_overdue(as_of=late) == 1
    assert corrections.note_overdue(as_of=late) == 0
    sequencer.integrate()
    alarms.follow(as_of=late)
    assert [one.kind for one in alarms.every(waiting_only=True)] == [Alarm.CORRECTION_OVERDUE]


def test_institutions_hear_by_webhook_even_when_they_are_not_served(scene: Scene) -> None:
    record = scene.fined()
    scene.asks()
    ends(scene, record)
    told(scene)
    (entry,) = entries.find(kinds=[Kind.CORRECTION_OWED])
    what = webhooks.told(entry.kind, entry.refs)
    assert what is not None
    assert (what.type, what.party) == ("correction.owed", "institution")
    assert webhooks.data(what, entry.refs)["record"] == record
    assert "subject" not in webhooks.data(what, entry.refs)
    assert what.type in webhooks.TO_UNSERVED


def test_a_repeated_reading_of_the_news_tells_nobody_twice(scene: Scene) -> None:
    record = scene.fined()
    scene.asks()
    ends(scene, record)
    told(scene)
    place = corrections._places(entries.find(kinds=[Kind.RECORD_ENDED])[0])
    assert corrections._tell(place, as_of=scene.now) == 0
    assert len(of(scene.bank)) == 1
    assert replace(of(scene.bank)[0], note="") == of(scene.bank)[0]
