"""What is imposed on an institution: one person stops, two lift, with a reason, in the journal."""

from __future__ import annotations

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
from rongxin.journal import entries
from rongxin.journal.models import Entry
from rongxin.journal.rules import Kind
from rongxin.parties import institutions, quotas
from rongxin.parties.errors import NotAllowed
from rongxin.parties.rules.quota import Scope
from rongxin.parties.rules.standing import Standing
from rongxin.vocabulary.actor import Actor, ActorKind
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db
FIRST = Actor(ActorKind.ACCOUNT, "7", "operator:")
SECOND = Actor(ActorKind.ACCOUNT, "8", "operator:")
BANK = Actor(ActorKind.ACCOUNT, "1", "institution:bank_a")


@pytest.fixture(autouse=True)
def bank() -> None:
    stage.bank()


def propose(act: Act, *, actor: Actor = FIRST, why: str = "核实", **more: Any) -> UUID:
    made = measures.propose(Wanted("bank_a", act, **more), why=why, actor=actor, as_of=stage.NOW)
    return UUID(made["measure"])


def confirm(measure: UUID, actor: Actor = SECOND) -> dict[str, Any]:
    return measures.confirm(measure, actor=actor, as_of=stage.NOW)


def test_one_person_stops_at_once_and_two_reinstate() -> None:
    propose(Act.SUSPEND)
    assert institutions.get("bank_a").standing is Standing.SUSPENDED
    lifting = propose(Act.REINSTATE)
    assert institutions.get("bank_a").standing is Standing.SUSPENDED
    with pytest.raises(SamePerson):
        confirm(lifting, FIRST)
    assert institutions.get("bank_a").standing is Standing.SUSPENDED
    assert confirm(lifting)["decided_by"] == str(SECOND)
    assert institutions.get("bank_a").standing is Standing.ACTIVE
    with pytest.raises(MeasureOver):
        confirm(lifting)
    written = Entry.objects.filter(kind__startswith="measure.").order_by("id")
    kinds = list(written.values_list("kind", flat=True))
    assert kinds == ["measure.decided", "measure.proposed", "measure.decided"]


def test_two_close_for_good() -> None:
    closing = propose(Act.CLOSE, why="接入协议终止")
    assert institutions.get("bank_a").standing is Standing.ACTIVE
    with pytest.raises(SamePerson):
        confirm(closing, FIRST)
    assert confirm(closing)["why"] == "接入协议终止"
    assert institutions.get("bank_a").standing is Standing.CLOSED
    with pytest.raises(NotAllowed):
        confirm(propose(Act.REINSTATE))
    (written,) = entries.find(kinds=[Kind.MEASURE_DECIDED], institution="bank_a")
    assert written.refs["act"] == "close"


def test_a_barred_person_is_let_in_again_by_two() -> None:
    quotas.set_limit("bank_a", Scope.PERSON, 0, key="Clerk 7", actor=FIRST, as_of=stage.NOW)
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
    assert measures.decline(lifting, actor=SECOND, as_of=stage.NOW)["state"] == "declined"
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
