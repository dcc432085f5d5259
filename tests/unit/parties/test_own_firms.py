"""Finding one's own firm by licence or telephone; nothing of another's is ever told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rongxin.parties import identity, own_firms
from rongxin.parties.models import Subject
from rongxin.parties.own_firms import NoFirmFound, TooManySearches
from tests.unit.consent import stage

pytestmark = pytest.mark.django_db
NUMBER, PHONE = "990101000000015", "13800138000"


@pytest.fixture
def firm() -> stage.Firm:
    found = stage.firm()
    Subject.objects.get(pk=found.id).aliases.create(kind="registration_number", value=NUMBER, key=NUMBER)
    return found


def find(firm: stage.Firm, text: str, *, person: stage.Person | None = None, as_of=stage.NOW):
    who = person or firm.owner
    evidence = {"name": who.name, "id_number": who.id_number, "phone": PHONE}
    said = identity.DemoIdentityProvider().attest(evidence, as_of=as_of)
    return own_firms.find(who.account, said, text, as_of=as_of)


def test_a_licence_or_its_owners_telephone_finds_the_firm(firm):
    for text in (firm.uscc, f"https://zhizhao.example/qr?uniscid={firm.uscc}", NUMBER, f"+86{PHONE}"):
        assert [card.id for card in find(firm, text)] == [firm.id], text


def test_a_telephone_that_the_provider_did_not_vouch_for_finds_nothing(firm):
    with pytest.raises(NoFirmFound):
        find(firm, "13900139000")
    said = firm.owner.attest()
    with pytest.raises(NoFirmFound):
        own_firms.find(firm.owner.account, said, PHONE, as_of=stage.NOW)


def test_a_stranger_learns_nothing_of_whether_a_firm_is_there(firm):
    stranger = stage.person("李新来")
    answers = set()
    for text in (firm.uscc, NUMBER, stage.code(), "990101000000999"):
        with pytest.raises(NoFirmFound) as refused:
            find(firm, text, person=stranger)
        answers.add(str(refused.value))
    assert len(answers) == 1
    assert firm.uscc not in answers.pop()


def test_a_namesake_learns_nothing_either(firm):
    with pytest.raises(NoFirmFound):
        find(firm, firm.uscc, person=stage.person(firm.owner.name))


def test_after_a_few_searches_in_vain_nothing_is_looked_for(firm):
    stranger = stage.person("李新来")
    for _ in range(own_firms.limits(stage.TODAY).misses_max):
        with pytest.raises(NoFirmFound):
            find(firm, firm.uscc, person=stranger)
    with pytest.raises(TooManySearches, match="分钟后再试"):
        find(firm, firm.uscc, person=stranger)
    assert find(firm, firm.uscc), "another person looks on"
    with pytest.raises(NoFirmFound):
        find(firm, firm.uscc, person=stranger, as_of=stage.NOW + timedelta(hours=2))


def test_what_is_no_code_costs_nothing(firm):
    stranger = stage.person("李新来")
    for _ in range(10):
        with pytest.raises(NoFirmFound, match="没有读出代码"):
            find(firm, "https://zhizhao.example/qr?id=8f3a", person=stranger)
