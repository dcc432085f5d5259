"""Institutions: standing as a decision."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import institutions
from rongxin.parties.errors import AlreadyKnown, InvalidCode, NotAllowed, UnknownParty
from rongxin.parties.rules import standing as rules
from rongxin.parties.rules.standing import InstitutionKind, Standing
from rongxin.vocabulary.actor import SYSTEM
from rongxin.vocabulary.reason import Reason
from tests.unit.consent import stage

NOW, TODAY = stage.NOW, stage.TODAY


def admit(id: str = "bank_a", *, quota: int = 2000) -> institutions.Card:
    return institutions.admit(
        id,
        name="云州商业银行",
        uscc=stage.code(),
        kind=InstitutionKind.BANK,
        daily_quota=quota,
        actor=SYSTEM,
        as_of=NOW,
    )


def assess(id: str = "bank_a") -> None:
    institutions.assess(id, until=TODAY + timedelta(days=30), actor=SYSTEM, as_of=NOW)


def test_every_standing_has_its_row() -> None:
    assert set(rules.TRANSITIONS) == set(Standing)
    assert rules.TRANSITIONS[Standing.CLOSED] == frozenset()


@pytest.mark.parametrize(
    ("standing", "days", "reason"),
    [
        (Standing.PROBATION, None, Reason.INSTITUTION_NOT_ASSESSED),
        (Standing.ACTIVE, 0, None),
        (Standing.ACTIVE, -1, Reason.INSTITUTION_NOT_ASSESSED),
        (Standing.SUSPENDED, 10, Reason.INSTITUTION_SUSPENDED),
        (Standing.CLOSED, 10, Reason.INSTITUTION_SUSPENDED),
    ],
)
def test_standing_is_a_decision_with_its_reason(
    standing: Standing, days: int | None, reason: Reason | None
) -> None:
    until = None if days is None else TODAY + timedelta(days=days)
    decision = rules.decide(standing, until, TODAY)
    assert (decision.admitted, decision.reason) == (reason is None, reason)
    assert bool(decision.message) is not decision.admitted


@pytest.mark.django_db
def test_it_is_served_only_once_assessed() -> None:
    admit()
    assert institutions.standing("bank_a", as_of=NOW).reason is Reason.INSTITUTION_NOT_ASSESSED
    assess()
    assert institutions.standing("bank_a", as_of=NOW).admitted
    later = NOW + timedelta(days=31)
    assert institutions.standing("bank_a", as_of=later).reason is Reason.INSTITUTION_NOT_ASSESSED
    kinds = [entry.kind for entry in entries.find(institution="bank_a")]
    assert kinds == [Kind.INSTITUTION_CHANGED] * 2


@pytest.mark.django_db
def test_it_can_be_suspended_reinstated_and_closed_for_good() -> None:
    admit()
    with pytest.raises(NotAllowed):
        institutions.suspend("bank_a", actor=SYSTEM, as_of=NOW)
    assess()
    institutions.suspend("bank_a", actor=SYSTEM, as_of=NOW)
    assert institutions.standing("bank_a", as_of=NOW).reason is Reason.INSTITUTION_SUSPENDED
    institutions.reinstate("bank_a", actor=SYSTEM, as_of=NOW)
    institutions.close("bank_a", actor=SYSTEM, as_of=NOW)
    for act in (institutions.reinstate, institutions.suspend, institutions.close):
        with pytest.raises(NotAllowed):
            act("bank_a", actor=SYSTEM, as_of=NOW)
    with pytest.raises(NotAllowed):
        assess()


@pytest.mark.django_db
def test_it_refuses_a_wrong_code_a_second_time_and_a_stranger() -> None:
    with pytest.raises(InvalidCode):
        institutions.admit(
            "x", name="x", uscc="91330100799655058C", kind=InstitutionKind.BANK, actor=SYSTEM, as_of=NOW
        )
    admit()
    with pytest.raises(AlreadyKnown):
        admit()
    with pytest.raises(UnknownParty):
        institutions.standing("nobody", as_of=NOW)
