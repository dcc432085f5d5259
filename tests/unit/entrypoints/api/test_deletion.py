"""After withdrawal, over HTTP: what it means, what is owed, the receipt, the alarm; each by whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from rongxin.consent.deletion import duties, policy, rules
from rongxin.disclosure import recipients
from rongxin.disclosure.release import Release
from rongxin.governance import alarms
from rongxin.journal import sequencer
from rongxin.parties import institutions
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.proof import jws
from rongxin.proof.keys import SigningKey
from rongxin.proof.signers import Sm2SigningKey
from rongxin.sharing import gateways
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.disclosure.test_recipients import TaxBureau, ask
from tests.unit.entrypoints.api import keys

pytestmark = pytest.mark.django_db(transaction=True)
API = "/api/v1"
Headers = dict[str, str]


@dataclass
class Scene:
    client: Any
    consent: str
    owner: Headers
    bank: Headers
    other: Headers
    operator: Headers
    stranger: Headers

    def get(self, path: str, who: Headers) -> Any:
        return self.client.get(f"{API}{path}", headers=who)

    def post(self, path: str, body: object, who: Headers) -> Any:
        told = {"content_type": "application/json", "headers": who}
        return self.client.post(f"{API}{path}", body, **told)

    def withdraw(self) -> Any:
        return self.post(f"/consents/{self.consent}/withdraw", {}, self.owner).json()

    def hand_in(self, body: object, who: Headers | None = None) -> Any:
        return self.post(f"/deletion-duties/{self.consent}/receipt", body, who or self.bank)


@pytest.fixture
def scene(client):
    firm, bank, other, now = stage.firm(), stage.bank(), stage.bank("bank_b"), timezone.now()
    until = timezone.localdate() + timedelta(days=30)
    institutions.assess(bank, until=until, actor=SYSTEM, as_of=now)
    case = stage.case(firm, bank, as_of=now)
    consent = stage.consent(firm, case, as_of=now).id
    gateways.connect("tax_bureau", TaxBureau())
    assert isinstance(ask(firm, bank, case, consent, as_of=timezone.now()), Release)
    gateways.disconnect("tax_bureau")
    people = [
        firm.owner,
        stage.staff(PartyKind.INSTITUTION, bank),
        stage.staff(PartyKind.INSTITUTION, other),
        stage.staff(PartyKind.OPERATOR, None, Role.SECURITY_ADMINISTRATOR),
        stage.firm("云州白鹭食品有限公司").owner,
    ]
    return Scene(client, str(consent), *map(keys.header_of, people))


def test_the_answer_to_a_withdrawal_says_what_it_means_and_what_is_owed(scene):
    paused = scene.post(f"/consents/{scene.consent}/pause", {}, scene.owner).json()
    assert "owed" not in paused
    told = scene.withdraw()
    assert [one["state"] for one in told["owed"]] == ["owed"]
    assert told["owed"][0]["items"] == ["tax_payment"]
    meaning = scene.get(told["meaning"].removeprefix(API), scene.owner).json()
    assert meaning["text"].startswith("# 撤回授权意味着什么")
    assert meaning["institution"]["contact"] == "0990-12345678"
    assert meaning["owed"] == told["owed"]
    for word in ("贷款合同继续有效", "尚未提取的额度", "已删除", "限制保存至某日", "The contract goes on"):
        assert word in meaning["text"], word
    sequencer.integrate()
    assert recipients.follow(as_of=timezone.now()) == 0, "the worker finds it done"


@pytest.mark.parametrize("kind", [SigningKey, Sm2SigningKey])
def test_a_bank_with_a_key_signs_and_the_firm_reads_its_receipt(scene, kind):
    key = kind.generate("bank")
    span = {"valid_from": timezone.localdate(), "valid_until": timezone.localdate() + timedelta(days=9)}
    path = "/institutions/bank_a/keys"
    body = {
        "pem": key.public.pem(),
        "purpose": "signatures",
        **{name: day.isoformat() for name, day in span.items()},
    }
    assert scene.post(path, body, scene.bank).status_code == 403
    made = scene.post(path, body, scene.operator)
    assert made.status_code == 201
    confirm = f"{path}/{made.json()['key']}/confirm"
    assert scene.post(confirm, {}, scene.operator).json()["code"] == "not_allowed"
    another = keys.header_of(stage.staff(PartyKind.OPERATOR, None, Role.SECURITY_ADMINISTRATOR))
    assert scene.post(confirm, {}, another).json()["confirmed_by"]
    scene.withdraw()
    (owed,) = scene.get("/deletion-duties", scene.bank).json()
    stated = {"statement": "deleted", "deleted_on": timezone.localdate().isoformat()}
    refused = scene.hand_in(stated)
    assert (refused.status_code, refused.json()["reason"]) == (422, "key_needed")
    said = rules.Statement(
        duties.get(owed["consent"]).duty.consent,
        "bank_a",
        rules.Act.DELETE,
        timezone.now(),
        deleted_on=timezone.localdate(),
    )
    token = jws.sign(rules.encode(said), key, type=rules.RECEIPT_TYPE)
    forged = scene.hand_in({"receipt": token[:-4] + "AAAA"}).json()
    assert (forged["code"], forged["reason"]) == ("receipt_refused", "signature")
    assert scene.hand_in({"receipt": token}).json()["state"] == "deleted"
    (mine,) = scene.get(f"/consents/{scene.consent}/receipts", scene.owner).json()
    assert [one["token"] for one in mine["receipts"]] == [token]
    assert mine["receipts"][0]["signed_by_label"] == "机构签名"
    assert scene.get("/deletion-duties", scene.bank).json() == []
    assert len(scene.get("/deletion-duties?settled=true", scene.bank).json()) == 1


def test_a_bank_without_a_key_states_it_by_its_account_under_a_law_of_the_list(scene):
    scene.withdraw()
    laws = scene.get("/deletion-duties/laws", scene.bank).json()["laws"]
    assert {law["law"] for law in laws} == set(policy.editions()[0].laws)
    until = (timezone.localdate() + timedelta(days=365)).isoformat()
    kept = {"statement": "restricted", "until": until, "law": "anti_money_laundering"}
    unknown = scene.hand_in(kept | {"law": "our_rules"}).json()
    assert (unknown["reason"], "法律" in unknown["title"]) == ("law_unknown", True)
    assert scene.hand_in({}).json()["code"] == "invalid_request"
    answer = scene.hand_in(kept).json()
    assert (answer["state"], answer["until"], answer["law"][:10]) == (
        "restricted",
        until,
        "《中华人民共和国反洗"[:10],
    )
    assert answer["receipts"][0]["signed_by"] == "node"


def test_others_see_nothing_and_can_do_nothing(scene):
    scene.withdraw()
    assert scene.get("/deletion-duties", scene.other).json() == []
    body = {"statement": "deleted", "deleted_on": timezone.localdate().isoformat()}
    answer, unknown = scene.hand_in(body, scene.other), uuid4()
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_consent")
    nothing = scene.post(f"/deletion-duties/{unknown}/receipt", body, scene.bank).json()
    assert nothing["title"].replace(str(unknown), scene.consent) == answer.json()["title"], (
        "the two look alike"
    )
    for path in ("receipts", "withdrawal"):
        assert scene.get(f"/consents/{scene.consent}/{path}", scene.stranger).status_code == 404
    assert scene.get(f"/consents/{scene.consent}/receipts", scene.other).status_code == 404
    assert scene.get("/institutions/bank_a/keys", scene.other).status_code == 403
    for who in (scene.owner, scene.stranger):
        assert scene.get("/deletion-duties", who).status_code == 403
    for who in (scene.owner, scene.bank, scene.other):
        assert scene.get("/alarms", who).status_code == 403
        assert scene.post(f"/alarms/{uuid4()}/acknowledge", {"note": "x"}, who).status_code == 403


def test_the_operator_sees_what_is_late_and_acknowledges_the_alarm(scene):
    scene.withdraw()
    assert scene.get("/deletion-duties?overdue=true", scene.operator).json() == []
    assert len(scene.get("/deletion-duties", scene.operator).json()) == 1
    late = timezone.now() + timedelta(days=16)
    assert duties.follow(as_of=late) == 1
    sequencer.integrate()
    assert alarms.follow(as_of=late) == 1
    (alarm,) = scene.get("/alarms", scene.operator).json()
    assert (alarm["kind"], alarm["about"]["institution"]) == ("receipt_overdue", "bank_a")
    path = f"/alarms/{alarm['alarm']}/acknowledge"
    assert scene.post(path, {"note": ""}, scene.operator).status_code == 422
    assert scene.post(path, {"note": "已督促"}, scene.operator).json()["note"] == "已督促"
    again = scene.post(path, {"note": "x"}, scene.operator)
    assert (again.status_code, again.json()["code"]) == (409, "already_acknowledged")
    assert scene.get("/alarms", scene.operator).json() == []
    assert len(scene.get("/alarms?waiting=false", scene.operator).json()) == 1
    gone = scene.post(f"/alarms/{uuid4()}/acknowledge", {"note": "x"}, scene.operator)
    assert (gone.status_code, gone.json()["code"]) == (404, "unknown_alarm")
