"""Products are checked by a second person, never changed once published, and gone once retired."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from rongxin.financing.errors import ProductNotPossible, ProductRefused, UnknownProduct
from rongxin.financing.models import ProductVersion
from rongxin.financing.products import offers
from rongxin.financing.products.matching import Verdict
from rongxin.financing.products.rules import State
from rongxin.journal.models import Entry
from rongxin.parties import institutions
from rongxin.parties.errors import NotAllowed
from rongxin.parties.rules.membership import Role
from rongxin.vocabulary.actor import SYSTEM, Actor, ActorKind
from tests.unit.consent import stage
from tests.unit.financing import shelf

pytestmark = pytest.mark.django_db
NOW = stage.NOW


@pytest.fixture
def bank():
    return stage.bank()


def names(as_of=NOW):
    return [card.terms.name for card in offers.published(as_of=as_of)]


def test_nobody_sees_a_product_before_a_second_person_has_published_it(bank):
    first, second = shelf.clerk(bank), shelf.clerk(bank, Role.CHECKER)
    made = offers.propose(bank, shelf.terms(), actor=first, as_of=NOW)
    assert names() == []
    with pytest.raises(NotAllowed, match="另一人"):
        offers.publish(made.product, bank, actor=first, as_of=NOW)
    card = offers.publish(made.product, bank, actor=second, as_of=NOW)
    assert (card.state, names()) == (State.PUBLISHED, ["云税贷"])
    kinds = [entry.kind for entry in Entry.objects.filter(institution=bank, kind="product.changed")]
    assert len(kinds) == 2


def test_a_machine_may_propose_but_not_publish(bank):
    machine = Actor(ActorKind.API_CLIENT, "core", f"institution:{bank}")
    made = offers.propose(bank, shelf.terms(), actor=machine, as_of=NOW)
    with pytest.raises(NotAllowed, match="本人账号"):
        offers.publish(made.product, bank, actor=machine, as_of=NOW)


def test_a_published_version_stays_as_it_was_and_another_takes_its_place(bank):
    one = shelf.published(bank)
    offers.propose(
        bank, shelf.terms(rate_max_bp=900), product=one.product, actor=shelf.clerk(bank), as_of=NOW
    )
    assert [card.terms.rate_max_bp for card in offers.published(as_of=NOW)] == [600]
    offers.publish(one.product, bank, actor=shelf.clerk(bank, Role.CHECKER), as_of=NOW)
    told = [(card.number, card.state, card.terms.rate_max_bp) for card in offers.versions(one.product, bank)]
    assert told == [(2, State.PUBLISHED, 900), (1, State.SUPERSEDED, 600)]
    assert offers.get(one.id).terms == one.terms


def test_one_proposal_waits_at_a_time_and_can_be_sent_back(bank):
    one = shelf.published(bank)
    clerk = shelf.clerk(bank)
    offers.propose(bank, shelf.terms(), product=one.product, actor=clerk, as_of=NOW)
    with pytest.raises(ProductNotPossible, match="待复核"):
        offers.propose(bank, shelf.terms(), product=one.product, actor=clerk, as_of=NOW)
    assert offers.decline(one.product, bank, actor=clerk, as_of=NOW).state is State.DECLINED
    with pytest.raises(ProductNotPossible, match="没有“待复核”的版本"):
        offers.publish(one.product, bank, actor=shelf.clerk(bank), as_of=NOW)
    offers.propose(bank, shelf.terms(), product=one.product, actor=clerk, as_of=NOW)


def test_a_retired_product_and_those_of_an_unserved_institution_are_off_the_list(bank):
    one, other = shelf.published(bank), shelf.published(stage.bank("bank_b"), name="云商贷")
    offers.retire(one.product, bank, actor=shelf.clerk(bank), as_of=NOW)
    assert names() == ["云商贷"]
    institutions.suspend(other.institution, actor=SYSTEM, as_of=NOW)
    assert names() == []


def test_another_institutions_product_is_as_good_as_unknown(bank):
    one = shelf.published(bank)
    stage.bank("bank_b")
    stranger = shelf.clerk("bank_b")
    for act in (offers.publish, offers.decline, offers.retire):
        with pytest.raises(UnknownProduct):
            act(one.product, "bank_b", actor=stranger, as_of=NOW)
        with pytest.raises(NotAllowed):
            act(one.product, bank, actor=stranger, as_of=NOW)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"first_answer_days": 6}, "最长 5 个"),
        ({"items": ["no_such_item"]}, "no_such_item"),
        ({"consent_template": "no_such"}, "no_such"),
    ],
)
def test_what_the_day_does_not_allow_is_refused(bank, changes, says):
    with pytest.raises(ProductRefused, match=says):
        offers.propose(bank, shelf.terms(**changes), actor=shelf.clerk(bank), as_of=NOW)


def test_faulty_terms_are_told_place_by_place():
    with pytest.raises(ProductRefused, match=r"rate_max_bp.*；.*security"):
        offers.read(shelf.document(rate_max_bp="high", security=[]))


def test_the_database_itself_keeps_one_person_from_publishing_alone(bank):
    one = offers.propose(bank, shelf.terms(), actor=shelf.clerk(bank), as_of=NOW)
    row = ProductVersion.objects.get(pk=one.id)
    row.state, row.decided_by = State.PUBLISHED.value, row.proposed_by
    with pytest.raises(IntegrityError, match="product_takes_two"), transaction.atomic():
        row.save()


def test_a_firm_reads_every_product_in_the_stated_order_with_what_it_meets(bank):
    shelf.published(bank, name="云科贷", admission={"regions": ["110000"]}, rate_min_bp=100, rate_max_bp=200)
    shelf.published(bank, name="云税贷")
    firm = stage.firm()
    told = [(offer.card.terms.name, offer.verdict) for offer in offers.for_subject(firm.id, as_of=NOW)]
    assert told == [("云科贷", Verdict.NOT_MET), ("云税贷", Verdict.MET)]
