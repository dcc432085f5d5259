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
    UnknownApplication,
)
from rongxin.governance.models import InstitutionApplication
from rongxin.governance.onboarding import applications, parameters, rules
from rongxin.governance.onboarding.applications import Finding, Wish
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


def assessed(two, findings=None, **changes):
    card, _ = applications.apply(wish(**changes), as_of=stage.NOW)
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
    code = institutions.get("bank_n").uscc
    theirs = stage.operators(1)[0]
    stage.memberships.appoint(
        int(theirs.id), PartyKind.INSTITUTION, "bank_n", stage.Role.CLERK,
        valid_from=stage.TODAY, actor=SYSTEM, as_of=stage.NOW,
    )  # fmt: skip
    card = assessed(two, uscc=code)
    assert card.renewal
    with pytest.raises(NotAllowed, match="任职"):
        applications.approve(card.id, actor=theirs, as_of=stage.NOW)
    with pytest.raises(NotAllowed, match="任职"):
        applications.assess(card.id, found(), actor=theirs, as_of=stage.NOW)


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
    card, _ = applications.apply(wish(), as_of=stage.NOW)
    findings = found()
    findings.pop("purpose_limit")
    for wrong in (findings, found() | {"nonsense": Finding(Verdict.MET, "b" * 64)}):
        with pytest.raises(AssessmentRefused, match="逐题"):
            applications.assess(card.id, wrong, actor=two[0], as_of=stage.NOW)
    for changes in ({"documents": {}}, {"uscc": "x"}, {"contact": "13900139000"}):
        with pytest.raises(ApplicationRefused):
            applications.apply(wish(**changes), as_of=stage.NOW)


def test_an_open_door_is_not_filled_by_anybody(two, monkeypatch):
    first = wish()
    applications.apply(first, as_of=stage.NOW)
    with pytest.raises(ApplicationNotPossible, match="已有申请"):
        applications.apply(first, as_of=stage.NOW)
    few = ASKED.model_copy(update={"waiting_in_all": 1})
    monkeypatch.setattr(parameters, "in_force", lambda on: few)
    with pytest.raises(ApplicationNotPossible, match="过多"):
        applications.apply(wish(), as_of=stage.NOW)


def test_an_application_is_followed_by_its_own_secret_alone():
    (one, secret), (other, _) = (applications.apply(wish(), as_of=stage.NOW) for _ in range(2))
    assert applications.track(one.id, secret).id == one.id
    for number, word in ((one.id, ""), (one.id, "x"), (other.id, secret), (uuid4(), secret)):
        with pytest.raises(UnknownApplication):
            applications.track(number, word)


def test_nobody_takes_anothers_name_or_code(two):
    stage.bank("bank_a")
    code = institutions.get("bank_a").uscc
    for changes in ({"institution": "bank_a"}, {"uscc": code}):
        with pytest.raises(ApplicationRefused, match="其他接入机构"):
            applications.apply(wish(**changes), as_of=stage.NOW)
    institutions.close("bank_a", actor=SYSTEM, as_of=stage.NOW)
    with pytest.raises(ApplicationRefused, match="终止"):
        applications.apply(wish(institution="bank_a", uscc=code), as_of=stage.NOW)


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
