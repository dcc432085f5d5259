"""An institution comes on board: it applies, one assesses, another approves, and it lapses in a year."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from rongxin.governance.errors import (
    ApplicationNotPossible,
    ApplicationRefused,
    AssessmentRefused,
)
from rongxin.governance.models import InstitutionApplication
from rongxin.governance.onboarding import applications, door, parameters, rules
from rongxin.governance.onboarding.cards import Finding, Wish
from rongxin.governance.onboarding.rules import State, Verdict
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import institutions
from rongxin.parties.errors import NotAllowed
from rongxin.parties.rules.membership import PartyKind
from rongxin.parties.rules.standing import InstitutionKind
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db
ASKED = parameters.in_force(stage.TODAY)
DAY = timedelta(days=1)


@pytest.fixture
def two():
    return stage.operators()


def wish(**changes):
    documents = dict.fromkeys(ASKED.documents, "a" * 64)
    given = Wish("bank_n", "云州某银行", stage.code(), InstitutionKind.BANK, "0990-1", documents)
    return replace(given, **changes)


def found(**changes):
    verdicts = {one.id: Verdict.MET for one in ASKED.questions} | changes
    return {name: Finding(verdict, "b" * 64) for name, verdict in verdicts.items()}


def renewed(bank, **documents):
    admin = Actor(ActorKind.ACCOUNT, "77", f"institution:{bank}")
    documents = documents or dict.fromkeys(ASKED.documents, "c" * 64)
    return door.renew(bank, documents, actor=admin, as_of=stage.NOW)


def assessed(two, findings=None, **changes):
    card, _ = door.apply(wish(**changes), origin="", as_of=stage.NOW)
    return applications.assess(card.id, findings or found(), actor=two[0], as_of=stage.NOW)


def test_it_is_served_from_approval_for_a_year_and_then_lapses_by_itself(two):
    card = assessed(two)
    assert institutions.of("bank_n", card.wish.uscc) is None
    done = applications.approve(card.id, actor=two[1], as_of=stage.NOW)
    assert (done.state, done.valid_until) == (State.APPROVED, stage.TODAY + 365 * DAY)
    assert institutions.standing("bank_n", as_of=stage.NOW + 365 * DAY).admitted
    late = institutions.standing("bank_n", as_of=stage.NOW + 366 * DAY)
    assert (late.admitted, late.reason) == (False, Reason.INSTITUTION_NOT_ASSESSED)
    told = [one.refs["change"] for one in entries.find(kinds=[Kind.APPLICATION_CHANGED])]
    assert sorted(map(str, told)) == ["approved", "assessed", "submitted"]


def test_nobody_approves_what_they_assessed_and_nobody_assesses_their_own(two):
    card = assessed(two)
    with pytest.raises(NotAllowed, match="另一人"):
        applications.approve(card.id, actor=two[0], as_of=stage.NOW)
    row = InstitutionApplication.objects.filter(pk=card.id)
    with pytest.raises(IntegrityError, match="takes_two"), transaction.atomic():
        row.update(state="approved", decided_by=card.assessed_by)
    for machine in (SYSTEM, Actor(ActorKind.SYSTEM, "cli-1", "operator")):
        with pytest.raises(NotAllowed):
            applications.approve(card.id, actor=machine, as_of=stage.NOW)


def test_whoever_works_for_the_applicant_keeps_away_from_its_renewal(two):
    applications.approve(assessed(two).id, actor=two[1], as_of=stage.NOW)
    theirs = stage.operators(1)[0]
    stage.memberships.appoint(
        int(theirs.id), PartyKind.INSTITUTION, "bank_n", stage.Role.CLERK,
        valid_from=stage.TODAY, actor=SYSTEM, as_of=stage.NOW,
    )  # fmt: skip
    card = renewed("bank_n")
    assert card.renewal
    with pytest.raises(NotAllowed, match="任职"):
        applications.assess(card.id, found(), actor=theirs, as_of=stage.NOW)
    applications.assess(card.id, found(), actor=two[0], as_of=stage.NOW)
    with pytest.raises(NotAllowed, match="任职"):
        applications.approve(card.id, actor=theirs, as_of=stage.NOW)


def test_a_must_that_is_not_met_fails_whatever_the_score(two):
    must = next(one.id for one in ASKED.questions if one.must)
    others = [one.id for one in ASKED.questions if not one.must]
    weak = found(**dict.fromkeys(others, Verdict.NOT_MET))
    for findings in (found(**{must: Verdict.PARTLY}), weak):
        card = assessed(two, findings, institution=f"bank_{uuid4().hex[:8]}")
        with pytest.raises(AssessmentRefused, match="未通过"):
            applications.approve(card.id, actor=two[1], as_of=stage.NOW)
    assert rules.score(ASKED, {one.id: Verdict.MET for one in ASKED.questions}).percent == 100


def test_an_assessment_answers_every_question_and_an_application_brings_every_document(two):
    card, _ = door.apply(wish(), origin="", as_of=stage.NOW)
    findings = found()
    findings.pop("purpose_limit")
    for wrong in (findings, found() | {"nonsense": Finding(Verdict.MET, "b" * 64)}):
        with pytest.raises(AssessmentRefused, match="逐题"):
            applications.assess(card.id, wrong, actor=two[0], as_of=stage.NOW)
    for changes in ({"documents": {}}, {"uscc": "x"}, {"contact": "13900139000"}):
        with pytest.raises(ApplicationRefused):
            door.apply(wish(**changes), origin="", as_of=stage.NOW)


def test_a_decided_application_is_decided_and_a_declined_one_says_why(two):
    card = assessed(two)
    done = applications.decline(card.id, reason="材料不实", actor=two[1], as_of=stage.NOW)
    assert (done.state, done.told()["reason"]) == (State.DECLINED, "材料不实")
    for act in (applications.approve, lambda one, **by: applications.assess(one, found(), **by)):
        with pytest.raises(ApplicationNotPossible):
            act(card.id, actor=two[1], as_of=stage.NOW)


def test_it_is_told_once_that_the_year_ends(two):
    done = applications.approve(assessed(two).id, actor=two[1], as_of=stage.NOW)
    assert applications.remind(as_of=stage.NOW) == 0
    near = stage.NOW + timedelta(days=365 - ASKED.remind_days)
    assert [applications.remind(as_of=near) for _ in range(2)] == [1, 0]
    (entry,) = entries.find(kinds=[Kind.APPLICATION_CHANGED], institution="bank_n")
    assert (entry.refs["change"], entry.refs["due_on"]) == ("renewal_due", str(done.valid_until))
