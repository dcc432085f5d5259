"""Several people of a firm at its portal: each signs what the first saw, one alone takes back."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from rongxin.catalogue import loader
from rongxin.consent import grants, register, requests
from rongxin.consent.signing import demands, matters
from rongxin.consent.signing.rules import State
from rongxin.financing.applying import applications
from rongxin.financing.errors import ApplicationRefused
from rongxin.parties import seed
from rongxin.parties.rules.membership import PartyKind
from rongxin.vocabulary.actor import SYSTEM
from tests.unit.consent import stage
from tests.unit.consent.signing import scene
from tests.unit.entrypoints.portals import doors
from tests.unit.entrypoints.portals.test_enterprise import ask, shown
from tests.unit.financing import desk, shelf

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def firm():
    seed.seed(loader.load(), actor=SYSTEM, as_of=timezone.now())
    stage.bank()
    return stage.firm()


@pytest.fixture
def two(firm):
    """The owner's and an agent's browsers, at a firm that demands two signatures."""
    someone = scene.agent(firm, as_of=timezone.now())
    scene.demand(firm, 2, as_of=timezone.now())
    return at_home(firm.owner), at_home(someone)


def at_home(person):
    client = Client()
    doors.as_person(client, person)
    client.get("/enterprise")
    return client


def hidden(page, name="shown"):
    return re.search(rf'name="{name}" value="([0-9a-f]{{64}})"', page.content.decode())[1]


def drafted(firm):
    now = timezone.now()
    product = shelf.published("bank_a", as_of=now, admission={"regions": ["990100"]})
    (card,) = desk.drafted(firm, product.id, as_of=now)
    return card


def sign(client, number, **changes):
    page = client.get(f"/enterprise/requests/{number}/sign")
    return client.post(f"/enterprise/requests/{number}/sign", {**shown(), "shown": hidden(page), **changes})


def test_the_second_reads_what_waits_on_the_first_page_and_what_the_first_saw(firm, two):
    owner, agent = two
    number = ask(firm)
    answer = sign(owner, number)
    assert answer.headers["Location"] == f"/enterprise/requests/{number}"
    assert "您已签署，请等待其他人签署" in owner.get(f"/enterprise/requests/{number}").content.decode()
    home = agent.get("/enterprise").content.decode()
    for words in ("等您签署", firm.owner.name, "还差1人", f"/enterprise/requests/{number}"):
        assert words in home
    first, second = (one.get(f"/enterprise/requests/{number}/sign") for one in (owner, agent))
    assert hidden(first) == hidden(second)
    done = sign(agent, number)
    assert done.headers["Location"] == f"/enterprise/consents/{requests.get(number).consent_id}"
    assert "等您签署" not in agent.get("/enterprise").content.decode()


def test_what_was_not_shown_is_not_signed(firm, two):
    owner, agent = two
    number = ask(firm)
    sign(owner, number)
    answer = sign(agent, number, shown="0" * 64)
    assert answer.status_code == 422
    assert grants.of_subject(firm.id) == []


def test_one_takes_back_what_waits_and_no_stranger_does(firm, two):
    owner, agent = two
    sign(owner, ask(firm))
    (matter,) = matters.awaiting_of_subject(firm.id, on=timezone.localdate())
    stranger = at_home(stage.firm("云州白鹭餐饮有限公司").owner)
    assert stranger.post(f"/enterprise/matters/{matter.id}/back").status_code == 404
    assert agent.post(f"/enterprise/matters/{matter.id}/back").status_code == 302
    assert matters.get(matter.id).state is State.TAKEN_BACK


def test_the_owner_demands_more_at_once_and_fewer_by_all(firm):
    someone = scene.agent(firm, as_of=timezone.now())
    owner, agent = at_home(firm.owner), at_home(someone)
    owner.post("/enterprise/signatures", {"needed": "2"})
    assert demands.needed(firm.id, as_of=timezone.now()) == 2
    assert agent.post("/enterprise/signatures", {"needed": "1"}).status_code == 422
    owner.post("/enterprise/signatures", {"needed": "1"})
    assert demands.needed(firm.id, as_of=timezone.now()) == 2
    page = agent.get("/enterprise/signatures").content.decode()
    rule = demands.history(firm.id)[0]
    assert f"/enterprise/signatures/{rule.id}/agree" in page
    assert "提议：改为1人签署" in agent.get("/enterprise").content.decode()
    assert "提议：改为" not in owner.get("/enterprise").content.decode()
    agent.post(f"/enterprise/signatures/{rule.id}/agree")
    assert demands.needed(firm.id, as_of=timezone.now()) == 1
    assert firm.owner.name in owner.get("/enterprise/signatures").content.decode()


def test_another_firms_rule_is_not_there(firm, two):
    owner, agent = two
    owner.post("/enterprise/signatures", {"needed": "1"})
    rule = demands.history(firm.id)[0]
    stranger = at_home(stage.firm("云州白鹭餐饮有限公司").owner)
    for act in ("agree", "drop"):
        assert stranger.post(f"/enterprise/signatures/{rule.id}/{act}").status_code == 404
    agent.post(f"/enterprise/signatures/{rule.id}/drop")
    assert demands.get(rule.id).dropped_at is not None


def test_an_identity_asserted_too_long_ago_sets_no_rule(firm):
    scene.agent(firm, as_of=timezone.now())
    owner = at_home(firm.owner)
    session = owner.session
    session["assertion"] = {**session["assertion"], "at": stage.NOW.isoformat()}
    session.save()
    answer = owner.post("/enterprise/signatures", {"needed": "2"})
    assert answer.headers["Location"].startswith("/sign-in/person?next=")
    assert demands.needed(firm.id, as_of=timezone.now()) == 1


def test_the_bank_reads_that_signatures_are_awaited_and_no_name(firm, two):
    owner, _ = two
    number = ask(firm)
    sign(owner, number)
    clerk = Client()
    someone = stage.staff(PartyKind.INSTITUTION, "bank_a")
    doors.as_staff(clerk, doors.with_password(someone, as_of=timezone.now()))
    page = clerk.get(f"/institution/cases/{requests.get(number).case_id}").content.decode()
    assert "待其他人签署" in page
    assert firm.owner.name not in page


@pytest.mark.parametrize("act", ["consent", "without"])
def test_an_application_is_submitted_with_the_last_signature(firm, two, act):
    owner, agent = two
    card = drafted(firm)
    at = f"/enterprise/applications/{card.id}/submit"

    def signs(client):
        given = {**shown(), "act": act, f"shown-{act}": hidden(client.get(at), f"shown-{act}")}
        return client.post(at, given)

    assert signs(owner).headers["Location"] == f"/enterprise/forms/{card.form}"
    assert applications.own(card.id, subject=firm.id).case is None
    assert "等您签署" in agent.get("/enterprise").content.decode()
    signs(agent)
    done = applications.own(card.id, subject=firm.id)
    given = register.of_case(firm.id, card.institution, done.case.id)
    assert [len(grant.terms.signers) for grant in given] == ([2] if act == "consent" else [])


def test_what_was_signed_as_no_consent_is_not_turned_into_one(firm, two):
    owner, _ = two
    card, now = drafted(firm), timezone.now()
    at = f"/enterprise/applications/{card.id}/submit"
    owner.post(at, {"act": "without", "shown-without": hidden(owner.get(at), "shown-without")})
    (waits,) = matters.awaiting_of_subject(firm.id, on=timezone.localdate())
    signed = desk.signed(firm, as_of=now)
    with pytest.raises(ApplicationRefused, match="是否授权"):
        applications.submit(
            card.id, signed, shown=waits.preview_sha256, actor=firm.owner.actor, as_of=timezone.now()
        )
    assert applications.own(card.id, subject=firm.id).case is None


def test_an_application_that_changed_after_a_signature_is_signed_no_further(firm, two):
    owner, agent = two
    card = drafted(firm)
    at = f"/enterprise/applications/{card.id}/submit"
    owner.post(at, {"act": "without", "shown-without": hidden(owner.get(at), "shown-without")})
    applications.hand_in(card.id, [desk.PDF], actor=firm.owner.actor, as_of=timezone.now())
    answer = agent.post(at, {"act": "without", "shown-without": hidden(agent.get(at), "shown-without")})
    assert answer.status_code == 422
    assert "有变化" in answer.content.decode()
    assert applications.own(card.id, subject=firm.id).case is None
