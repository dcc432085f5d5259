"""谁查过我 and everything held: whole, with reasons and proofs that a page checks; held back only by law."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError

from rongxin.catalogue import loader
from rongxin.consent.rules import business_day
from rongxin.delivery import report
from rongxin.disclosure import gate
from rongxin.disclosure.release import Recipient, Refusal, Release, Request
from rongxin.disclosure.rules import RecipientKind
from rongxin.journal import checkpoints, entries, sequencer
from rongxin.journal.errors import NotYetCovered
from rongxin.journal.rules import Kind
from rongxin.parties import departments, institutions
from rongxin.parties.errors import NotAllowed
from rongxin.rights import held, holds, uses
from rongxin.rights.errors import HoldNotPossible, HoldRefused, UnknownUse
from rongxin.rights.models import UseHold
from rongxin.rights.rules import use as rules
from rongxin.rights.rules.use import HoldAct, HoldState, ReasonClass
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.availability import Availability
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage as people
from tests.unit.rights.stage import PENALTY, Scene, rows_of


def told(scene: Scene) -> list[dict[str, Any]]:
    found = uses.of_subject(scene.firm.id, limit=50, as_of=scene.now)
    return [use.document() for use in found]


def inquired(scene: Scene, department: str = "police") -> None:
    """A department asks about the firm; without a mandate it is refused, and that is a use, too."""
    departments.admit(department, name="云州市某局", actor=SYSTEM, as_of=scene.now)
    request = Request(
        recipient=Recipient(RecipientKind.DEPARTMENT, department, "云州市某局", "警员甲"),
        uscc=scene.firm.uscc,
        items=(PENALTY,),
        purpose=Purpose.OFFICIAL_DUTY,
        reference="AJ-1",
        mandate_id=uuid4(),
    )
    actor = Actor(ActorKind.ACCOUNT, "8", f"department:{department}")
    assert isinstance(gate.release(request, actor=actor, as_of=scene.now), Refusal)


def test_every_use_and_every_refused_attempt_is_told(scene: Scene) -> None:
    scene.fined()
    scene.asks()
    scene.days += 1
    institutions.suspend(scene.bank, actor=SYSTEM, as_of=scene.now)
    with pytest.raises(AssertionError):
        scene.asks()
    scene.days += 1
    scene.asks(own=True)
    own, refused, given = told(scene)
    assert [one["reason_class"] for one in (own, refused, given)] == ["given", "standing", "given"]
    assert (given["recipient_name"], given["purpose_label"]) == (f"云州{scene.bank}银行", "融资支持")
    assert (refused["reason_label"], own["recipient_name"]) == ("接入机构已暂停接入", "本人")
    assert given["items"][PENALTY][0] == "records"


def test_every_reason_of_a_refusal_has_a_class_that_says_something() -> None:
    refusals = ("consent", "case", "duty", "institution", "quota", "mandate", "purpose")
    vague = [
        reason
        for reason in Reason
        if reason.value.startswith(refusals)
        and reason is not Reason.CONSENTED
        and rules.class_of(False, reason.value) is ReasonClass.OTHER
    ]
    assert vague == []
    assert rules.class_of(None, "") is ReasonClass.UNFINISHED
    assert rules.class_of(False, "quota_exhausted") is ReasonClass.LIMIT


def checked_by_a_page(proof: dict[str, Any]) -> bool:
    """Do what the recipe says, with nothing but SHA-256 and what stands in the answer."""
    hash_ = sha256(b"\x00" + proof["body"].encode()).digest()
    for step in proof["steps"]:
        other = bytes.fromhex(step["hash"])
        pair = other + hash_ if step["side"] == "left" else hash_ + other
        hash_ = sha256(b"\x01" + pair).digest()
    _, size, root, *_ = proof["checkpoint"].split("\n")
    signed = (proof["root"], proof["size"]) == (base64.b64decode(root).hex(), int(size))
    return signed and hash_.hex() == proof["root"]


def test_each_use_has_a_proof_that_a_page_checks_itself(scene: Scene) -> None:
    scene.fined()
    request = scene.releases().id
    sequencer.integrate()
    checkpoints.sign(as_of=scene.now)
    given = uses.proof(scene.firm.id, request, as_of=scene.now)
    assert [one["of"] for one in given["proofs"]] == ["intent", "outcome"]
    assert all(map(checked_by_a_page, given["proofs"]))
    body = json.loads(given["proofs"][0]["body"])
    assert (body["refs"]["intent"], body["kind"]) == (str(request), "disclosure.intended")
    forged = replace_text(given["proofs"][0], scene.bank, "bank_x")
    assert not checked_by_a_page(forged)


def replace_text(proof: dict[str, Any], this: str, by: str) -> dict[str, Any]:
    assert this in proof["body"]
    return {**proof, "body": proof["body"].replace(this, by)}


def test_a_use_that_no_checkpoint_covers_yet_says_so(scene: Scene) -> None:
    scene.fined()
    request = scene.releases().id
    with pytest.raises(NotYetCovered):
        uses.proof(scene.firm.id, request, as_of=scene.now)


def test_anothers_use_has_no_proof_for_me(scene: Scene) -> None:
    scene.fined()
    request = scene.releases().id
    sequencer.integrate()
    with pytest.raises(UnknownUse):
        uses.proof(people.firm().id, request, as_of=scene.now)


def held_back(scene: Scene, days: int = 30, **changes: Any) -> UUID:
    first, second = people.operators()
    given = {"legal_basis": "刑事诉讼法第五十四条；云公立字1号", "actor": first, "as_of": scene.now}
    until = business_day(scene.now) + timedelta(days=days)
    card = holds.propose(scene.firm.uscc, "police", until=until, **(given | changes))
    assert len(told(scene)) == 1  # nothing is kept back by one person alone
    with pytest.raises(NotAllowed):
        holds.decide(card.id, HoldAct.CONFIRM, actor=first, as_of=scene.now)
    assert holds.decide(card.id, HoldAct.CONFIRM, actor=second, as_of=scene.now).state is HoldState.IN_FORCE
    return card.id


def test_a_hold_by_two_persons_keeps_a_department_s_use_back_until_its_last_day(scene: Scene) -> None:
    scene.fined()
    inquired(scene)
    held_back(scene)
    assert told(scene) == []
    scene.days += 30
    assert told(scene) == []
    scene.days += 1
    assert [one["recipient"] for one in told(scene)] == ["police"]


def test_looks_of_others_are_counted_and_neither_ones_own_nor_what_is_kept_back(scene: Scene) -> None:
    def counted(days: int) -> tuple[int, int]:
        return uses.looks_at(scene.firm.id, since=scene.now - timedelta(days=days), as_of=scene.now)

    scene.fined()
    inquired(scene)
    assert counted(30) == (1, 1)
    held_back(scene)
    assert counted(30) == (0, 0)
    scene.asks()
    scene.asks(own=True)
    assert counted(30) == (1, 0)
    scene.days += 20
    scene.asks()
    assert (counted(10), counted(30)) == ((1, 0), (2, 0))


def test_a_hold_keeps_back_nothing_else_and_its_lifting_shows_all(scene: Scene) -> None:
    scene.fined()
    inquired(scene)
    number = held_back(scene)
    scene.asks()
    assert [one["recipient"] for one in told(scene)] == [scene.bank]
    (first, _) = people.operators()
    holds.decide(number, HoldAct.LIFT, actor=first, as_of=scene.now)
    assert {one["recipient"] for one in told(scene)} == {scene.bank, "police"}
    with pytest.raises(HoldNotPossible):
        holds.decide(number, HoldAct.LIFT, actor=first, as_of=scene.now)
    said = [one.refs["change"] for one in entries.find(kinds=[Kind.USE_HOLD_CHANGED])]
    assert sorted(map(str, said)) == ["in_force", "lifted", "proposed"]


def test_a_hold_needs_a_law_and_a_near_last_day(scene: Scene) -> None:
    departments.admit("police", name="云州市某局", actor=SYSTEM, as_of=scene.now)
    (first, _) = people.operators()
    today = business_day(scene.now)
    given = {"actor": first, "as_of": scene.now}
    for basis, days in (("  ", 30), ("法", 181), ("法", -1)):
        with pytest.raises(HoldRefused):
            holds.propose(
                scene.firm.uscc, "police", legal_basis=basis, until=today + timedelta(days=days), **given
            )
    with pytest.raises(IntegrityError):  # nor does the database take one by one person
        UseHold.objects.create(
            subject_id=scene.firm.id,
            department="police",
            legal_basis="法",
            until=today,
            state="in_force",
            proposed_by="a",
            proposed_at=scene.now,
            confirmed_by="a",
            confirmed_at=scene.now,
        )


def test_everything_held_comes_by_the_door_and_says_what_does_not_apply(scene: Scene) -> None:
    scene.firm = people.firm(department_and_class="92")  # an individual business
    record = scene.fined()
    number = scene.objects(record)
    answer = held.everything(scene.firm.id, person="张建国", actor=scene.owner, as_of=scene.now)
    assert isinstance(answer, Release)
    document = report.build(answer, loader.load(), node="云州")
    assert (document["kind"], document["purpose"]["code"]) == ("self", "self_access")
    assert rows_of(document)[0]["record"] == record
    states = {item.item: item.availability for item in answer.items}
    assert states["equity_pledge"] is Availability.NOT_APPLICABLE
    labels = {one["availability"]["label"] for section in document["sections"] for one in section["items"]}
    assert "" not in labels
    assert {"不适用", "有记录"} <= labels
    besides = held.beside(scene.firm.id, as_of=scene.now)
    assert [one["objection"] for one in besides["objections"]] == [str(number)]
    assert besides["objections"][0]["statement"] == "罚款已更正为一千元"
    assert set(besides) >= {"consents", "cases", "repairs", "corrections", "notifications"}


def test_nobody_else_gets_everything(scene: Scene) -> None:
    stranger = replace(people.person().actor, party=f"subject:{scene.firm.id}")
    answer = held.everything(scene.firm.id, person="某人", actor=stranger, as_of=scene.now)
    assert isinstance(answer, Refusal)
    assert told(scene)[0]["reason_class"] == "standing"
