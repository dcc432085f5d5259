"""An institution asks for a later day for a condition; two of the operator's people grant it, one refuses."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from rongxin.governance.conditions import extensions, fulfilment
from rongxin.governance.conditions.rules import (
    EXTENSION_OWNERS,
    EXTENSION_TRANSITIONS,
    Condition,
    ExtensionAct,
)
from rongxin.governance.conditions.rules import ExtensionState as State
from rongxin.governance.errors import (
    ConditionNotPossible,
    ConditionRefused,
    NotTheirInstitution,
    UnknownExtension,
)
from rongxin.governance.models import ConditionExtension
from rongxin.journal import entries
from rongxin.journal.rules import Kind
from rongxin.parties import institutions, memberships
from rongxin.parties.errors import NotAllowed
from rongxin.parties.rules.membership import PartyKind, Role
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage
from tests.unit.consent.signing.threads import at_once
from tests.unit.governance.conditions.test_fulfilment import (
    ADMIN,
    BANK,
    DUE,
    GRACE,
    approved,
    on,
    report,
    served,
)
from tests.unit.governance.onboarding.test_applications import ASKED, DAY

pytestmark = pytest.mark.django_db
LATER = DUE + 30 * DAY


@pytest.fixture
def two():
    return stage.operators()


def ask(card, day=LATER, reason="测评机构排期", at=stage.NOW, actor=ADMIN):
    return extensions.ask(BANK, card.id, day, reason, actor=actor, as_of=at)


def recommended(card, two, day=LATER, at=stage.NOW):
    made = ask(card, day, at=at)
    return extensions.recommend(BANK, card.id, made.id, actor=two[0], as_of=at)


def grant(card, made, actor, at=stage.NOW):
    return extensions.grant(BANK, card.id, made.id, actor=actor, as_of=at)


def refuse(card, made, actor, why="材料不足"):
    return extensions.refuse(BANK, card.id, made.id, why, actor=actor, as_of=stage.NOW)


def test_two_persons_move_the_day_and_with_it_the_last_day_of_service(two):
    (card,) = approved(two)
    made = recommended(card, two)
    assert (made.state, made.due_before) == (State.RECOMMENDED, DUE)
    assert fulfilment.get(BANK, card.id).due_on == DUE, "recommending moves nothing"
    grant(card, made, two[1])
    assert fulfilment.get(BANK, card.id).due_on == LATER
    assert institutions.get(BANK).conditions_until == LATER + GRACE
    assert served(DUE + GRACE + DAY).admitted
    assert not served(LATER + GRACE + DAY).admitted
    said = [one.refs["change"] for one in entries.find(kinds=[Kind.CONDITION_CHANGED])]
    assert sorted(said) == ["extended", "extension_asked", "extension_recommended", "imposed"]


def test_the_institution_is_reminded_of_the_new_day_as_of_the_first(two):
    (card,) = approved(two)
    ahead = timedelta(days=ASKED.condition_remind_days)
    assert fulfilment.tend(as_of=on(DUE - ahead)) == 1
    grant(card, recommended(card, two, at=on(DUE)), two[1], at=on(DUE))
    days = [LATER - ahead - DAY, LATER - ahead, LATER, LATER + DAY]
    assert [fulfilment.tend(as_of=on(day)) for day in days] == [0, 1, 0, 1]


def test_one_person_grants_nothing_whatever_the_path(two):
    (card,) = approved(two)
    made = ask(card)
    with pytest.raises(ConditionNotPossible):
        grant(card, made, two[1])
    extensions.recommend(BANK, card.id, made.id, actor=two[0], as_of=stage.NOW)
    with pytest.raises(NotAllowed, match="另一人"):
        grant(card, made, two[0])
    by = {"state": "granted", "decided_by": f"account:{two[0].id}"}
    with pytest.raises(IntegrityError, match="granted_by_two"), transaction.atomic():
        ConditionExtension.objects.filter(pk=made.id).update(**by)
    assert fulfilment.get(BANK, card.id).due_on == DUE


def test_whoever_works_there_and_machines_decide_nothing(two):
    (card,) = approved(two)
    made = ask(card)
    given: dict[str, Any] = {"valid_from": stage.TODAY, "actor": SYSTEM, "as_of": stage.NOW}
    memberships.appoint(int(two[0].id), PartyKind.INSTITUTION, BANK, Role.CLERK, **given)
    for actor in (two[0], SYSTEM, ADMIN):
        with pytest.raises(NotAllowed):
            extensions.recommend(BANK, card.id, made.id, actor=actor, as_of=stage.NOW)
        with pytest.raises(NotAllowed):
            refuse(card, made, actor)


def test_a_refusal_says_why_and_moves_nothing(two):
    (card,) = approved(two)
    made = ask(card)
    with pytest.raises(ConditionRefused):
        refuse(card, made, two[0], " ")
    done = refuse(card, made, two[0])
    assert (done.state, done.answer, "decided_by" in done.told()) == (State.REFUSED, "材料不足", False)
    assert fulfilment.get(BANK, card.id).due_on == DUE
    assert ask(card).state is State.ASKED, "a refusal is no extension: it can be asked again"


def test_how_often_and_how_far_is_bounded_by_the_parameters(two):
    (card,) = approved(two)
    far, times = timedelta(days=ASKED.condition_extension_days_max), ASKED.condition_extensions_max
    for day in (DUE, DUE + far + DAY):
        with pytest.raises(ConditionRefused, match="最迟"):
            ask(card, day)
    for time in range(1, times + 1):
        grant(card, recommended(card, two, DUE + time * far), two[1])
    assert extensions.may_ask(BANK, on=stage.TODAY) == {}
    with pytest.raises(ConditionNotPossible, match="不能再延"):
        ask(card, DUE + times * far + DAY)


def test_no_day_goes_beyond_the_approval_itself(two):
    end = stage.TODAY + timedelta(days=ASKED.valid_days)
    (card,) = approved(two, Condition("报送", end - 5 * DAY))
    assert extensions.may_ask(BANK, on=stage.TODAY) == {card.id: end}
    with pytest.raises(ConditionRefused):
        ask(card, end + DAY)


def test_it_is_asked_in_time_by_the_administrator_with_a_reason_one_at_a_time(two):
    (card,) = approved(two)
    stranger = Actor(ActorKind.ACCOUNT, "78", "institution:bank_x")
    for actor in (stranger, two[0], SYSTEM):
        with pytest.raises(NotTheirInstitution):
            ask(card, actor=actor)
    with pytest.raises(ConditionRefused):
        ask(card, reason=" ")
    with pytest.raises(ConditionNotPossible, match="期限已过"):
        ask(card, at=on(DUE + DAY))
    ask(card)
    with pytest.raises(ConditionNotPossible, match="在办理"):
        ask(card)
    assert extensions.waiting() == 1


def test_what_comes_too_late_to_help_is_not_granted(two):
    (card,) = approved(two)
    made = recommended(card, two, DUE + DAY)
    with pytest.raises(ConditionNotPossible, match="已经过去"):
        grant(card, made, two[1], at=on(DUE + DAY))


def test_an_acceptance_makes_a_request_needless(two):
    (card,) = approved(two)
    made = ask(card)
    report(card)
    fulfilment.accept(BANK, card.id, actor=two[0], as_of=stage.NOW)
    (over,) = extensions.of_condition(card.id)
    assert (over.state, extensions.waiting()) == (State.LAPSED, 0)
    with pytest.raises(ConditionNotPossible):
        refuse(card, made, two[0])


def test_a_request_is_found_under_its_own_condition_alone(two):
    first, second = approved(two, Condition("一", DUE), Condition("二", DUE + DAY))
    made = ask(first)
    for where in ((second.id, made.id), (first.id, uuid4())):
        with pytest.raises(UnknownExtension):
            extensions.recommend(BANK, *where, actor=two[0], as_of=stage.NOW)


def test_every_act_has_an_owner_and_every_state_its_acts():
    assert set(EXTENSION_TRANSITIONS) == set(State)
    assert set(EXTENSION_OWNERS) == set(ExtensionAct)


@pytest.mark.django_db(transaction=True)
def test_of_a_grant_and_a_refusal_at_once_one_comes_first(two):
    (card,) = approved(two)
    made = recommended(card, two)
    ended = at_once(partial(grant, card, made, two[1]), partial(refuse, card, made, two[0]))
    (won,) = [one for one in ended if isinstance(one, extensions.Card)]
    (lost,) = [one for one in ended if one is not won]
    assert "ConditionNotPossible" in str(lost)
    due = fulfilment.get(BANK, card.id).due_on
    assert due == (LATER if won.state is State.GRANTED else DUE)
