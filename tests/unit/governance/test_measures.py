"""What is imposed on an institution: one person stops, two lift, with a reason, in the journal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, transaction

from rongxin.governance import measures
from rongxin.governance.errors import (
    GovernanceError,
    MeasureOver,
    NotTheOperators,
    SamePerson,
    UnknownMeasure,
)
from rongxin.governance.measures import Wanted
from rongxin.governance.models import Measure
from rongxin.governance.rules import ALONE, Act
from rongxin.governance.watching import incidents
from rongxin.governance.watching.rules import Finding, Rule
from rongxin.journal import entries
from rongxin.journal.models import Entry
from rongxin.journal.rules import Kind
from rongxin.parties import accounts, institutions, quotas
from rongxin.parties.errors import NotAllowed
from rongxin.parties.rules.quota import Scope
from rongxin.parties.rules.standing import Standing
from rongxin.vocabulary.actor import Actor, ActorKind
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db
BANK = Actor(ActorKind.ACCOUNT, "1", "institution:bank_a")


class People:
    first: Actor
    second: Actor


@pytest.fixture(autouse=True)
def bank() -> None:
    stage.bank()
    People.first, People.second = stage.operators()


def propose(act: Act, *, actor: Actor | None = None, why: str = "核实", **more: Any) -> UUID:
    actor = actor or People.first
    made = measures.propose(Wanted("bank_a", act, **more), why=why, actor=actor, as_of=stage.NOW)
    return UUID(made["measure"])


def confirm(measure: UUID, actor: Actor | None = None) -> dict[str, Any]:
    return measures.confirm(measure, actor=actor or People.second, as_of=stage.NOW)


def test_one_person_stops_at_once_and_two_reinstate() -> None:
    propose(Act.SUSPEND)
    assert institutions.get("bank_a").standing is Standing.SUSPENDED
    lifting = propose(Act.REINSTATE)
    assert institutions.get("bank_a").standing is Standing.SUSPENDED
    with pytest.raises(SamePerson):
        confirm(lifting, People.first)
    assert institutions.get("bank_a").standing is Standing.SUSPENDED
    assert confirm(lifting)["decided_by"] == f"account:{People.second.id}"
    assert institutions.get("bank_a").standing is Standing.ACTIVE
    with pytest.raises(MeasureOver):
        confirm(lifting)
    written = Entry.objects.filter(kind__startswith="measure.").order_by("id")
    kinds = list(written.values_list("kind", flat=True))
    assert kinds == ["measure.decided", "measure.proposed", "measure.decided"]


def test_one_person_is_one_under_whatever_name_it_acts() -> None:
    propose(Act.SUSPEND)
    lifting = propose(Act.REINSTATE)
    for party in ("operator:", "operator", "operator:again"):
        with pytest.raises(SamePerson):
            confirm(lifting, replace(People.first, party=party))
    assert institutions.get("bank_a").standing is Standing.SUSPENDED


def test_whoever_is_not_known_by_real_name_is_no_second_person() -> None:
    lifting = propose(Act.RELEASE_CASES)
    nobody = accounts.open_account("machine", "机器", actor=People.first, as_of=stage.NOW)
    for actor in (
        Actor(ActorKind.ACCOUNT, str(nobody.id), "operator:"),
        Actor(ActorKind.SYSTEM, "x", "operator"),
    ):
        with pytest.raises(NotAllowed):
            confirm(lifting, actor)
        with pytest.raises(NotAllowed):
            propose(Act.CLOSE, actor=actor)


def test_what_the_watch_suspended_a_person_can_take_over_and_clearing_leaves_it() -> None:
    seen = (stage.NOW, stage.NOW)
    finding = Finding(Rule.CONSENT_FAILURES, {"failures": 60, "asked": 60})
    opened = incidents.open_incident("bank_a", finding, seen=seen, as_of=stage.NOW)
    assert opened
    propose(Act.SUSPEND, why="另有举报")
    given = {"why": "查无此事", "actor": People.first, "as_of": stage.NOW}
    incidents.decide(opened.id, cleared=True, **given)  # type: ignore[arg-type]
    assert institutions.get("bank_a").standing is Standing.SUSPENDED
    confirm(propose(Act.REINSTATE))
    assert institutions.get("bank_a").standing is Standing.ACTIVE


@pytest.mark.parametrize("rule", [Rule.CONSENT_FAILURES, Rule.UNKNOWN_SUBJECTS, Rule.PERSON_PAST_LIMIT])
def test_what_a_confirmed_incident_imposed_two_people_lift(rule: Rule) -> None:
    finding = Finding(rule, {"asked": 60}, "clerk 7" if rule is Rule.PERSON_PAST_LIMIT else "")
    opened = incidents.open_incident("bank_a", finding, seen=(stage.NOW, stage.NOW), as_of=stage.NOW)
    assert opened
    incidents.decide(opened.id, cleared=False, why="属实", actor=People.first, as_of=stage.NOW)
    lifting: dict[Rule, tuple[Act, dict[str, Any]]] = {
        Rule.CONSENT_FAILURES: (Act.REINSTATE, {}),
        Rule.UNKNOWN_SUBJECTS: (Act.RELEASE_CASES, {}),
        Rule.PERSON_PAST_LIMIT: (Act.UNLIMIT, {"scope": Scope.PERSON, "key": "clerk 7"}),
    }
    act, more = lifting[rule]
    confirm(propose(act, **more))
    card = institutions.get("bank_a")
    assert (card.standing, card.cases_required, quotas.barred("bank_a")) == (Standing.ACTIVE, False, [])
    assert incidents.suspended() == 0, "what is lifted stops nobody any more"
    assert incidents.open_incident("bank_a", finding, seen=(stage.NOW, stage.NOW), as_of=stage.NOW) is None


def test_two_close_for_good() -> None:
    closing = propose(Act.CLOSE, why="接入协议终止")
    assert institutions.get("bank_a").standing is Standing.ACTIVE
    with pytest.raises(SamePerson):
        confirm(closing, People.first)
    assert confirm(closing)["why"] == "接入协议终止"
    assert institutions.get("bank_a").standing is Standing.CLOSED
    with pytest.raises(NotAllowed):
        confirm(propose(Act.REINSTATE))
    (written,) = entries.find(kinds=[Kind.MEASURE_DECIDED], institution="bank_a")
    assert written.refs["act"] == "close"


def test_a_barred_person_is_let_in_again_by_two() -> None:
    quotas.set_limit("bank_a", Scope.PERSON, 0, key="Clerk 7", actor=People.first, as_of=stage.NOW)
    lifting = propose(Act.UNLIMIT, scope=Scope.PERSON, key="clerk  7")
    assert quotas.barred("bank_a") == ["clerk 7"]
    confirm(lifting)
    assert quotas.barred("bank_a") == []


def test_limits_quota_and_cases_take_two() -> None:
    confirm(propose(Act.LIMIT, scope=Scope.BRANCH, key="east", allowed=3))
    assert quotas.own_limit("bank_a", Scope.BRANCH, "east") == 3
    confirm(propose(Act.DAILY_QUOTA, allowed=7))
    assert institutions.get("bank_a").daily_quota == 7
    propose(Act.REQUIRE_CASES)
    assert institutions.get("bank_a").cases_required
    lifting = propose(Act.RELEASE_CASES)
    assert institutions.get("bank_a").cases_required
    confirm(lifting)
    assert not institutions.get("bank_a").cases_required


def test_what_is_declined_changes_nothing() -> None:
    propose(Act.SUSPEND)
    lifting = propose(Act.REINSTATE)
    assert measures.decline(lifting, actor=People.second, as_of=stage.NOW)["state"] == "declined"
    with pytest.raises(MeasureOver):
        confirm(lifting)
    assert institutions.get("bank_a").standing is Standing.SUSPENDED
    assert {one["act"] for one in measures.every(institution="bank_a")} == {"suspend", "reinstate"}
    assert measures.every(institution="bank_b") == measures.every(open_only=True) == []


def test_it_is_the_operators_with_a_reason_and_whole() -> None:
    with pytest.raises(NotTheOperators):
        propose(Act.SUSPEND, actor=BANK)
    with pytest.raises(NotTheOperators):
        confirm(propose(Act.RELEASE_CASES), BANK)
    with pytest.raises(UnknownMeasure):
        confirm(uuid4())
    wrong: list[tuple[Act, dict[str, Any]]] = [
        (Act.SUSPEND, {"why": " "}),
        (Act.LIMIT, {"scope": Scope.PERSON}),
        (Act.LIMIT, {"allowed": 3}),
        (Act.LIMIT, {"scope": Scope.INSTITUTION, "allowed": 3}),
        (Act.REINSTATE, {"allowed": 3}),
    ]
    for act, more in wrong:
        with pytest.raises(GovernanceError):
            propose(act, **more)
    assert institutions.get("bank_a").standing is Standing.ACTIVE


def test_the_database_too_wants_two_people() -> None:
    for act in Act:
        row = Measure(institution_id="bank_a", act=act.value, why="x", proposed_at=stage.NOW, proposed_by="a")
        row.state, row.decided_at, row.decided_by = "done", stage.NOW, "a"
        if act in ALONE:
            row.save()
            continue
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save()
