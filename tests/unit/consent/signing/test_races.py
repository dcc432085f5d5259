"""Two last signatures at once, and a stricter rule beside a signature: real threads, real connections."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rongxin.consent import grants
from rongxin.consent.signing import demands, matters
from rongxin.consent.signing.rules import State, What
from tests.unit.consent import stage
from tests.unit.consent.signing import scene
from tests.unit.consent.signing.threads import at_once, waits_for_the_firm

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def firm() -> stage.Firm:
    stage.bank()
    return stage.firm()


def test_a_first_and_a_last_signature_wait_for_whoever_holds_the_firm(firm: stage.Firm) -> None:
    agent = scene.agent(firm)
    scene.demand(firm, 2)
    asked = scene.asked(firm)
    begun = waits_for_the_firm(firm, lambda: scene.sign(asked, firm.owner))
    assert isinstance(begun, matters.Card)
    last = waits_for_the_firm(firm, lambda: scene.sign(asked, agent, shown=begun.preview_sha256))
    assert isinstance(last, grants.Grant)


def test_a_rule_of_the_firms_waits_for_whoever_holds_the_firm(firm: stage.Firm) -> None:
    agent = scene.agent(firm)
    assert isinstance(waits_for_the_firm(firm, lambda: scene.demand(firm, 2)), demands.Card)
    later = stage.NOW + timedelta(minutes=5)
    fewer = scene.demand(firm, 1, as_of=later)
    waits_for_the_firm(firm, lambda: demands.drop(fewer.id, actor=agent.actor, as_of=later))
    assert demands.get(fewer.id).dropped_at is not None


@pytest.mark.parametrize("end", ["taken back", "lapsed"])
def test_a_matter_ends_after_whoever_holds_the_firm(firm: stage.Firm, end: str) -> None:
    scene.agent(firm)
    scene.demand(firm, 2)
    begun = scene.sign(scene.asked(firm), firm.owner)
    assert isinstance(begun, matters.Card)
    later = stage.NOW + timedelta(days=400)
    works = {
        "taken back": lambda: matters.take_back(begun.id, actor=firm.owner.actor, as_of=stage.NOW),
        "lapsed": lambda: matters.lapse_due(as_of=later),
    }
    waits_for_the_firm(firm, works[end])
    assert matters.get(begun.id).state is {"taken back": State.TAKEN_BACK, "lapsed": State.LAPSED}[end]


def test_of_two_last_signatures_at_once_one_gives_the_consent(firm: stage.Firm) -> None:
    one, two = scene.agent(firm), scene.agent(firm, "赵会计")
    scene.demand(firm, 2)
    asked = scene.asked(firm)
    begun = scene.sign(asked, firm.owner)
    assert isinstance(begun, matters.Card)
    shown = begun.preview_sha256
    results = at_once(
        lambda: scene.sign(asked, one, shown=shown), lambda: scene.sign(asked, two, shown=shown)
    )
    assert sorted(type(result).__name__ for result in results) == ["Grant", "NotPossible"], results
    assert len(grants.of_subject(firm.id)) == 1
    assert matters.get(begun.id).state is State.SIGNED


def test_of_two_first_signatures_at_once_one_begins_and_none_is_lost(firm: stage.Firm) -> None:
    one, two = scene.agent(firm), scene.agent(firm, "赵会计")
    scene.demand(firm, 3)
    asked = scene.asked(firm)
    results = at_once(lambda: scene.sign(asked, one, shown=""), lambda: scene.sign(asked, two, shown=""))
    # Who comes second has seen nothing that another signed, and is told so.
    assert sorted(type(result).__name__ for result in results) == ["Card", "NotPossible"], results
    waits = matters.awaiting(What.CONSENT, asked.id, on=stage.TODAY)
    assert waits is not None
    assert len(waits.signed) == 1


def test_no_consent_slips_past_a_rule_that_is_being_tightened(firm: stage.Firm) -> None:
    scene.agent(firm)
    asked = scene.asked(firm)
    results = at_once(lambda: scene.demand(firm, 2), lambda: scene.sign(asked, firm.owner))
    assert not any(isinstance(result, str) for result in results), results
    given = grants.of_subject(firm.id)
    # Either the consent was first, or it waits for the second signature.
    assert (len(given) == 1) != (matters.awaiting(What.CONSENT, asked.id, on=stage.TODAY) is not None)
    assert demands.needed(firm.id, as_of=stage.NOW) == 2
