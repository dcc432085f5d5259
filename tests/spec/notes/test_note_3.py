"""附件 注3.

“经企业授权”是指在充分告知企业相关风险的前提下，通过企业书面授权或企业实名注册后线上授权等方式进行授权。
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from rongxin.consent import grants, notices
from rongxin.consent.errors import NoticeOutdated, SignerRefused
from rongxin.consent.rules import Form
from rongxin.parties import memberships, subjects
from rongxin.parties.rules.identity import Assurance
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage


@pytest.fixture
def firm(db: None) -> stage.Firm:
    return stage.firm()


@pytest.fixture
def case_id(firm: stage.Firm) -> UUID:
    return stage.case(firm, stage.bank())


# ---- 在充分告知企业相关风险的前提下


@pytest.mark.parametrize(
    "told",
    ["谁会得到什么", "不利影响", "撤回", "保存多久", "投诉", "其本人另行同意", "附件注3", "Who gets what"],
)
def test_the_notice_tells_the_risks(told: str) -> None:
    assert told in notices.current(stage.TODAY).text


def test_the_notice_is_known_by_its_hash_to_the_letter() -> None:
    notice = notices.current(stage.TODAY)
    file = notices.DIRECTORY / f"{notice.version}.md"
    assert notice.sha256 == sha256(file.read_bytes()).hexdigest()
    assert notice.effective_from.isoformat() == notice.version


def test_no_notice_no_consent() -> None:
    with pytest.raises(Exception, match="no risk notice was in force"):
        notices.current(date(2020, 1, 1))


@pytest.mark.parametrize("forged", [{"notice_version": "2025-01-01"}, {"notice_sha256": "0" * 64}])
def test_it_refuses_consent_without_the_current_notice(
    firm: stage.Firm, case_id: UUID, forged: dict[str, str]
) -> None:
    with pytest.raises(NoticeOutdated):
        stage.consent(firm, case_id, **forged)
    assert grants.of_subject(firm.id) == []


def test_the_consent_carries_the_notice_that_was_shown(firm: stage.Firm, case_id: UUID) -> None:
    terms = stage.consent(firm, case_id).terms
    shown = stage.shown()
    assert {"notice_version": terms.notice_version, "notice_sha256": terms.notice_sha256} == shown


# ---- 企业实名注册后线上授权


def test_the_owner_consents_online(firm: stage.Firm, case_id: UUID) -> None:
    terms = stage.consent(firm, case_id).terms
    (signer,) = terms.signers
    assert terms.form is Form.ONLINE
    assert (signer.name, signer.issuer, signer.assurance) == (firm.owner.name, "demo", Assurance.HIGH)
    assert terms.person_signature is None


def test_an_agent_consents_within_the_mandate(firm: stage.Firm, case_id: UUID) -> None:
    agent = stage.person("李经办")
    given: dict[str, Any] = {"assertion": agent.attest(), "actor": agent.actor}
    with pytest.raises(SignerRefused, match="没有有效的委托"):
        stage.consent(firm, case_id, **given)
    until = stage.TODAY + timedelta(days=5)
    memberships.give_mandate(
        agent.account,
        firm.id,
        valid_from=stage.TODAY,
        valid_until=until,
        actor=firm.owner.actor,
        as_of=stage.NOW,
    )
    assert stage.consent(firm, case_id, **given).terms.signers[0].name == "李经办"
    subjects.change_legal_representative(firm.id, "王五", actor=SYSTEM, as_of=stage.NOW)
    with pytest.raises(SignerRefused):
        stage.consent(firm, case_id, **given)


def test_nobody_else_consents_for_the_firm(firm: stage.Firm, case_id: UUID) -> None:
    stranger, clerk = stage.person(), stage.staff(memberships.PartyKind.INSTITUTION, "bank_a")
    attempts: list[dict[str, Any]] = [
        {"actor": stranger.actor, "assertion": stranger.attest(firm.uscc)},
        {"actor": clerk.actor, "assertion": firm.owner.attest()},
        {"actor": stranger.actor, "assertion": firm.owner.attest()},
        {"assertion": stranger.attest()},
        {"actor": SYSTEM},
        {"actor": Actor(ActorKind.API_CLIENT, str(firm.owner.account))},
    ]
    for attempt in attempts:
        with pytest.raises(SignerRefused):
            stage.consent(firm, case_id, **attempt)
    assert grants.of_subject(firm.id) == []


def test_the_assertion_must_be_fresh_and_sure(firm: stage.Firm, case_id: UUID) -> None:
    good = firm.owner.attest()
    for assertion in (
        replace(good, at=stage.NOW - timedelta(hours=1)),
        replace(good, assurance=Assurance.LOW),
    ):
        with pytest.raises(SignerRefused):
            stage.consent(firm, case_id, assertion=assertion)


# ---- the person beside the firm (个人信息保护法 art. 23)


def test_the_person_consents_beside_the_firm(firm: stage.Firm, case_id: UUID) -> None:
    terms = stage.consent(firm, case_id, person_assertion=firm.owner.attest()).terms
    assert terms.person_signature is not None
    assert terms.person_signature.name == firm.owner.name


def test_another_person_can_not_consent_in_that_persons_place(firm: stage.Firm, case_id: UUID) -> None:
    with pytest.raises(SignerRefused):
        stage.consent(firm, case_id, person_assertion=stage.person("李四").attest())
