"""The rule of a firm: its legal representative sets it, more at once, fewer by all whom the old one asks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rongxin.consent import grants
from rongxin.consent.errors import NotPossible, NotTheirs, SignerRefused
from rongxin.consent.signing import demands
from rongxin.journal import entries
from rongxin.parties import memberships
from tests.unit.consent import stage
from tests.unit.consent.signing import scene

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LATER = stage.NOW + timedelta(minutes=1)


@pytest.fixture
def firm() -> stage.Firm:
    stage.bank()
    return stage.firm()


@pytest.fixture
def agent(firm: stage.Firm) -> stage.Person:
    return scene.agent(firm)


def test_more_holds_at_once(firm, agent):
    scene.demand(firm, 2)
    assert demands.needed(firm.id, as_of=stage.NOW) == 2


def test_fewer_holds_when_all_have_agreed(firm, agent):
    scene.demand(firm, 2)
    rule = scene.demand(firm, 1, as_of=LATER)
    assert demands.needed(firm.id, as_of=stage.NOW) == 2
    demands.agree(rule.id, assertion=agent.attest(), actor=agent.actor, as_of=LATER)
    assert demands.needed(firm.id, as_of=LATER) == 1


def test_fewer_by_fewer_people_than_the_old_rule_asks_waits(firm, agent):
    scene.demand(firm, 2)
    (card,) = (c for c in memberships.of_subject(firm.id, on=stage.TODAY) if c.account == agent.account)
    memberships.end(card.id, why="mandate_ended", actor=firm.owner.actor, as_of=stage.NOW)
    scene.demand(firm, 1, as_of=LATER)
    held = [demands.needed(firm.id, as_of=LATER + days * DAY) for days in (0, 14, 15)]
    assert held == [2, 2, 1]


def test_who_is_asked_may_object_and_the_old_rule_stays(firm, agent):
    scene.demand(firm, 2)
    rule = scene.demand(firm, 1, as_of=LATER)
    demands.drop(rule.id, actor=agent.actor, as_of=LATER)
    with pytest.raises(NotPossible, match="已撤下"):
        demands.agree(rule.id, assertion=agent.attest(), actor=agent.actor, as_of=LATER)
    assert demands.needed(firm.id, as_of=stage.NOW + 40 * DAY) == 2


def test_a_wish_for_fewer_lapses(firm, agent):
    scene.demand(firm, 2)
    rule, late = scene.demand(firm, 1, as_of=LATER), stage.NOW + 15 * DAY
    with pytest.raises(NotPossible, match="已逾期"):
        demands.agree(rule.id, assertion=agent.attest(as_of=late), actor=agent.actor, as_of=late)


def test_a_tighter_rule_drops_the_wish_for_fewer(firm, agent):
    scene.agent(firm, "赵会计")
    scene.demand(firm, 2)
    wish = scene.demand(firm, 1, as_of=LATER)
    scene.demand(firm, 3, as_of=LATER)
    assert demands.get(wish.id).dropped_at is not None
    assert demands.needed(firm.id, as_of=stage.NOW + 40 * DAY) == 3


def test_an_agent_sets_no_rule(firm, agent):
    with pytest.raises(NotTheirs, match="法定代表人"):
        demands.propose(firm.id, 2, assertion=agent.attest(), actor=agent.actor, as_of=LATER)


def test_it_takes_a_fresh_word_about_this_very_person(firm, agent):
    old = firm.owner.attest(as_of=stage.NOW - timedelta(hours=1))
    with pytest.raises(SignerRefused, match="重新认证"):
        demands.propose(firm.id, 2, assertion=old, actor=firm.owner.actor, as_of=stage.NOW)
    with pytest.raises(SignerRefused, match="不是同一人"):
        demands.propose(firm.id, 2, assertion=agent.attest(), actor=firm.owner.actor, as_of=stage.NOW)


@pytest.mark.parametrize(("number", "why"), [(0, "1至5人"), (6, "1至5人"), (1, "不需要改变"), (3, "只有2人")])
def test_what_makes_no_sense_is_refused_with_the_reason(firm, agent, number, why):
    with pytest.raises(NotPossible, match=why):
        scene.demand(firm, number)


def test_nobody_agrees_twice_or_for_another_firm(firm, agent):
    scene.demand(firm, 2)
    rule = scene.demand(firm, 1, as_of=LATER)
    with pytest.raises(NotPossible, match="您已同意"):
        demands.agree(rule.id, assertion=firm.owner.attest(), actor=firm.owner.actor, as_of=LATER)
    other = stage.firm("云州白鹭餐饮有限公司")
    with pytest.raises(NotTheirs):
        demands.agree(rule.id, assertion=other.owner.attest(), actor=other.owner.actor, as_of=LATER)


def test_every_rule_it_ever_had_stays_and_every_step_is_journalled(firm, agent):
    scene.demand(firm, 2)
    rule = scene.demand(firm, 1, as_of=LATER)
    demands.agree(rule.id, assertion=agent.attest(), actor=agent.actor, as_of=LATER)
    assert [card.needed for card in demands.history(firm.id)] == [1, 2]
    steps = [one for one in entries.find(subject=firm.id) if one.refs.get("rule") == str(rule.id)]
    assert sorted(one.refs["change"] for one in steps) == [
        "signing_rule_set",
        "signing_rule_signed",
        "signing_rule_signed",
    ]


def test_a_consent_given_before_stays(firm, agent):
    grant = stage.consent(firm, stage.case(firm, "bank_a"))
    scene.demand(firm, 2)
    assert grants.get(grant.id).status.value == "active"
