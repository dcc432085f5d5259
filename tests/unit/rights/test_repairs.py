"""信用修复: taken in, forwarded, followed; granted, the record is gone everywhere at once (令第36号)."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from pytest_django import Settings

from rongxin.consent import notifications
from rongxin.governance import alarms
from rongxin.governance.rules import Kind as Alarm
from rongxin.journal import keyring, sequencer
from rongxin.parties.errors import NotAllowed
from rongxin.proof import jws
from rongxin.proof.keys import SigningKey
from rongxin.records.models import Record
from rongxin.rights import corrections, papers, repairs, window_decisions
from rongxin.rights.errors import ObjectionNotPossible, RepairNotPossible, RepairRefused
from rongxin.rights.repairs import Wish
from rongxin.rights.rules.repair import (
    DECISION_TYPE,
    OWNERS,
    REQUEST_TYPE,
    TRANSITIONS,
    Act,
    Decision,
    Material,
    Outcome,
    Severity,
    State,
    period,
)
from tests.unit.consent import stage as people
from tests.unit.rights import stage
from tests.unit.rights.stage import Scene, rows_of

PROOF = papers.File("缴款书.pdf", "application/pdf", stage.PDF, Material.FULFILMENT_PROOF.value)
COMMITMENT = papers.File("承诺书.pdf", "application/pdf", b"%PDF-1.7 c", Material.CREDIT_COMMITMENT.value)


@pytest.fixture
def window(tmp_path: Path, settings: Settings) -> tuple[Path, SigningKey]:
    """A window by files, with a key of its own that this node knows."""
    key, box = SigningKey.generate("window"), tmp_path / "window"
    (tmp_path / "window.pub.pem").write_text(key.public.pem())
    (box / "in").mkdir(parents=True)
    settings.RONGXIN_REPAIR_WINDOW = f"file:{box}"
    settings.RONGXIN_REPAIR_WINDOW_KEY = str(tmp_path / "window.pub.pem")
    return box, key


def asked(scene: Scene, record: int, **changes: Any) -> UUID:
    given = {
        "record": record,
        "severity": Severity.GENERAL,
        "statement": "罚款已缴清",
        "materials": (PROOF, COMMITMENT),
    }
    return repairs.request(scene.firm.id, Wish(**given | changes), actor=scene.owner, as_of=scene.now).id


def decision(number: UUID, outcome: Outcome = Outcome.GRANTED) -> Decision:
    return Decision(str(number), outcome, "云州市市场监管局", "修决〔2026〕1号", date(2026, 3, 5), "已履行")


def decides(box: Path, key: SigningKey, made: Decision, name: str = "1") -> None:
    (box / "in" / f"{name}.jws").write_text(jws.sign(made.as_json(), key, type=DECISION_TYPE))


def test_every_state_of_a_request_has_its_ways() -> None:
    assert set(TRANSITIONS) == set(State)
    assert set(OWNERS) == set(Act)
    assert {OWNERS[act] for act in (Act.GRANT, Act.REFUSE, Act.RETURN)} == {"window"}


def test_the_request_goes_to_the_window_signed_with_its_materials(
    scene: Scene, window: tuple[Path, SigningKey]
) -> None:
    number = asked(scene, scene.fined())
    assert repairs.get(number).state is State.REQUESTED
    assert repairs.forward_waiting(as_of=scene.now) == 1
    out = window[0] / "out" / str(number)
    token = (out / "request.jws").read_text()
    told = jws.verify(token, keyring.verifying_keys(), type=REQUEST_TYPE)
    assert (told["severity"], told["subject"]["uscc"]) == ("general", scene.firm.uscc)
    assert {f"{one['sha256']}.pdf" for one in told["materials"]} | {"request.jws"} == {
        path.name for path in out.iterdir()
    }
    assert repairs.forward_waiting(as_of=scene.now) == 0
    assert repairs.get(number).state is State.FORWARDED


def test_granted_the_record_is_gone_at_once_and_its_recipients_are_told(
    scene: Scene, window: tuple[Path, SigningKey]
) -> None:
    record = scene.fined()
    number = asked(scene, record)
    (row,) = rows_of(scene.asks())
    assert row["marks"][0]["kind"]["code"] == "repair"
    repairs.forward_waiting(as_of=scene.now)
    decides(*window, decision(number))
    assert window_decisions.fetch(as_of=scene.now + timedelta(minutes=1)) == 1
    assert rows_of(scene.asks()) == []
    old = Record.objects.get(subject_id=scene.firm.id, id=record)
    assert (old.ended_why, old.ended_by) == ("repaired", f"repair:{number}")
    sequencer.integrate()
    assert corrections.follow(as_of=scene.now) == 1
    kinds = [one.kind for one in notifications.of_subject(scene.firm.id)]
    assert kinds[:2] == ["corrections_sent", "repair_decided"]
    assert window_decisions.fetch(as_of=scene.now) == 0
    assert not list((window[0] / "in").iterdir())


def test_a_later_full_export_does_not_bring_it_back(scene: Scene, window: tuple[Path, SigningKey]) -> None:
    number = asked(scene, scene.fined())
    repairs.forward_waiting(as_of=scene.now)
    decides(*window, decision(number))
    window_decisions.fetch(as_of=scene.now + timedelta(minutes=1))
    with pytest.raises(AssertionError):  # the batch accepts nothing: the row is barred
        scene.fined(fine="4999.00")
    assert rows_of(scene.asks()) == []


def test_the_platform_does_not_decide(scene: Scene, window: tuple[Path, SigningKey]) -> None:
    """Forged, unsigned or for another request: nothing changes."""
    record = scene.fined()
    number = asked(scene, record)
    repairs.forward_waiting(as_of=scene.now)
    forger = SigningKey.generate("forger")
    decides(window[0], forger, decision(number), "a")
    decides(window[0], keyring.node_key(), decision(number), "b")
    (window[0] / "in" / "c.jws").write_text("nonsense")
    window_decisions.fetch(as_of=scene.now)
    assert repairs.get(number).state is State.FORWARDED
    assert scene.live() == [record]


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.RETURNED])
def test_refused_or_returned_the_record_stays_and_the_firm_is_told_why(
    scene: Scene, window: tuple[Path, SigningKey], outcome: Outcome
) -> None:
    record = scene.fined()
    number = asked(scene, record)
    repairs.forward_waiting(as_of=scene.now)
    decides(*window, decision(number, outcome))
    window_decisions.fetch(as_of=scene.now)
    assert repairs.get(number).state.value == outcome.value
    assert "marks" not in rows_of(scene.asks())[0]
    assert "已履行" in notifications.of_subject(scene.firm.id)[0].text


def test_two_persons_enter_what_comes_unsigned(scene: Scene, window: tuple[Path, SigningKey]) -> None:
    number = asked(scene, scene.fined())
    repairs.forward_waiting(as_of=scene.now)
    first, second = people.operators()
    with pytest.raises(RepairNotPossible):
        window_decisions.confirm(number, actor=second, as_of=scene.now)
    window_decisions.enter(decision(number), actor=first, as_of=scene.now)
    assert len(scene.live()) == 1
    with pytest.raises(NotAllowed):
        window_decisions.confirm(number, actor=first, as_of=scene.now)
    window_decisions.confirm(number, actor=second, as_of=scene.now + timedelta(minutes=1))
    assert scene.live() == []
    assert repairs.get(number).state is State.GRANTED


def test_without_a_window_it_waits_loudly(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    number = asked(scene, scene.fined())
    assert repairs.forward_waiting(as_of=scene.now) == 0
    assert "RONGXIN_REPAIR_WINDOW" in caplog.text
    assert repairs.get(number).state is State.REQUESTED
    late = scene.now + timedelta(days=21)
    assert repairs.note_silence(as_of=scene.now + timedelta(days=19)) == 0
    assert repairs.note_silence(as_of=late) == 1
    assert repairs.note_silence(as_of=late) == 0
    sequencer.integrate()
    alarms.follow(as_of=late)
    assert [one.kind for one in alarms.every(waiting_only=True)] == [Alarm.REPAIR_SILENT]


def test_a_withdrawn_request_is_not_followed(scene: Scene, window: tuple[Path, SigningKey]) -> None:
    record = scene.fined()
    number = asked(scene, record)
    repairs.forward_waiting(as_of=scene.now)
    repairs.withdraw(number, actor=scene.owner, as_of=scene.now)
    decides(*window, decision(number))
    window_decisions.fetch(as_of=scene.now)
    assert scene.live() == [record]
    assert repairs.get(number).state is State.WITHDRAWN


def test_what_lacks_or_is_not_the_window_s_is_refused_in_words(scene: Scene) -> None:
    record = scene.fined()
    with pytest.raises(RepairRefused, match="信用承诺书"):
        asked(scene, record, materials=(PROOF,))
    with pytest.raises(RepairRefused, match="义务履行"):
        asked(scene, record, statement=" ")
    stranger = people.person().actor
    wish = Wish(record, Severity.MINOR, "x", (PROOF, COMMITMENT))
    with pytest.raises(ObjectionNotPossible):
        repairs.request(scene.firm.id, wish, actor=stranger, as_of=scene.now)
    asked(scene, record)
    with pytest.raises(RepairNotPossible):
        asked(scene, record)


def test_the_three_classes_have_dated_periods(scene: Scene) -> None:
    day = date(2026, 2, 1)
    ends = {severity: repairs.period_of(day, severity, on=date(2026, 5, 1)) for severity in Severity}
    assert {k: (v.repairable_on, v.ends_on) for k, v in ends.items() if v} == {
        Severity.MINOR: (date(2026, 2, 1), date(2026, 5, 1)),
        Severity.GENERAL: (date(2026, 5, 1), date(2027, 2, 1)),
        Severity.SERIOUS: (date(2027, 2, 1), date(2029, 2, 1)),
    }
    assert period(date(2026, 11, 30), 3, 3).ends_on == date(2027, 2, 28)
    card = repairs.get(asked(scene, scene.fined()))
    assert card.document(on=date(2026, 5, 1))["repairable_on"] == "2026-05-01"
    assert uuid4() != card.id
