"""（六）: 未经信息主体授权不得向接入机构提供原始明细数据 … 或经信息主体授权后提供数据查询、核验等服务."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from rongxin.consent import artefacts, cases, grants, notifications, requests, rules, templates
from rongxin.consent.errors import NotPossible, NotTheirs, Tampered
from rongxin.consent.rules import Ask, Status
from rongxin.proof import jws
from rongxin.proof.keys import SigningKey
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.purpose import Purpose
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage

BANK = Actor(ActorKind.API_CLIENT, "key-1", "institution:bank_a")


@pytest.fixture
def firm(db: None) -> stage.Firm:
    return stage.firm()


@pytest.fixture
def case_id(firm: stage.Firm) -> UUID:
    return stage.case(firm, stage.bank())


def ask(firm: stage.Firm, case_id: UUID, *, days: int = 0) -> Ask:
    return Ask(
        institution="bank_a",
        subject=firm.uscc,
        item="tax_payment",
        purpose=Purpose.PRE_LOAN_REVIEW,
        case=case_id,
        as_of=stage.NOW + timedelta(days=days),
    )


def reason(grant: grants.Grant, ask: Ask) -> Reason:
    return rules.covers(grant.terms, grant.status, ask).reason


def test_a_consent_opens_what_it_names_and_nothing_else(firm: stage.Firm, case_id: UUID) -> None:
    grant = stage.consent(firm, case_id)
    asked = ask(firm, case_id)
    assert reason(grant, asked) is Reason.CONSENTED
    assert reason(grant, replace(asked, item="social_insurance")) is Reason.ITEM_NOT_COVERED
    assert reason(grant, replace(asked, institution="bank_b")) is Reason.RECIPIENT_MISMATCH


def test_a_withdrawn_consent_opens_nothing_from_then_on(firm: stage.Firm, case_id: UUID) -> None:
    grant = stage.consent(firm, case_id)
    withdrawn = grants.withdraw(grant.id, actor=firm.owner.actor, as_of=stage.NOW)
    assert reason(withdrawn, ask(firm, case_id)) is Reason.CONSENT_WITHDRAWN
    assert reason(grants.get(grant.id), ask(firm, case_id)) is Reason.CONSENT_WITHDRAWN


def test_an_expired_consent_opens_nothing_even_before_it_is_written_down(
    firm: stage.Firm, case_id: UUID
) -> None:
    grant = stage.consent(firm, case_id)
    assert reason(grant, ask(firm, case_id, days=30)) is Reason.CONSENTED
    assert grants.get(grant.id).status is Status.ACTIVE
    assert reason(grant, ask(firm, case_id, days=31)) is Reason.CONSENT_EXPIRED


def test_another_firms_consent_opens_nothing(firm: stage.Firm, case_id: UUID) -> None:
    grant = stage.consent(firm, case_id)
    other = stage.firm("云州别家有限公司")
    assert reason(grant, ask(other, case_id)) is Reason.SUBJECT_MISMATCH
    assert grants.active_for(other.id, "bank_a", case_id) == []


def test_a_forged_or_edited_artefact_is_refused(firm: stage.Firm, case_id: UUID) -> None:
    grant = stage.consent(firm, case_id)
    wider = rules.encode(replace(grant.terms, items=frozenset({"tax_payment", "real_estate"})))
    head, payload, signature = grant.artefact.split(".")
    by_another_key = jws.sign(wider, SigningKey.generate("node"), type=rules.ARTEFACT_TYPE)
    forgeries = [
        by_another_key,
        ".".join([head, by_another_key.split(".")[1], signature]),
        ".".join([head, payload[:-2] + "AA", signature]),
        f"{head}.{payload}.",
    ]
    for forged in forgeries:
        with pytest.raises(Tampered):
            artefacts.verify(forged)
    assert artefacts.verify(grant.artefact) == grant.terms


def test_a_case_that_is_over_opens_nothing(firm: stage.Firm, case_id: UUID) -> None:
    grant = stage.consent(firm, case_id)
    cases.close_case(case_id, actor=SYSTEM, as_of=stage.NOW)
    held = grants.get(grant.id)
    closed = replace(ask(firm, case_id), case_closed=held.case_closed)
    assert reason(held, closed) is Reason.CASE_CLOSED


def test_a_case_carries_the_institutions_own_number_once(firm: stage.Firm, case_id: UUID) -> None:
    with pytest.raises(NotPossible, match="DK-2026-0001"):
        stage.case(firm, "bank_a")
    with pytest.raises(NotPossible, match="业务编号"):
        stage.case(firm, "bank_a", " ")


# ---- the institution asks, the firm decides


def test_the_institution_asks_and_the_firm_accepts(firm: stage.Firm, case_id: UUID) -> None:
    asked = grants.request(case_id, stage.draft(), actor=BANK, as_of=stage.NOW)
    assert [one.id for one in requests.open_of_subject(firm.id, on=stage.TODAY)] == [asked.id]
    assert notifications.of_subject(firm.id)[0].kind == "consent_requested"
    grant = stage.consent(firm, case_id, draft=asked.draft, request_id=asked.id)
    assert requests.get(asked.id).consent_id == grant.id
    with pytest.raises(NotPossible, match="已授权"):
        stage.consent(firm, case_id, request_id=asked.id)


def test_the_firm_declines_and_nothing_is_opened(firm: stage.Firm, case_id: UUID) -> None:
    asked = grants.request(case_id, stage.draft(), actor=BANK, as_of=stage.NOW)
    with pytest.raises(NotTheirs):
        grants.decline(asked.id, actor=BANK, as_of=stage.NOW)
    grants.decline(asked.id, actor=firm.owner.actor, as_of=stage.NOW)
    with pytest.raises(NotPossible, match="已拒绝"):
        stage.consent(firm, case_id, request_id=asked.id)
    assert grants.of_subject(firm.id) == []


def test_only_the_institution_of_the_case_asks(firm: stage.Firm, case_id: UUID) -> None:
    other = Actor(ActorKind.API_CLIENT, "key-2", "institution:bank_b")
    with pytest.raises(NotTheirs):
        grants.request(case_id, stage.draft(), actor=other, as_of=stage.NOW)


# ---- fair use


@pytest.mark.parametrize("template", templates.every(), ids=lambda template: template.id)
def test_every_template_is_dated_cited_and_can_be_used(template: templates.Template) -> None:
    purpose = min(template.purposes)
    draft = templates.draft(template.template, frozenset({"tax_payment"}), purpose=purpose, on=stage.TODAY)
    assert template.citation
    assert template.conditions
    assert templates.check(draft, on=stage.TODAY) is template
    assert templates.Draft.from_json(draft.as_json()) == draft


def test_the_artefact_names_the_template_it_keeps_within(firm: stage.Firm, case_id: UUID) -> None:
    assert stage.consent(firm, case_id).terms.template == "one_time_underwriting@1"
