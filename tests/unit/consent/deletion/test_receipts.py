"""Receipts on the real database: who may hand in what, by which signature, and what becomes of the duty."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from rongxin.consent import grants, notifications
from rongxin.consent.deletion import duties, receipts, rules
from rongxin.consent.deletion.rules import Act, Fault, State, Statement
from rongxin.consent.errors import NotTheirs, ReceiptRefused, UnknownConsent
from rongxin.journal import entries, keyring
from rongxin.journal.rules import Kind
from rongxin.journal.windows import Window
from rongxin.parties import institution_keys
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.proof import jws
from rongxin.proof.keys import SigningKey
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = stage.NOW + HOUR


@dataclass
class Scene:
    firm: stage.Firm
    consent: UUID
    clerk: stage.Person
    key: SigningKey

    def signed(self, act: Act = Act.DELETE, *, key: SigningKey | None = None, **changes: Any) -> str:
        said: dict[str, Any] = {"consent": self.consent, "institution": "bank_a", "act": act, "at": LATER}
        if act is Act.DELETE:
            said["deleted_on"] = stage.TODAY
        else:
            said |= {"until": stage.TODAY + 30 * DAY, "law": "anti_money_laundering"}
        payload = rules.encode(Statement(**(said | changes)))
        return jws.sign(payload, key or self.key, type=rules.RECEIPT_TYPE)

    def hand_in(self, token: str, *, as_of: datetime = LATER, by: stage.Person | None = None) -> duties.Card:
        return receipts.hand_in(self.consent, token, actor=(by or self.clerk).actor, as_of=as_of)

    def refused(self, token: str, **how: Any) -> Fault:
        before = duties.get(self.consent)
        with pytest.raises(ReceiptRefused) as refusal:
            self.hand_in(token, **how)
        assert duties.get(self.consent) == before, "what was owed is still owed"
        return refusal.value.fault


def register(institution: str, key: SigningKey, **changes: Any) -> institution_keys.Card:
    span = {"valid_from": stage.TODAY, "valid_until": stage.TODAY + 365 * DAY}
    pem = key.public.pem()
    return stage.institution_key(institution, pem, **(span | changes))


@pytest.fixture
def scene() -> Scene:
    firm, bank, key = stage.firm(), stage.bank(), SigningKey.generate("bank")
    consent = stage.consent(firm, stage.case(firm, bank)).id
    grants.withdraw(consent, actor=firm.owner.actor, as_of=stage.NOW)
    assert duties.owe(consent, as_of=stage.NOW)
    register(bank, key)
    return Scene(firm, consent, stage.staff(PartyKind.INSTITUTION, bank), key)


def test_a_live_consent_owes_nothing_and_an_ended_one_owes_once():
    firm, bank = stage.firm(), stage.bank()
    consent = stage.consent(firm, stage.case(firm, bank)).id
    assert not duties.owe(consent, as_of=stage.NOW)
    grants.withdraw(consent, actor=firm.owner.actor, as_of=stage.NOW)
    assert [duties.owe(consent, as_of=stage.NOW + n * DAY) for n in range(3)] == [True, False, False]
    (card,) = duties.part_of(Window(9), institution=bank, owed_only=True).rows
    assert duties.owed_count(bank) == 1
    assert (card.duty.state, card.duty.due_on) == (State.OWED, stage.TODAY + 15 * DAY)
    assert len(entries.find(consent=str(consent), kinds=[Kind.DELETION_OWED])) == 1


def test_a_signed_receipt_discharges_the_duty_and_the_firm_is_told(scene: Scene):
    token = scene.signed()
    card = scene.hand_in(token)
    assert card.duty.state is State.DELETED
    (receipt,) = duties.get(scene.consent).receipts
    assert (receipt.signed_by, receipt.token, receipt.after_due) == ("institution", token, False)
    entry = entries.get(receipt.entry)
    assert entry.refs["statement"] == "delete"
    assert list(entry.commitments) == ["receipt"]
    told = notifications.of_subject(scene.firm.id)[0]
    assert (told.kind, "删除" in told.text) == ("deletion_stated", True)
    assert scene.refused(scene.signed()) is Fault.NOT_OWED


def test_a_forged_foreign_or_other_receipt_is_refused(scene: Scene):
    foreign = SigningKey.generate("bank_b")
    register(stage.bank("bank_b"), foreign)
    token = scene.signed()
    head, _, mark = token.split(".")
    payload = json.dumps({"consent": str(scene.consent)}).encode().hex()
    assert scene.refused(f"{head}.{payload}.{mark}") is Fault.SIGNATURE
    assert scene.refused(scene.signed(key=SigningKey.generate("nobody"))) is Fault.SIGNATURE
    assert scene.refused(scene.signed(key=foreign)) is Fault.SIGNATURE
    assert scene.refused(scene.signed(key=keyring.node_key())) is Fault.SIGNATURE
    assert scene.refused(jws.sign({"a": 1}, scene.key, type="x")) is Fault.SIGNATURE
    assert scene.refused(jws.sign({"a": 1}, scene.key, type=rules.RECEIPT_TYPE)) is Fault.NOT_A_RECEIPT
    assert scene.refused(scene.signed(consent=uuid4())) is Fault.OTHER_CONSENT
    assert scene.refused(scene.signed(institution="bank_b")) is Fault.OTHER_INSTITUTION


def test_a_receipt_made_before_the_end_or_long_ago_is_refused(scene: Scene):
    assert scene.refused(scene.signed(at=stage.NOW - HOUR)) is Fault.BEFORE_THE_END
    assert scene.refused(scene.signed(), as_of=LATER + 25 * HOUR) is Fault.STALE
    assert scene.refused(scene.signed(at=LATER + HOUR)) is Fault.AHEAD
    assert scene.refused(scene.signed(Act.RESTRICT, law="our_own_rules")) is Fault.LAW_UNKNOWN


def test_a_revoked_or_expired_key_signs_nothing(scene: Scene):
    (card,) = institution_keys.of_institution("bank_a")
    late = LATER + 400 * DAY
    assert scene.refused(scene.signed(at=late), as_of=late) is Fault.SIGNATURE
    institution_keys.revoke(card.id, actor=stage.operators(1)[0], as_of=LATER)
    assert scene.refused(scene.signed()) is Fault.SIGNATURE


def test_only_staff_of_the_institution_that_owes_hand_in(scene: Scene):
    stage.bank("bank_b")
    other = stage.staff(PartyKind.INSTITUTION, "bank_b")
    for stranger in (other, scene.firm.owner, stage.staff(PartyKind.OPERATOR, None, Role.CLERK)):
        with pytest.raises(UnknownConsent):
            scene.hand_in(scene.signed(), by=stranger)
    with pytest.raises(NotTheirs):
        receipts.hand_in(scene.consent, scene.signed(), actor=SYSTEM, as_of=LATER)
    assert duties.part_of(Window(9), institution="bank_b", owed_only=False).rows == []
    assert duties.owed_count("bank_b") == 0


def test_an_account_states_only_for_an_institution_without_a_key(scene: Scene):
    who = {"actor": scene.clerk.actor, "as_of": LATER}
    with pytest.raises(ReceiptRefused) as refusal:
        receipts.state(scene.consent, Act.DELETE, deleted_on=stage.TODAY, **who)
    assert refusal.value.fault is Fault.KEY_NEEDED
    (key,) = institution_keys.of_institution("bank_a")
    institution_keys.revoke(key.id, actor=stage.operators(1)[0], as_of=stage.NOW)
    receipts.state(scene.consent, Act.DELETE, deleted_on=stage.TODAY, **who)
    (receipt,) = duties.get(scene.consent).receipts
    assert (receipt.signed_by, receipt.account) == ("node", scene.clerk.account)
    said = jws.verify(receipt.token, keyring.verifying_keys(), type=rules.RECEIPT_TYPE)
    assert said["stated_by"] == scene.clerk.account


def test_when_the_time_of_keeping_is_over_deletion_is_owed_and_nothing_else(scene: Scene):
    until = stage.TODAY + 30 * DAY
    assert scene.hand_in(scene.signed(Act.RESTRICT)).duty.until == until
    assert scene.refused(scene.signed(Act.RESTRICT)) is Fault.NOT_OWED
    assert duties.follow(as_of=stage.NOW + 30 * DAY) == 0, "its last day isn't over"
    over = stage.NOW + 31 * DAY
    assert [duties.follow(as_of=over), duties.follow(as_of=over)] == [1, 0]
    lapsed = duties.get(scene.consent)
    assert (lapsed.duty.state, lapsed.duty.due_on) == (State.LAPSED, until + 16 * DAY)
    assert scene.refused(scene.signed(at=over - HOUR), as_of=over) is Fault.BEFORE_THE_END
    longer = scene.signed(Act.RESTRICT, at=over, until=until + 99 * DAY)
    assert scene.refused(longer, as_of=over) is Fault.NOT_OWED
    scene.hand_in(scene.signed(at=over, deleted_on=date(2026, 4, 2)), as_of=over)
    assert [one.act for one in duties.get(scene.consent).receipts] == [Act.RESTRICT, Act.DELETE]


def test_a_receipt_that_does_not_come_is_noted_once_for_each_due_day(scene: Scene):
    late = stage.NOW + 16 * DAY
    assert duties.note_overdue(as_of=late - DAY) == 0
    assert [duties.note_overdue(as_of=late + n * DAY) for n in range(3)] == [1, 0, 0]
    (entry,) = entries.find(kinds=[Kind.DELETION_OVERDUE])
    assert (entry.refs["consent"], entry.refs["institution"]) == (str(scene.consent), "bank_a")
    (overdue,) = duties.every(owed_only=True, overdue_on=late.date())
    assert overdue.duty.consent == scene.consent
    scene.hand_in(scene.signed(Act.RESTRICT, at=late), as_of=late)
    assert duties.get(scene.consent).receipts[0].after_due, "late, but better than never"
    again = stage.NOW + 60 * DAY
    assert [duties.follow(as_of=again), duties.follow(as_of=again + 16 * DAY)] == [1, 1]
    assert len(entries.find(kinds=[Kind.DELETION_OVERDUE])) == 2
