"""The life of a consent on a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from rongxin.consent import artefacts, cases, grants, notifications
from rongxin.consent.errors import (
    BeyondFairUse,
    NotPossible,
    NotServed,
    NotTheirs,
    Tampered,
    UnknownConsent,
)
from rongxin.consent.rules import Frequency, FrequencyUnit, Status
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import institutions, subjects
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm() -> stage.Firm:
    return stage.firm()


@pytest.fixture
def grant(firm: stage.Firm) -> grants.Grant:
    return stage.consent(firm, stage.case(firm, stage.bank()))


def test_it_signs_what_was_consented_to(firm: stage.Firm, grant: grants.Grant) -> None:
    assert artefacts.verify(grant.artefact) == grant.terms
    assert (grant.terms.subject, grant.terms.institution) == (firm.uscc, "bank_a")
    assert grant.terms.reach == "0990-12345678"


def test_it_finds_the_active_consents_of_a_case(firm: stage.Firm, grant: grants.Grant) -> None:
    assert grants.active_for(firm.id, "bank_a", grant.case_id) == [grant]
    assert grants.active_for(firm.id + 1, "bank_a", grant.case_id) == []


def test_it_reads_consents_in_one_query(firm: stage.Firm, grant: grants.Grant) -> None:
    with CaptureQueriesContext(connection) as queries:
        grants.active_for(firm.id, "bank_a", grant.case_id)
    assert len(queries) == 1


def test_it_journals_a_grant_with_a_commitment_to_the_artefact(grant: grants.Grant) -> None:
    (entry,) = entries.find(consent=str(grant.id))
    assert entry.kind is Kind.CONSENT_GRANTED
    assert entry.commitments == {"artefact": artefacts.digest(grant.artefact)}


def test_it_tells_the_firm(firm: stage.Firm, grant: grants.Grant) -> None:
    assert [word.kind for word in notifications.of_subject(firm.id)] == ["consent_granted"]


def test_it_pauses_resumes_and_withdraws(firm: stage.Firm, grant: grants.Grant) -> None:
    acts = (grants.pause, grants.resume, grants.withdraw)
    actor = firm.owner.actor
    states = [act(grant.id, actor=actor, as_of=stage.NOW).status for act in acts]
    assert states == [Status.PAUSED, Status.ACTIVE, Status.WITHDRAWN]
    assert grants.active_for(firm.id, "bank_a", grant.case_id) == []
    with pytest.raises(NotPossible, match="已撤回"):
        grants.resume(grant.id, actor=actor, as_of=stage.NOW)


@pytest.mark.parametrize("act", [grants.pause, grants.withdraw])
def test_it_lets_nobody_else_touch_a_consent(grant: grants.Grant, act: object) -> None:
    strangers = [
        stage.firm("云州别家商贸有限公司").owner.actor,
        stage.staff(PartyKind.INSTITUTION, "bank_a").actor,
        SYSTEM,
    ]
    for stranger in strangers:
        with pytest.raises(NotTheirs):
            act(grant.id, actor=stranger, as_of=stage.NOW)  # type: ignore[operator]
    assert grants.get(grant.id).status is Status.ACTIVE


def test_the_operator_may_withdraw_on_a_letter_but_not_resume(grant: grants.Grant) -> None:
    window = stage.staff(PartyKind.OPERATOR, None).actor
    grants.pause(grant.id, actor=window, as_of=stage.NOW)
    with pytest.raises(NotTheirs):
        grants.resume(grant.id, actor=window, as_of=stage.NOW)
    assert grants.withdraw(grant.id, actor=window, as_of=stage.NOW).status is Status.WITHDRAWN


def test_it_expires_what_is_past_its_last_day(grant: grants.Grant) -> None:
    last = stage.NOW + timedelta(days=30)
    assert grants.expire_due(as_of=last) == 0
    assert grants.expire_due(as_of=last + timedelta(days=1)) == 1
    assert grants.get(grant.id).status is Status.EXPIRED


def test_it_does_not_resume_past_the_term(firm: stage.Firm, grant: grants.Grant) -> None:
    grants.pause(grant.id, actor=firm.owner.actor, as_of=stage.NOW)
    with pytest.raises(NotPossible, match="重新授权"):
        grants.resume(grant.id, actor=firm.owner.actor, as_of=stage.NOW + timedelta(days=40))


def test_a_new_consent_supersedes_the_old(firm: stage.Firm, grant: grants.Grant) -> None:
    newer = stage.consent(firm, grant.case_id, supersedes=grant.id)
    assert grants.get(grant.id).status is Status.SUPERSEDED
    assert grants.active_for(firm.id, "bank_a", grant.case_id) == [newer]
    with pytest.raises(NotPossible):
        stage.consent(firm, grant.case_id, supersedes=grant.id)


def test_a_refused_grant_supersedes_nothing(firm: stage.Firm, grant: grants.Grant) -> None:
    other = stage.case(firm, "bank_a", "DK-2026-0002")
    with pytest.raises(NotPossible, match="同一笔"):
        stage.consent(firm, other, supersedes=grant.id)
    assert grants.get(grant.id).status is Status.ACTIVE


def test_one_tampered_consent_does_not_keep_others_from_their_end(
    firm: stage.Firm, grant: grants.Grant, caplog: pytest.LogCaptureFixture
) -> None:
    other = stage.consent(firm, stage.case(firm, "bank_a", "DK-2026-0002"))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE consent_consent SET seal = repeat('0', 64) WHERE id = %s", [grant.id])
    assert grants.expire_due(as_of=stage.NOW + timedelta(days=31)) == 1
    assert grants.get(other.id).status is Status.EXPIRED
    assert [record.levelname for record in caplog.records if str(grant.id) in record.message] == ["ERROR"]


def test_it_ends_with_the_subject_at_once(firm: stage.Firm, grant: grants.Grant) -> None:
    subjects.deregister(firm.id, actor=SYSTEM, as_of=stage.NOW)
    assert grants.get(grant.id).status is Status.ENDED
    assert grants.active_for(firm.id, "bank_a", grant.case_id) == []
    assert grants.end_of_subject(firm.id, as_of=stage.NOW) == 1
    assert grants.get(grant.id).status is Status.ENDED
    assert grants.end_of_subject(firm.id, as_of=stage.NOW) == 0


def test_a_closed_case_shows_on_its_consents(firm: stage.Firm, grant: grants.Grant) -> None:
    cases.close_case(grant.case_id, actor=SYSTEM, as_of=stage.NOW)
    assert grants.get(grant.id).case_closed
    with pytest.raises(NotPossible, match="办结"):
        stage.consent(firm, grant.case_id)


def test_it_names_an_unknown_consent(grant: grants.Grant) -> None:
    with pytest.raises(UnknownConsent):
        grants.get(grant.case_id)


def test_it_refuses_terms_beyond_fair_use(firm: stage.Firm) -> None:
    case_id = stage.case(firm, stage.bank())
    fair = stage.draft()
    for excess in (
        replace(fair, valid_until=fair.valid_until + timedelta(days=1)),
        replace(fair, retention_days=fair.retention_days + 1),
        replace(fair, frequency=Frequency(fair.frequency.limit + 1, FrequencyUnit.TERM)),
        replace(fair, frequency=Frequency(1, FrequencyUnit.DAY)),
        replace(fair, items=frozenset()),
        replace(fair, valid_from=fair.valid_from - timedelta(days=1)),
    ):
        with pytest.raises(BeyondFairUse):
            stage.consent(firm, case_id, draft=excess)


@pytest.mark.parametrize(("days", "allowed"), [(31, True), (32, False)])
def test_it_begins_within_a_month_of_being_given(firm: stage.Firm, days: int, allowed: bool) -> None:
    case_id = stage.case(firm, stage.bank())
    begins = stage.TODAY + timedelta(days=days)
    dated = replace(stage.draft(), valid_from=begins, valid_until=begins)
    if allowed:
        assert stage.consent(firm, case_id, draft=dated).terms.valid_from == begins
    else:
        with pytest.raises(BeyondFairUse, match="晚于授权日"):
            stage.consent(firm, case_id, draft=dated)


def test_an_institution_that_is_not_served_opens_no_case_and_asks_for_nothing(firm: stage.Firm) -> None:
    bank = stage.bank()
    case_id, actor = stage.case(firm, bank), Actor(ActorKind.API_CLIENT, "k", f"institution:{bank}")
    later = stage.NOW + timedelta(days=366)  # its assessment is over
    institutions.suspend(bank, actor=SYSTEM, as_of=stage.NOW)
    for as_of, word in ((stage.NOW, "暂停"), (later, "暂停")):
        with pytest.raises(NotServed, match=word):
            stage.case(firm, bank, "DK-2", as_of=as_of)
        with pytest.raises(NotServed, match=word):
            grants.request(case_id, stage.draft(as_of=as_of), actor=actor, as_of=as_of)
    institutions.reinstate(bank, actor=SYSTEM, as_of=stage.NOW)
    with pytest.raises(NotServed, match="评估"):
        stage.case(firm, bank, "DK-2", as_of=later)
    assert stage.case(firm, bank, "DK-2") != case_id


# ---- what is done past the verbs


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE consent_consent SET artefact = artefact || 'x'",
        "UPDATE consent_consent SET valid_until = valid_until + 1",
        "DELETE FROM consent_consent",
    ],
)
def test_the_database_refuses_to_change_terms(grant: grants.Grant, edit: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(edit)


def test_a_withdrawn_consent_can_not_be_revived_in_the_database(
    firm: stage.Firm, grant: grants.Grant
) -> None:
    grants.withdraw(grant.id, actor=firm.owner.actor, as_of=stage.NOW)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE consent_consent SET status = 'active'")


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE consent_consent SET status = 'active'",
        "UPDATE consent_consent SET artefact = overlay(artefact placing 'AAAA' from 200)",
    ],
)
def test_a_row_edited_by_a_superuser_carries_nothing(
    firm: stage.Firm, grant: grants.Grant, edit: str
) -> None:
    grants.withdraw(grant.id, actor=firm.owner.actor, as_of=stage.NOW)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(edit)
    with pytest.raises(Tampered):
        grants.active_for(firm.id, "bank_a", grant.case_id)
